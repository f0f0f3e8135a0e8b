-- Visits that come again by themselves, that a home asks for by a press, and what is asked after them.

create table visit_plans (
  id bigint generated always as identity primary key,
  home_id bigint not null references homes (id),
  service text not null references services (code),
  -- RFC 5545, without RRULE:
  rule text not null check (length(rule) between 1 and 500),
  start_time time not null,
  minutes integer not null check (minutes between 1 and 1440),
  timezone text not null,
  from_day date not null,
  until_day date check (until_day >= from_day),
  staff_id bigint references staff (id),
  payer text check (payer in ('self', 'government', 'points', 'gift')),
  fee numeric(10, 2) check (fee >= 0),
  note text,
  created_at timestamptz not null,
  created_by text,
  paused_at timestamptz,
  -- why it stands still where nobody paused it
  paused_why text,
  ended_at timestamptz,
  -- until when its visits are made
  made_until timestamptz not null,
  check (paused_why is null or paused_at is not null)
);
create index visit_plans_home on visit_plans (home_id) where ended_at is null;
create index visit_plans_due on visit_plans (made_until) where ended_at is null and paused_at is null;

-- One day that is otherwise: skipped, or moved to another time.
create table visit_plan_exceptions (
  plan_id bigint not null references visit_plans (id) on delete cascade,
  occurrence timestamptz not null,
  moved_to timestamptz,
  primary key (plan_id, occurrence)
);

-- Each occurrence makes its visit once, whoever looks and how often.
create table visit_plan_visits (
  plan_id bigint not null references visit_plans (id) on delete cascade,
  occurrence timestamptz not null,
  visit_id bigint references visits (id),
  -- the plan was changed since, but somebody had taken this one: its day is served
  kept boolean not null default false,
  primary key (plan_id, occurrence)
);
create index visit_plan_visits_visit on visit_plan_visits (visit_id);

-- A home's wish for a visit, by a second kind of press; once for ever by device and id, as a help call is.
create table visit_requests (
  device_uid text not null,
  request_id text not null,
  at timestamptz not null,
  claimed_at timestamptz,
  received_at timestamptz not null,
  service text,
  battery smallint,
  readable boolean not null,
  resent integer not null default 0,
  visit_id bigint references visits (id),
  -- the home heard that somebody comes, or that is not to be said any more
  told_at timestamptz,
  primary key (device_uid, request_id)
);
create index visit_requests_visit on visit_requests (visit_id);
create index visit_requests_untold on visit_requests (visit_id) where told_at is null;

-- what a reply is about: its words are others for a visit than for a call for help
alter table home_replies add column about text not null default 'help' check (about in ('help', 'visit'));

alter table services add column follow_up boolean not null default true;

-- Was it looked at whether somebody is to be asked how the visit was? Nobody is asked about what was before.
alter table visits add column follow_up_seen boolean not null default false;
update visits set follow_up_seen = true;
create index visits_to_follow_up on visits (id) where state = 'completed' and not follow_up_seen;

create table follow_ups (
  id bigint generated always as identity primary key,
  visit_id bigint not null unique references visits (id),
  home_id bigint not null references homes (id),
  resident_id bigint references residents (id),
  area text references areas (code),
  way text not null check (way in ('sms', 'call')),
  state text not null check (state in ('waiting', 'asked', 'answered')),
  phone text,
  language text not null,
  created_at timestamptz not null,
  -- when its text is to leave; null where somebody rings
  due_at timestamptz,
  asked_at timestamptz,
  message_id bigint references messages (id),
  satisfied boolean,
  note text,
  answered_at timestamptz,
  answered_by text,
  check ((state = 'answered') = (satisfied is not null and answered_at is not null)),
  check (way = 'call' or phone is not null)
);
create index follow_ups_due on follow_ups (due_at) where state = 'waiting' and due_at is not null;
create index follow_ups_open on follow_ups (area, id) where state <> 'answered';
create index follow_ups_asked on follow_ups (phone) where state = 'asked';
create index follow_ups_home on follow_ups (home_id, created_at);

-- Who answered STOP to it is rung instead.
create table follow_up_opt_outs (
  phone text primary key,
  at timestamptz not null
);

create table complaints (
  id bigint generated always as identity primary key,
  area text references areas (code),
  home_id bigint references homes (id),
  resident_id bigint references residents (id),
  visit_id bigint references visits (id),
  staff_id bigint references staff (id),
  who text check (length(who) between 1 and 200),
  text text not null check (length(text) between 1 and 4000),
  state text not null default 'open' check (state in ('open', 'answered', 'confirmed')),
  alert_id bigint references alerts (id),
  created_at timestamptz not null,
  created_by text,
  answer text,
  answered_at timestamptz,
  answered_by text,
  confirmed_at timestamptz,
  confirmed_by text,
  check ((state = 'open') = (answered_at is null)),
  check ((state = 'confirmed') = (confirmed_at is not null)),
  check (answered_at is null or (answer is not null and answered_by is not null)),
  -- confirmed by somebody else than who answered
  check (confirmed_by <> answered_by)
);
create index complaints_area on complaints (area, id);
create index complaints_open on complaints (id) where state <> 'confirmed';
create index complaints_visit on complaints (visit_id);
