-- name: care_of_homes
-- Who lives in these homes or is still a duty there, what was known of his care, and who saw him since he lives there? By
-- residents_home, primary key, visits_done_home, looks_well and care_contacts_resident.
select residents.id, residents.home_id, areas.path, residents.category, residents.risk, residents.birth_date,
  residents.worse_since,
  coalesce(residents.removed_at, residents.left_at, homes.removed_at) is not null as gone,
  residents.created_at, states.home_id as old_home_id, states.home_since, states.since, states.seen_at, states.seen_by,
  states.seen_ref, states.remote_at, states.due_at, states.why,
  seen.at as new_seen_at, seen.by as new_seen_by, seen.ref as new_seen_ref
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
left join care_states as states on states.resident_id = residents.id
left join lateral (
  select case when states.home_id = residents.home_id then states.home_since
    when states.home_id is null then residents.created_at
    else %(now)s::timestamptz end as at
) as moved_in on true
left join lateral (
  select each.at, each.by, each.ref
  from (
    (
      select visits.completed_at as at, 'visit' as by, visits.id as ref
      from visits
      where visits.home_id = residents.home_id
        and visits.completed_at is not null
        and visits.completed_at >= moved_in.at
        -- who stood before a locked door saw nobody
        and visits.outcome is distinct from 'no_access'
      order by visits.completed_at desc
      limit 1
    )
    union all
    (
      select looks.at, 'look', looks.id
      from looks
      where looks.home_id = residents.home_id
        and looks.result = 'well'
        and looks.at >= moved_in.at
      order by looks.at desc
      limit 1
    )
    union all
    (
      select care_contacts.at, care_contacts.how, care_contacts.id
      from care_contacts
      where care_contacts.resident_id = residents.id
      order by care_contacts.at desc
      limit 1
    )
  ) as each
  order by each.at desc
  limit 1
) as seen on true
where residents.home_id = any(%(home_ids)s::bigint[])
  and (
    coalesce(residents.removed_at, residents.left_at, homes.removed_at) is null
    or states.due_at is not null
  )
order by residents.id

-- name: keep_care_states
-- Writes down when residents were seen and are due. By primary key.
insert into care_states (
  resident_id, home_id, home_since, since, seen_at, seen_by, seen_ref, remote_at, due_at, why
)
select each.resident_id, each.home_id, each.home_since, each.since, each.seen_at, each.seen_by, each.seen_ref,
  each.remote_at, each.due_at, each.why
from unnest(
  %(resident_ids)s::bigint[], %(home_ids)s::bigint[], %(home_sinces)s::timestamptz[], %(sinces)s::timestamptz[],
  %(seen_ats)s::timestamptz[], %(seen_bys)s::text[], %(seen_refs)s::bigint[], %(remote_ats)s::timestamptz[],
  %(due_ats)s::timestamptz[], %(whys)s::jsonb[]
) as each (
  resident_id, home_id, home_since, since, seen_at, seen_by, seen_ref, remote_at, due_at, why
)
on conflict (resident_id) do update
set home_id = excluded.home_id,
    home_since = excluded.home_since,
    since = excluded.since,
    seen_at = excluded.seen_at,
    seen_by = excluded.seen_by,
    seen_ref = excluded.seen_ref,
    remote_at = excluded.remote_at,
    due_at = excluded.due_at,
    why = excluded.why

-- name: care_standards_set
-- Which standards are set otherwise than shipped? Few rows.
select care_standards.every_days, care_standards.category, care_standards.risk, care_standards.from_age,
  care_standards.remote, areas.path
from care_standards
left join areas on areas.code = care_standards.area

-- name: care_occasions_since
-- Which occasions may still ask for somebody: all that were not over then? By care_occasions_time.
select care_occasions.name, care_occasions.from_at, care_occasions.until_at, care_occasions.factor,
  care_occasions.every_days, areas.path
from care_occasions
left join areas on areas.code = care_occasions.area
where care_occasions.ended_at is null
  and care_occasions.until_at > %(since)s
order by care_occasions.from_at, care_occasions.id

-- name: care_visits_of_homes
-- Which visits are promised to these homes or were made there lately, oldest first; and how far from the home was each proven?
-- A code is judged where the visit came in. By visits_promised_to_home and visits_done_home.
select visits.home_id, visits.id, visits.service, visits.alert_id is not null as of_alert, visits.due_to,
  coalesce(visits.ended_at, visits.completed_at) is not null as over, visits.arrived_at, visits.completed_at,
  coalesce(visits.ended_at, visits.completed_at) as told_at, services.usual_minutes, homes.lat, homes.lon,
  (visits.arrived_proof ->> 'lat')::double precision as arrived_lat,
  (visits.arrived_proof ->> 'lon')::double precision as arrived_lon,
  (visits.completed_proof ->> 'lat')::double precision as completed_lat,
  (visits.completed_proof ->> 'lon')::double precision as completed_lon,
  coalesce('wrong' in (checked.row -> 'arrived_check' ->> 'code', checked.row -> 'completed_check' ->> 'code'), false)
    as wrong_code,
  care_visit_checks.visit_id is not null as confirmed
from (
  select promised.id
  from visits as promised
  where promised.home_id = any(%(home_ids)s::bigint[])
    and promised.due_to is not null
    and promised.arrived_at is null
    and promised.ended_at is null
  union all
  select made.id
  from visits as made
  where made.home_id = any(%(home_ids)s::bigint[])
    and made.completed_at > %(since)s
) as ours
join visits on visits.id = ours.id
join homes on homes.id = visits.home_id
left join services on services.code = visits.service
left join care_visit_checks on care_visit_checks.visit_id = visits.id
cross join lateral (
  select to_jsonb(visits) as row
) as checked
order by visits.completed_at nulls last, visits.id

-- name: care_answers_of_homes
-- When was a warning of a visit in doubt last closed for these homes? By alerts_doubt_of_home.
select home_id, kind, max(closed_at)
from alerts
where home_id = any(%(home_ids)s::bigint[])
  and kind in ('visit_too_short', 'visit_elsewhere')
  and state = 'closed'
group by home_id, kind

-- name: care_cases_not_made_good
-- Which cases of these homes are open? Held after their alerts, in order, as everywhere. By care_cases_open.
select care_cases.id, care_cases.home_id
from alerts
join care_cases on care_cases.alert_id = alerts.id
where care_cases.home_id = any(%(home_ids)s::bigint[])
  and care_cases.made_good_at is null
order by alerts.id
for update of alerts, care_cases

-- name: care_case_made_good
-- The gap of a case is made good; by whom, where somebody saw him. By primary keys.
update care_cases
set made_good_at = %(now)s,
    made_good_how = %(how)s,
    made_good_ref = %(ref)s,
    made_good_note = %(note)s,
    made_good_by = coalesce(
      %(by)s,
      case %(how)s
        when 'visit' then (
          select staff.name
          from visits
          join staff on staff.id = visits.staff_id
          where visits.id = %(ref)s
        )
        when 'look' then (
          select looks.who
          from looks
          where looks.id = %(ref)s
        )
        else (
          select care_contacts.who
          from care_contacts
          where care_contacts.id = %(ref)s
            and %(how)s in ('telephone', 'in_person', 'video')
        )
      end
    ),
    made_good_staff = case
      when %(how)s = 'visit' then (
        select visits.staff_id
        from visits
        where visits.id = %(ref)s
      )
      when %(how)s in ('telephone', 'in_person', 'video') then (
        select care_contacts.staff_id
        from care_contacts
        where care_contacts.id = %(ref)s
      )
    end
where id = %(case_id)s

-- name: set_care_standard
-- Sets how often such residents of an area are seen, in place of what was set. By care_standards_whom.
insert into care_standards (area, category, risk, from_age, every_days, remote)
values (%(area)s, %(category)s, %(risk)s, %(from_age)s, %(every_days)s, %(remote)s)
on conflict (coalesce(area, ''), coalesce(category, ''), coalesce(risk, ''), coalesce(from_age, 0)) do update
set every_days = excluded.every_days,
    remote = excluded.remote

-- name: unset_care_standard
-- The wider area's standard holds there again. By care_standards_whom.
delete from care_standards
where area is not distinct from %(area)s
  and category is not distinct from %(category)s
  and risk is not distinct from %(risk)s
  and from_age is not distinct from %(from_age)s
returning 1

-- name: insert_care_occasion
-- Has residents seen more often for a time; a festival is written once.
insert into care_occasions (
  kind, name, area, from_at, until_at, factor, every_days, created_at, created_by, festival
)
values (
  %(kind)s, %(name)s, %(area)s, %(from_at)s, %(until_at)s, %(factor)s, %(every_days)s, %(now)s, %(by)s, %(festival)s
)
on conflict (festival) do nothing
returning id

-- name: end_care_occasion
-- Takes an occasion back; whose area is it? By primary keys.
update care_occasions
set ended_at = %(now)s
where id = %(id)s
  and ended_at is null
returning (
  select areas.path
  from areas
  where areas.code = care_occasions.area
)

-- name: alert_of_care_case
-- Which alert is a case of? By primary key.
select alert_id
from care_cases
where id = %(case_id)s

-- name: hold_care_case
-- A case as it stands, held until the end of the transaction. By primary key.
select id, assigned_at, made_good_at, made_good_by, made_good_staff, confirmed_at, reported_at, home_id, found_at
from care_cases
where id = %(case_id)s
for update

-- name: care_case_assigned
update care_cases
set assigned_at = %(now)s,
    assigned_staff = %(staff_id)s,
    assigned_by = %(by)s
where id = %(case_id)s

-- name: care_case_filled_by
-- Is that a visit, a look or a contact by which somebody of this home was seen since then? By primary keys.
select case %(how)s
  when 'visit' then (
    select visits.id
    from visits
    where visits.id = %(ref)s
      and visits.home_id = %(home_id)s
      and visits.completed_at >= %(since)s
      and visits.outcome is distinct from 'no_access'
  )
  when 'look' then (
    select looks.id
    from looks
    where looks.id = %(ref)s
      and looks.home_id = %(home_id)s
      and looks.result = 'well'
      and looks.at >= %(since)s
  )
end

-- name: care_contact_of_home
-- How was that contact with somebody of this home since then? By primary key.
select how
from care_contacts
where id = %(ref)s
  and home_id = %(home_id)s
  and at >= %(since)s

-- name: care_case_confirmed
update care_cases
set confirmed_at = %(now)s,
    confirmed_by = %(by)s,
    confirmed_note = %(note)s
where id = %(case_id)s

-- name: care_case_reported
update care_cases
set reported_at = %(now)s,
    reported_by = %(by)s,
    reported_month = %(month)s
where id = %(case_id)s

-- name: note_care_contact
-- Writes down that somebody spoke with a resident, or saw him; his home is where he lives now.
insert into care_contacts (resident_id, home_id, how, at, recorded_at, note, who, staff_id)
select residents.id, residents.home_id, %(how)s, %(at)s, %(now)s, %(note)s, %(who)s, %(staff_id)s
from residents
where residents.id = %(resident_id)s
returning id

-- name: confirm_care_visit
-- Somebody looked into a visit that was in doubt; once.
insert into care_visit_checks (visit_id, at, who, note)
values (%(visit_id)s, %(now)s, %(who)s, %(note)s)
on conflict (visit_id) do nothing
