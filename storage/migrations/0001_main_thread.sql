-- The whole thread of the main job: areas and homes, devices and what they say, alerts, messages, visits, people, audit.

-- Places -------------------------------------------------------------------------------------------------------------

create table areas (
  -- anything but a slash, which parts the path
  code text primary key check (code ~ '^[^/[:cntrl:][:space:]]{1,64}$'),
  name text not null check (length(name) between 1 and 200),
  level text not null check (level in ('city', 'county', 'township', 'village')),
  parent text references areas (code),
  -- '/city/county/' of codes, itself last: "this area and all below it" is one prefix
  path text not null unique check (path like '%/' || code || '/'),
  check (parent is distinct from code)
);
create index areas_below on areas (path text_pattern_ops);
create index areas_parent on areas (parent);

create table homes (
  id bigint generated always as identity primary key,
  area text not null references areas (code),
  address text not null check (length(address) between 1 and 500),
  lat double precision check (lat between -90 and 90),
  lon double precision check (lon between -180 and 180),
  key_note text,
  created_at timestamptz not null,
  removed_at timestamptz
);
create index homes_area on homes (area);

create table residents (
  id bigint generated always as identity primary key,
  home_id bigint not null references homes (id),
  name text not null check (length(name) between 1 and 200),
  birth_date date,
  phone text,
  sex text,
  category text[] not null default '{}',
  language text,
  notes text,
  contacts jsonb not null default '[]' check (jsonb_typeof(contacts) = 'array'),
  created_at timestamptz not null,
  removed_at timestamptz
);
create index residents_home on residents (home_id);

create table devices (
  id integer generated always as identity primary key,
  uid text not null unique check (uid ~ '^[A-Za-z0-9_-]{3,64}$'),
  kind text not null check (kind in ('button', 'pendant', 'camera', 'hub', 'sensor')),
  home_id bigint not null references homes (id),
  format text not null default 'anju',
  topic text,
  hub_uid text references devices (uid),
  patrol_every_s integer check (patrol_every_s between 1 and 31622400),
  offline_after_s integer check (offline_after_s between 1 and 31622400),
  -- sha-256 of the MQTT password: the password is 160 random bits, so no slow hash is needed
  password_hash bytea,
  created_at timestamptz not null,
  removed_at timestamptz
);
create index devices_home on devices (home_id);
create unique index devices_hub_topic on devices (topic) where kind = 'hub' and topic is not null and removed_at is null;

-- What is known of each device now: one row a device, updated in place.
create table device_latest (
  device_id integer primary key references devices (id),
  state text not null default 'never' check (state in ('online', 'late', 'offline', 'never')),
  state_since timestamptz not null,
  last_seen timestamptz,
  -- when silence becomes a signal; null: nothing is expected before something else happens
  expected_by timestamptz,
  said_offline boolean not null default false,
  last_patrol_at timestamptz,
  presence boolean,
  persons smallint,
  battery smallint check (battery between 0 and 100),
  rssi smallint,
  temperature real,
  fw text,
  model text
) with (fillfactor = 70);
create index device_latest_due on device_latest (expected_by) where expected_by is not null;

-- What homes say -----------------------------------------------------------------------------------------------------

-- A help call or its cancelling, once for ever by (device, id).
create table help_calls (
  device_uid text not null,
  call_id text not null,
  what text not null check (what in ('help', 'cancel')),
  alert_id bigint,
  at timestamptz not null,
  claimed_at timestamptz,
  received_at timestamptz not null,
  source text,
  test boolean not null default false,
  battery smallint,
  readable boolean not null default true,
  extra jsonb,
  primary key (device_uid, call_id, what)
);
create index help_calls_alert on help_calls (alert_id);

-- The time series. A hypertable where TimescaleDB is loaded, native range partitions where it is not.
do $$
declare
  columns constant text := $ddl$
    create table events (
      time timestamptz not null,
      device_id integer not null,
      kind smallint not null,
      battery smallint,
      rssi smallint,
      persons smallint,
      presence boolean,
      temperature real,
      message_id text not null default '',
      received_at timestamptz not null,
      extra jsonb,
      unique (device_id, time, kind, message_id)
    )
  $ddl$;
begin
  if current_setting('shared_preload_libraries') like '%timescaledb%' then
    create extension if not exists timescaledb;
    execute columns;
    perform create_hypertable('events', by_range('time', interval '1 day'));
  else
    execute columns || ' partition by range (time)';
  end if;
end
$$;

-- Makes the daily partitions from one day to another; does nothing on a hypertable, which makes its own.
create function ensure_event_partitions(first_day date, last_day date) returns integer
language plpgsql as $$
declare
  each date := first_day;
  made integer := 0;
  child text;
begin
  if (select relkind from pg_class where oid = 'events'::regclass) <> 'p' then
    return 0;
  end if;
  while each <= last_day loop
    child := 'events_' || to_char(each, 'YYYYMMDD');
    if to_regclass(child) is null then
      execute format(
        'create table if not exists %I partition of events for values from (%L) to (%L)',
        child, each::text || ' 00:00+00', (each + 1)::text || ' 00:00+00'
      );
      made := made + 1;
    end if;
    each := each + 1;
  end loop;
  return made;
end
$$;

-- Messages that carry no usable time of their own: their time is the receipt's, so the series' key cannot tell a re-send.
create table undated_messages (
  device_id integer not null,
  kind smallint not null,
  message_id text not null,
  received_at timestamptz not null,
  primary key (device_id, kind, message_id)
);
create index undated_messages_age on undated_messages (received_at);

create table quarantine (
  id bigint generated always as identity primary key,
  topic text not null,
  payload bytea not null,
  -- of the whole message; the payload kept may be its beginning
  size integer not null,
  reason text not null,
  device_uid text,
  alert_id bigint,
  received_at timestamptz not null
);
create index quarantine_time on quarantine (received_at);

-- Which role has been up without a gap, since when: silence of a home counts only while ingest was up.
create table role_beats (
  role text primary key,
  up_since timestamptz not null,
  beat_at timestamptz not null
);

-- People -------------------------------------------------------------------------------------------------------------

create table staff (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 200),
  phone text not null check (phone ~ '^\+[1-9][0-9]{5,14}$'),
  area text not null references areas (code),
  language text,
  opted_out_at timestamptz,
  created_at timestamptz not null,
  removed_at timestamptz
);
create index staff_phone on staff (phone);

create table users (
  id bigint generated always as identity primary key,
  username text not null unique check (username ~ '^[A-Za-z0-9_.@-]{1,64}$'),
  password_hash text not null,
  role text not null check (role in ('admin', 'operator', 'responder', 'viewer')),
  area text references areas (code),
  staff_id bigint references staff (id),
  language text,
  created_at timestamptz not null,
  disabled_at timestamptz
);

create table sessions (
  token_hash bytea primary key,
  user_id bigint not null references users (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index sessions_age on sessions (expires_at);

-- Failed log-ins, to slow guessing down.
create table login_failures (
  username text not null,
  address text not null,
  at timestamptz not null
);
create index login_failures_recent on login_failures (at);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  who text not null,
  role text,
  action text not null,
  object text not null,
  area text,
  detail jsonb
);
create index audit_time on audit (at);

-- On call ------------------------------------------------------------------------------------------------------------

create table rotas (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 200),
  area text not null references areas (code),
  timezone text not null,
  kind text not null check (kind in ('hourly', 'daily', 'weekly', 'monthly')),
  length integer not null check (length between 1 and 1000),
  start timestamptz not null
);

create table rota_members (
  rota_id bigint not null references rotas (id) on delete cascade,
  position integer not null check (position >= 0),
  staff_id bigint not null references staff (id),
  primary key (rota_id, position)
);
create index rota_members_staff on rota_members (staff_id);

create table overrides (
  id bigint generated always as identity primary key,
  rota_id bigint not null references rotas (id) on delete cascade,
  from_at timestamptz not null,
  to_at timestamptz not null,
  staff_id bigint not null references staff (id),
  check (from_at < to_at)
);
create index overrides_rota on overrides (rota_id, to_at);

create table policies (
  id bigint generated always as identity primary key,
  area text not null references areas (code),
  kinds text[],
  repeat integer not null default 0 check (repeat between 0 and 100)
);
create index policies_area on policies (area);

create table policy_steps (
  policy_id bigint not null references policies (id) on delete cascade,
  position integer not null check (position >= 0),
  after_s integer not null check (after_s between 0 and 604800),
  rota_id bigint references rotas (id),
  staff_id bigint references staff (id),
  channels text[] not null default '{sms}' check (channels <@ '{sms,voice}' and cardinality(channels) > 0),
  primary key (policy_id, position),
  check (num_nonnulls(rota_id, staff_id) = 1)
);

-- Alerts -------------------------------------------------------------------------------------------------------------

create table alerts (
  id bigint generated always as identity primary key,
  kind text not null,
  severity text not null check (severity in ('critical', 'high', 'normal', 'low')),
  state text not null check (state in ('raised', 'notified', 'accepted', 'en_route', 'arrived', 'closed')),
  area text references areas (code),
  home_id bigint references homes (id),
  resident_id bigint references residents (id),
  device_uid text,
  test boolean not null default false,
  text text,
  count integer not null default 1 check (count >= 1),
  raised_at timestamptz not null,
  pressed_at timestamptz not null,
  home_cancelled_at timestamptz,
  notified_at timestamptz,
  accepted_at timestamptz,
  accepted_by_staff bigint references staff (id),
  accepted_by_user text,
  en_route_at timestamptz,
  arrived_at timestamptz,
  closed_at timestamptz,
  outcome text check (
    outcome in ('helped', 'false_alarm', 'test', 'hospital', 'emergency_services', 'no_access', 'other')
  ),
  close_note text,
  spoke_with text,
  -- where the alert stands on its way up: whose policy, the how-manieth time round, the next step, since when
  policy_area text,
  policy_started_at timestamptz not null,
  round integer not null default 0,
  step integer not null default 0,
  next_step_at timestamptz,
  -- a press joined while people had already been told: they are told again at this time
  retell_at timestamptz,
  told_at timestamptz,
  due_at timestamptz generated always as (least(next_step_at, retell_at)) stored,
  -- an open alert always has a next step: silence is not a state
  constraint open_alert_has_a_next_step check ((state = 'closed') = (next_step_at is null)),
  constraint closed_alert_has_an_outcome check ((state = 'closed') = (closed_at is not null and outcome is not null)),
  constraint accepted_by_somebody check (
    state in ('raised', 'notified', 'closed') or num_nonnulls(accepted_by_staff, accepted_by_user) >= 1
  )
);
-- one open help alert a home (or an unregistered device): presses join it
create unique index alerts_open_help_of_home on alerts (home_id) where kind = 'help' and state <> 'closed';
create unique index alerts_open_help_of_stranger on alerts (device_uid)
  where kind = 'help' and state <> 'closed' and home_id is null;
create index alerts_due on alerts (due_at) where state <> 'closed';
create index alerts_open on alerts (area, raised_at) where state <> 'closed';
create index alerts_time on alerts (raised_at);
create index alerts_home on alerts (home_id, raised_at);

create table alert_timeline (
  id bigint generated always as identity primary key,
  alert_id bigint not null references alerts (id),
  at timestamptz not null,
  what text not null,
  who text,
  detail jsonb not null default '{}'
);
create index alert_timeline_alert on alert_timeline (alert_id, id);

alter table help_calls add foreign key (alert_id) references alerts (id);
alter table quarantine add foreign key (alert_id) references alerts (id);

-- Messages: the outbox -----------------------------------------------------------------------------------------------

create table messages (
  id bigint generated always as identity primary key,
  alert_id bigint references alerts (id),
  staff_id bigint references staff (id),
  recipient text not null,
  channel text not null check (channel in ('sms', 'voice')),
  purpose text not null check (purpose in ('tell', 'retell', 'remind', 'inform')),
  text text not null,
  language text not null,
  segments integer not null default 1,
  severity text not null default 'normal' check (severity in ('critical', 'high', 'normal', 'low')),
  state text not null default 'queued' check (state in (
    'queued', 'sending', 'accepted', 'scheduled', 'sent', 'delivered', 'read', 'undelivered', 'failed', 'canceled',
    'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer'
  )),
  sid text,
  error text,
  attempts integer not null default 0,
  created_at timestamptz not null,
  -- when it may leave (again); null once nothing more is to be done
  next_attempt_at timestamptz,
  -- after this it would no longer be true and is not sent
  expires_at timestamptz not null,
  sent_at timestamptz,
  delivered_at timestamptz,
  check (next_attempt_at is null or state in ('queued', 'sending'))
);
create unique index messages_sid on messages (sid) where sid is not null;
create index messages_due on messages (next_attempt_at) where next_attempt_at is not null;
create index messages_alert on messages (alert_id, id);
create index messages_recipient on messages (recipient, id);
create index messages_time on messages (created_at);

-- What came back from phones, once by the provider's id.
create table phone_replies (
  sid text primary key,
  sender text not null,
  body text not null,
  received_at timestamptz not null,
  answer text not null
);
create index phone_replies_sender on phone_replies (sender, received_at);

-- What homes are still to hear on their reply topic; `received` leaves at once and has no row here.
create table home_replies (
  id bigint generated always as identity primary key,
  device_uid text not null,
  call_id text not null,
  state text not null check (state in ('received', 'accepted', 'en_route', 'arrived', 'closed')),
  -- said to the resident, or only shown: of several presses the newest speaks
  aloud boolean not null,
  at timestamptz not null,
  published_at timestamptz
);
create index home_replies_waiting on home_replies (id) where published_at is null;

-- Visits -------------------------------------------------------------------------------------------------------------

create table services (
  code text primary key check (code ~ '^[a-z0-9_-]{1,40}$'),
  name text not null,
  name_en text,
  usual_minutes integer check (usual_minutes > 0),
  removed_at timestamptz
);

create table visits (
  id bigint generated always as identity primary key,
  alert_id bigint references alerts (id),
  home_id bigint references homes (id),
  area text references areas (code),
  service text references services (code),
  staff_id bigint references staff (id),
  state text not null check (state in (
    'requested', 'assigned', 'accepted', 'en_route', 'arrived', 'completed', 'failed', 'cancelled'
  )),
  due_from timestamptz,
  due_to timestamptz,
  note text,
  requested_at timestamptz not null,
  requested_by text,
  assigned_at timestamptz,
  accepted_at timestamptz,
  departed_at timestamptz,
  arrived_at timestamptz,
  arrived_proof jsonb,
  completed_at timestamptz,
  completed_proof jsonb,
  ended_at timestamptz,
  outcome text,
  fail_reason text,
  check (due_from is null or due_to is null or due_from <= due_to),
  check (state <> 'completed' or (arrived_at is not null and completed_at >= arrived_at and outcome is not null)),
  check (state in ('requested', 'cancelled', 'failed') or staff_id is not null)
);
create unique index visits_open_of_alert on visits (alert_id)
  where state not in ('completed', 'failed', 'cancelled');
create index visits_alert on visits (alert_id);
create index visits_staff on visits (staff_id, requested_at);
create index visits_area on visits (area, requested_at);
create index visits_home on visits (home_id);

-- Patrol rounds ------------------------------------------------------------------------------------------------------

create table patrol_rounds (
  id bigint generated always as identity primary key,
  area text not null references areas (code),
  name text not null,
  staff_id bigint references staff (id),
  started_at timestamptz not null,
  started_by text not null,
  finished_at timestamptz
);
create index patrol_rounds_area on patrol_rounds (area, started_at);

create table patrol_round_homes (
  round_id bigint not null references patrol_rounds (id) on delete cascade,
  home_id bigint not null references homes (id),
  primary key (round_id, home_id)
);

create table looks (
  id bigint generated always as identity primary key,
  round_id bigint not null references patrol_rounds (id) on delete cascade,
  home_id bigint not null references homes (id),
  result text not null check (result in ('well', 'concern', 'no_answer', 'camera_down')),
  note text,
  at timestamptz not null,
  who text not null
);
create index looks_home on looks (home_id, at);
create index looks_round on looks (round_id);

-- What open pages are told -------------------------------------------------------------------------------------------

create table stream_log (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  event text not null check (event in ('alert', 'visit', 'device')),
  area text,
  ref text not null
);
create index stream_log_age on stream_log (at);

-- What was written stays written -------------------------------------------------------------------------------------

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is a record of what happened: rows are added, never changed', tg_table_name
    using errcode = 'restrict_violation';
end
$$;
create trigger alert_timeline_is_a_record before update or delete or truncate on alert_timeline
  for each statement execute function refuse_change();
create trigger audit_is_a_record before update or delete or truncate on audit
  for each statement execute function refuse_change();
