-- What a visit of care is: its steps as they were taken, what proves them, who pays, and who may be sent.

alter table visits
  add column started_at timestamptz,
  add column followed_up_at timestamptz,
  add column fail_kind text check (fail_kind in ('nobody_home', 'refused', 'no_access', 'other')),
  -- written down, never charged
  add column payer text check (payer in ('self', 'government', 'points', 'gift', 'insurance', 'other')),
  add column fee numeric(10, 2) check (fee >= 0),
  -- how the proofs were judged when they came: code, distance_m, within_m, place
  add column arrived_check jsonb,
  add column completed_check jsonb,
  -- who was served: the residents who lived there then
  add column served bigint[],
  -- a position was shown, and it is too far from the home
  add column elsewhere boolean not null default false,
  add check (state not in ('in_service', 'followed_up') or arrived_at is not null),
  add check (state <> 'followed_up' or (completed_at is not null and outcome is not null));

-- what was followed up is over as well; the new ones stand before the old ones go
create unique index visits_open_alert on visits (alert_id)
  where state not in ('completed', 'followed_up', 'failed', 'cancelled');
drop index visits_open_of_alert;
create index visits_done_home on visits (home_id, completed_at) where completed_at is not null;
drop index visits_done_at_home;
create index visits_not_told on visits (id)
  where told_at is null and staff_id is not null and state in ('assigned', 'accepted', 'put_off');
drop index visits_untold;
-- what somebody has still before him
create index visits_before_staff on visits (staff_id)
  where staff_id is not null and state not in ('completed', 'followed_up', 'failed', 'cancelled');

-- Who did what, when, by which way. `at`: when it was done; `recorded_at`: when we heard of it.
create table visit_timeline (
  id bigint generated always as identity primary key,
  visit_id bigint not null references visits (id),
  at timestamptz not null,
  recorded_at timestamptz not null,
  what text not null,
  who text,
  staff_id bigint references staff (id),
  channel text not null,
  detail jsonb not null default '{}'
);
create index visit_timeline_visit on visit_timeline (visit_id, id);

create trigger visit_timeline_is_a_record before update or delete or truncate on visit_timeline
  for each statement execute function refuse_change();

-- What the label at the door holds: chance alone, 48 bits of it.
alter table homes
  add column door_code text not null default upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 12)),
  add column door_code_at timestamptz,
  add constraint homes_door_code unique (door_code);

alter table services
  -- the skill that whoever does it must have; null: everybody may
  add column needs text check (length(needs) between 1 and 40),
  -- how often somebody who has it usually gets it
  add column every_days integer check (every_days > 0),
  -- as it came with Anju, and nobody has written over it
  add column shipped boolean not null default false;
alter table staff
  add column skills text[] not null default '{}';

-- The ten helps of care at home. A code that is there already is the users' own, and stays as it is.
insert into services (code, name, name_en, usual_minutes, needs, every_days, shipped)
values
  ('meals', '助餐', 'Meals', 30, null, 1, true),
  ('cleaning', '助洁', 'Cleaning', 60, null, 7, true),
  ('bathing', '助浴', 'Bathing', 60, 'nursing', 7, true),
  ('medical', '助医', 'Medical help', 60, 'medical', 30, true),
  ('emergency', '助急', 'Emergency help', 30, null, null, true),
  ('walking', '助行', 'Walking out', 60, null, 7, true),
  ('errands', '代办', 'Errands', 45, null, 7, true),
  ('haircut', '理发', 'Haircut', 30, 'haircut', 30, true),
  ('company', '陪伴', 'Company', 60, null, 7, true),
  ('repairs', '维修', 'Repairs', 60, 'repairs', null, true)
on conflict (code) do nothing;

-- How visits are given out in an area and all below it that has no row of its own.
create table visit_rules (
  area text primary key references areas (code),
  near_m integer not null check (near_m between 10 and 100000),
  work_from time not null,
  work_to time not null,
  timezone text not null,
  auto_assign boolean not null,
  set_at timestamptz not null,
  check (work_from < work_to)
);
