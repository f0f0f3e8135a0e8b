-- When a policy holds, what is told quietly, how often a phone may ring, and how long whoever took an alert may be silent.

-- Policies -----------------------------------------------------------------------------------------------------------

alter table policies
  add column severities text[] check (severities <@ '{critical,high,normal,low}'::text[] and cardinality(severities) > 0),
  -- the hours of the day in which it holds, by the wall clock of hours_timezone; from = to would be no hour or all
  add column hours_from time,
  add column hours_to time,
  add column hours_timezone text,
  add constraint hours_are_whole check (
    num_nonnulls(hours_from, hours_to, hours_timezone) in (0, 3) and (hours_from is null or hours_from <> hours_to)
  );

alter table policy_steps
  -- what a step's second channel waits for an answer on the first, its third on the second; 0: all at once
  add column channel_delay_s integer not null default 0 check (channel_delay_s between 0 and 86400),
  -- the how-manieth step as it was written, where one names several people or rotas; null: each row is one
  add column entry integer;

-- Alerts -------------------------------------------------------------------------------------------------------------

alter table alerts
  -- which policy of policy_area it stands in: where another holds now (it became night), that one begins anew
  add column policy_id bigint,
  add column snoozed_until timestamptz,
  add column snoozed_by text,
  add column silence_id bigint,
  -- whoever has it was asked how far he is, and has not been heard since
  add column asked_at timestamptz,
  add column reopened_at timestamptz,
  -- told in one text a shift, at that time
  add column collected_for timestamptz,
  add constraint help_is_never_snoozed check (
    kind not in ('help', 'fall') or num_nonnulls(snoozed_until, silence_id, collected_for) = 0
  ) not valid;

-- A pause in which alerts of an area are raised, and told only at its end; help and falls are always told.
create table silences (
  id bigint generated always as identity primary key,
  area text not null references areas (code),
  kinds text[] check (not kinds && '{help,fall}'::text[] and cardinality(kinds) > 0),
  from_at timestamptz not null,
  to_at timestamptz not null,
  reason text not null check (length(reason) between 1 and 500),
  created_by text not null,
  created_at timestamptz not null,
  check (from_at < to_at)
);
create index silences_end on silences (to_at);
create index alerts_silenced on alerts (silence_id) where silence_id is not null and state <> 'closed';

-- Which alerts went into a responder's one text of a shift.
create table digests (
  id bigint generated always as identity primary key,
  staff_id bigint not null references staff (id),
  -- the shift's end, or the next hour of digests: until then there is no second text
  ends_at timestamptz not null,
  message_id bigint references messages (id),
  alert_ids bigint[] not null default '{}',
  unique (staff_id, ends_at)
);

-- Messages -----------------------------------------------------------------------------------------------------------

alter table messages
  -- held back by a limit until then, in state 'queued' and without a next attempt: the outbox does not see it
  add column held_until timestamptz,
  -- it left as a line of that one
  add column bundle_id bigint references messages (id),
  add constraint held_messages_wait check (held_until is null or (state = 'queued' and next_attempt_at is null));
create index messages_held on messages (held_until) where held_until is not null;
create index messages_staff on messages (staff_id, created_at);
create index messages_bundle on messages (bundle_id) where bundle_id is not null;
-- the outbox takes the most urgent and oldest first
create index messages_in_order on messages (
  array_position('{critical,high,normal,low}'::text[], severity), next_attempt_at
) where next_attempt_at is not null;

-- How many messages of a channel and a purpose one responder gets in a span; 'any' is all of them together. Help calls
-- and falls are never held back, nor is what somebody hears of an alert that he has.
create table limits (
  channel text not null,
  purpose text not null,
  at_most integer not null check (at_most between 1 and 10000),
  within_s integer not null check (within_s between 1 and 86400),
  primary key (channel, purpose, within_s)
);
-- GoAlert's (engine/message/ratelimit.go, 2026-11), but that the first minute takes two: a home has two warnings at once
insert into limits (channel, purpose, at_most, within_s) values
  ('any', 'any', 5, 5),
  ('sms', 'tell', 2, 60), ('sms', 'tell', 5, 900), ('sms', 'tell', 11, 3600), ('sms', 'tell', 21, 10800),
  ('voice', 'tell', 3, 900), ('voice', 'tell', 7, 3600), ('voice', 'tell', 15, 10800);

-- Answering ----------------------------------------------------------------------------------------------------------

-- How long whoever took an alert may be silent, where an area has its own times; the nearest up the tree holds.
create table answer_times (
  area text not null references areas (code),
  severity text not null check (severity in ('critical', 'high', 'normal', 'low')),
  accepted_s integer not null check (accepted_s between 60 and 604800),
  en_route_s integer not null check (en_route_s between 60 and 604800),
  arrived_s integer not null check (arrived_s between 60 and 604800),
  asked_s integer not null check (asked_s between 60 and 604800),
  primary key (area, severity)
);

-- At which hour an area's low alerts are told, where it has one; else at the start of the next shift.
create table digest_hours (
  area text primary key references areas (code),
  at_hour time not null,
  timezone text not null
);

-- How often its home had to send a press again until it heard `received`.
alter table help_calls add column resent integer not null default 0;
