-- When a rota holds, whose turns pass to the next, who asks whom to take a stretch, what nobody covers, and the calendars
-- that people subscribe to. The version before reads the new columns' defaults as what every rota was: always.

alter table rotas
  -- [{"weekdays": [1..7], "from": "20:00", "to": "08:00"}]; empty: all day
  add column windows jsonb not null default '[]' check (jsonb_typeof(windows) = 'array'),
  add column days text not null default 'every' check (days in ('every', 'work', 'off')),
  add column holidays text,
  add constraint days_need_a_calendar check (days = 'every' or holidays is not null);

create table rota_pauses (
  id bigint generated always as identity primary key,
  rota_id bigint not null references rotas (id) on delete cascade,
  staff_id bigint not null references staff (id),
  from_at timestamptz not null,
  -- null: until somebody says when
  to_at timestamptz,
  check (from_at < to_at)
);
create index rota_pauses_rota on rota_pauses (rota_id);

-- Whoever has a stretch of a rota asks another to take it; taken, it becomes an override.
create table swaps (
  id bigint generated always as identity primary key,
  rota_id bigint not null references rotas (id) on delete cascade,
  from_at timestamptz not null,
  to_at timestamptz not null,
  asked_by bigint not null references staff (id),
  staff_id bigint not null references staff (id),
  state text not null default 'asked' check (state in ('asked', 'accepted', 'declined', 'expired', 'withdrawn')),
  asked_at timestamptz not null,
  decided_at timestamptz,
  override_id bigint references overrides (id) on delete set null,
  -- when it is asked again, or else ends by itself; null once it is decided
  next_step_at timestamptz,
  asked_again boolean not null default false,
  check (from_at < to_at),
  check (asked_by <> staff_id),
  constraint asked_swap_has_a_next_step check ((state = 'asked') = (next_step_at is not null)),
  constraint decided_swap_has_its_time check ((state = 'asked') = (decided_at is null))
);
create index swaps_due on swaps (next_step_at) where next_step_at is not null;
create index swaps_rota on swaps (rota_id);
create index swaps_asked_of on swaps (staff_id) where state = 'asked';

create table swap_timeline (
  id bigint generated always as identity primary key,
  -- no reference: the record outlives a rota that is removed with its swaps
  swap_id bigint not null,
  at timestamptz not null,
  what text not null,
  who text,
  detail jsonb not null default '{}'
);
create index swap_timeline_swap on swap_timeline (swap_id, id);
create trigger swap_timeline_is_a_record before update or delete or truncate on swap_timeline
  for each statement execute function refuse_change();

-- which swap a message asks about: a bare digit that comes back answers it
alter table messages add column swap_id bigint references swaps (id) on delete set null;
create index messages_swap on messages (swap_id) where swap_id is not null;

-- A stretch ahead that nobody covers, of a rota or of all of a policy's steps, and the alert that warned of it.
create table uncovered (
  id bigint generated always as identity primary key,
  rota_id bigint references rotas (id) on delete set null,
  policy_id bigint references policies (id) on delete set null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  alert_id bigint not null references alerts (id),
  ended_at timestamptz,
  check (num_nonnulls(rota_id, policy_id) <= 1)
);
create index uncovered_open on uncovered (id) where ended_at is null;

-- An address with a secret in it, of which only the hash is kept, at which a calendar reads one person's or rota's shifts.
create table calendars (
  id bigint generated always as identity primary key,
  staff_id bigint references staff (id),
  rota_id bigint references rotas (id) on delete cascade,
  -- sha-256 of 256 random bits: no slow hash is needed
  token_hash bytea not null unique,
  -- it ends with its maker's account
  made_by bigint not null references users (id),
  created_at timestamptz not null,
  revoked_at timestamptz,
  check (num_nonnulls(staff_id, rota_id) = 1)
);
create index calendars_staff on calendars (staff_id);
create index calendars_rota on calendars (rota_id);
