-- Care that is missing: how often somebody must be seen, when each resident was and is to be, and what became of every gap.

-- How often residents of a kind must be seen, where that is not as shipped (alerts/care/standards.py); the nearest area up the
-- tree holds (null: everywhere). Category, risk and age say whom it is for; all null: whoever has no standard of his own.
create table care_standards (
  id bigint generated always as identity primary key,
  area text references areas (code) on delete cascade,
  category text check (length(category) between 1 and 40),
  risk text check (risk in ('high', 'medium', 'low')),
  from_age integer check (from_age between 1 and 150),
  every_days integer not null check (every_days between 1 and 366),
  -- does a camera that sees somebody count?
  remote boolean not null default false
);
create unique index care_standards_whom on care_standards (
  coalesce(area, ''), coalesce(category, ''), coalesce(risk, ''), coalesce(from_age, 0)
);

-- When residents must be seen more often: a festival, a warning of the weather.
create table care_occasions (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('festival', 'weather', 'other')),
  name text not null check (length(name) between 1 and 200),
  area text references areas (code) on delete cascade,
  from_at timestamptz not null,
  until_at timestamptz not null,
  -- so many times as often, or at least once in so many days
  factor integer check (factor between 2 and 30),
  every_days integer check (every_days between 1 and 366),
  created_at timestamptz not null,
  created_by text not null,
  -- taken back: it counts no more, and no festival of that key is written again
  ended_at timestamptz,
  -- which festival it is, where the system wrote it
  festival text unique,
  check (from_at < until_at),
  check (num_nonnulls(factor, every_days) = 1)
);
create index care_occasions_time on care_occasions (until_at) where ended_at is null;

-- Who spoke with a resident or saw him, beside visits and looks.
create table care_contacts (
  id bigint generated always as identity primary key,
  resident_id bigint not null references residents (id),
  home_id bigint not null references homes (id),
  how text not null check (how in ('telephone', 'in_person', 'video')),
  at timestamptz not null,
  recorded_at timestamptz not null,
  note text,
  who text not null,
  staff_id bigint references staff (id)
);
create index care_contacts_resident on care_contacts (resident_id, at);
create trigger care_contacts_are_a_record before update or delete or truncate on care_contacts
  for each statement execute function refuse_change();

-- When each resident was last seen, and when he is to be seen: one row a resident, written by the look at his home.
create table care_states (
  resident_id bigint primary key references residents (id) on delete cascade,
  home_id bigint not null references homes (id),
  -- since when he lives there: whoever was at that home before has not seen him
  home_since timestamptz not null,
  -- since when he is our duty
  since timestamptz not null,
  seen_at timestamptz,
  seen_by text check (seen_by in ('visit', 'look', 'telephone', 'in_person', 'video')),
  -- the visit, look or contact
  seen_ref bigint,
  -- a camera saw somebody at his home; counts where the standard says so
  remote_at timestamptz,
  -- null: he is nobody's duty any more
  due_at timestamptz,
  why jsonb,
  check ((due_at is null) = (why is null)),
  check ((seen_at is null) = (seen_by is null))
);
create index care_states_due on care_states (due_at) where due_at is not null;
create index care_states_home on care_states (home_id);

-- Whoever lives there already is our duty from now on: what nobody wrote down before is no gap.
insert into care_states (resident_id, home_id, home_since, since, due_at, why)
select id, home_id, created_at, greatest(created_at, transaction_timestamp()), null, null
from residents
where removed_at is null;

-- What was confirmed of a visit that was too short, or whose proof lay elsewhere.
create table care_visit_checks (
  visit_id bigint primary key references visits (id) on delete cascade,
  at timestamptz not null,
  who text not null,
  note text
);

-- What became of every gap: found, assigned, made good, confirmed by somebody else, reported.
create table care_cases (
  id bigint generated always as identity primary key,
  alert_id bigint not null unique references alerts (id),
  home_id bigint not null references homes (id),
  found_at timestamptz not null,
  assigned_at timestamptz,
  assigned_staff bigint references staff (id),
  assigned_by text,
  made_good_at timestamptz,
  -- not_needed: he died, moved away, or the standard was another
  made_good_how text check (made_good_how in ('visit', 'look', 'telephone', 'in_person', 'video', 'camera', 'not_needed')),
  made_good_ref bigint,
  -- who saw him; the name, as whoever writes has no user at times
  made_good_by text,
  made_good_staff bigint references staff (id),
  made_good_note text,
  confirmed_at timestamptz,
  confirmed_by text,
  confirmed_note text,
  reported_at timestamptz,
  reported_by text,
  -- in the list of which month
  reported_month date,
  check ((assigned_at is null) = (assigned_staff is null)),
  check ((made_good_at is null) = (made_good_how is null)),
  constraint confirmed_after_made_good check (confirmed_at is null or made_good_at is not null),
  constraint confirmed_by_somebody_else check (confirmed_by is distinct from made_good_by or confirmed_by is null),
  constraint reported_after_confirmed check (reported_at is null or confirmed_at is not null)
);
create index care_cases_open on care_cases (home_id) where made_good_at is null;
create index care_cases_waiting on care_cases (found_at) where reported_at is null;
create index care_cases_found on care_cases (found_at, id);

create function find_care_case() returns trigger language plpgsql as $$
begin
  insert into care_cases (alert_id, home_id, found_at) values (new.id, new.home_id, new.raised_at);
  return null;
end
$$;
create trigger care_gaps_have_a_case after insert on alerts
  for each row when (new.kind = 'care_gap' and new.home_id is not null) execute function find_care_case();

-- Whoever accepts the alert has the case.
create function assign_care_case() returns trigger language plpgsql as $$
begin
  update care_cases
  set assigned_at = new.accepted_at,
      assigned_staff = new.accepted_by_staff,
      assigned_by = new.accepted_by_user
  where alert_id = new.id
    and made_good_at is null;
  return null;
end
$$;
create trigger care_gaps_accepted after update on alerts
  for each row when (
    new.kind = 'care_gap'
    and new.accepted_by_staff is not null
    and old.accepted_by_staff is distinct from new.accepted_by_staff
  ) execute function assign_care_case();

-- by which raw rows a resident was seen, and what visits of a home are asked for by the rules
create index visits_promised_to_home on visits (home_id, due_to)
  where due_to is not null and arrived_at is null and ended_at is null;
create index alerts_doubt_of_home on alerts (home_id, kind, closed_at)
  where kind in ('visit_too_short', 'visit_elsewhere') and state = 'closed';
create index looks_well on looks (home_id, at) where result = 'well';

-- Whatever changes who was seen, or how often somebody must be, lets his home be looked at.
create function look_at_care_of_new() returns trigger language plpgsql as $$
begin
  insert into home_looks (home_id, look_at) values (new.home_id, '-infinity');
  return null;
end
$$;
create trigger visits_asked_for_looked_at after insert on visits
  for each row when (new.home_id is not null and (new.due_to is not null or new.completed_at is not null))
  execute function look_at_care_of_new();
create trigger visits_looked_at after update on visits
  for each row when (
    new.home_id is not null
    and (
      old.completed_at is distinct from new.completed_at
      or old.arrived_at is distinct from new.arrived_at
      or old.ended_at is distinct from new.ended_at
      or old.due_to is distinct from new.due_to
      or old.outcome is distinct from new.outcome
    )
  ) execute function look_at_care_of_new();
create trigger looks_looked_at after insert on looks
  for each row when (new.result = 'well') execute function look_at_care_of_new();
create trigger care_contacts_looked_at after insert on care_contacts
  for each row execute function look_at_care_of_new();
create trigger residents_looked_at after insert on residents
  for each row execute function look_at_care_of_new();

create function look_at_care_of_resident() returns trigger language plpgsql as $$
begin
  insert into home_looks (home_id, look_at) values (new.home_id, '-infinity');
  if old.home_id <> new.home_id then
    insert into home_looks (home_id, look_at) values (old.home_id, '-infinity');
  end if;
  return null;
end
$$;
create trigger residents_looked_at_anew after update on residents
  for each row when (
    old.home_id <> new.home_id
    or old.birth_date is distinct from new.birth_date
    or old.category <> new.category
    or old.risk is distinct from new.risk
    or old.worse_since is distinct from new.worse_since
    or old.left_at is distinct from new.left_at
    or old.removed_at is distinct from new.removed_at
  ) execute function look_at_care_of_resident();

create function look_at_care_of_visit() returns trigger language plpgsql as $$
begin
  insert into home_looks (home_id, look_at)
  select visits.home_id, '-infinity' from visits where visits.id = new.visit_id and visits.home_id is not null;
  return null;
end
$$;
create trigger care_visit_checks_looked_at after insert on care_visit_checks
  for each row execute function look_at_care_of_visit();

-- let the first look work everything out
insert into home_looks (home_id, look_at) select distinct home_id, '-infinity'::timestamptz from care_states;
