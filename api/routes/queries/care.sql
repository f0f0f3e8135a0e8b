-- name: list_care_due
-- Who is to be seen, those due the longest first? By care_states_due. `noted`: somebody spoke with him since, and the look that
-- counts it comes in a moment.
select care_states.due_at, residents.id, residents.name, residents.home_id, homes.area, areas.name as area_name,
  homes.address, residents.risk, residents.category, care_states.why, care_states.seen_at, care_states.seen_by,
  care_states.remote_at, gap.id as case_id, gap.alert_id, staff.name as assigned_to,
  exists (
    select
    from care_contacts
    where care_contacts.resident_id = residents.id
      and care_contacts.at > coalesce(care_states.seen_at, '-infinity')
  ) as noted
from care_states
join residents on residents.id = care_states.resident_id
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
left join lateral (
  select care_cases.id, care_cases.alert_id, care_cases.assigned_staff
  from care_cases
  where care_cases.home_id = homes.id
    and care_cases.made_good_at is null
  order by care_cases.id desc
  limit 1
) as gap on true
left join staff on staff.id = gap.assigned_staff
where care_states.due_at > %(from)s
  and care_states.due_at <= %(until)s
  and (
    %(after_due)s::timestamptz is null
    or (care_states.due_at, residents.id) > (%(after_due)s::timestamptz, %(after_id)s::bigint)
  )
  and areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
order by care_states.due_at, residents.id
limit %(limit)s

-- name: resident_in_sight
-- Where does a resident live? By primary key.
select residents.id, homes.area, areas.path
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
where residents.id = %(resident_id)s
  and residents.removed_at is null

-- name: care_state_of
-- When was a resident seen, and when is he due? By primary key.
select due_at, why, seen_at, seen_by, remote_at
from care_states
where resident_id = %(resident_id)s

-- name: contacts_of_resident
-- Who spoke with a resident or saw him, the newest first? By care_contacts_resident.
select id, how, at, recorded_at, note, who
from care_contacts
where resident_id = %(resident_id)s
order by at desc, id desc
limit %(limit)s

-- name: list_care_standards
-- Which standards are set within one's area, and above it for it?
select care_standards.area, care_standards.category, care_standards.risk, care_standards.from_age,
  care_standards.every_days, care_standards.remote
from care_standards
left join areas on areas.code = care_standards.area
where care_standards.area is null
   or areas.path like %(below)s
   or starts_with(%(path)s, areas.path)
order by length(areas.path) nulls first, care_standards.category, care_standards.risk, care_standards.from_age

-- name: list_care_occasions
-- Which occasions are there within one's area, and above it for it, that are not over? By care_occasions_time.
select care_occasions.id, care_occasions.kind, care_occasions.name, care_occasions.area, care_occasions.from_at,
  care_occasions.until_at, care_occasions.factor, care_occasions.every_days, care_occasions.created_by
from care_occasions
left join areas on areas.code = care_occasions.area
where care_occasions.ended_at is null
  and care_occasions.until_at > %(now)s
  and (
    care_occasions.area is null
    or areas.path like %(below)s
    or starts_with(%(path)s, areas.path)
  )
order by care_occasions.from_at, care_occasions.id
limit 200

-- name: care_occasion_of
-- Whose is an occasion? By primary key.
select care_occasions.id, care_occasions.area, areas.path
from care_occasions
left join areas on areas.code = care_occasions.area
where care_occasions.id = %(id)s
  and care_occasions.ended_at is null

-- name: list_care_cases
-- Which gaps were found, the newest first? By care_cases_found.
select care_cases.found_at, care_cases.id
from care_cases
join alerts on alerts.id = care_cases.alert_id
join areas on areas.code = alerts.area
where areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(from)s::timestamptz is null or care_cases.found_at >= %(from)s)
  and (%(to)s::timestamptz is null or care_cases.found_at < %(to)s)
  and (%(month)s::date is null or care_cases.reported_month = %(month)s)
  and (
    %(states)s::text[] is null
    or case
      when care_cases.reported_at is not null then 'reported'
      when care_cases.confirmed_at is not null then 'confirmed'
      when care_cases.made_good_at is not null then 'made_good'
      when care_cases.assigned_at is not null then 'assigned'
      else 'found'
    end = any(%(states)s::text[])
  )
  and (
    %(after_at)s::timestamptz is null
    or (care_cases.found_at, care_cases.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)
  )
order by care_cases.found_at desc, care_cases.id desc
limit %(limit)s

-- name: care_cases_read
-- What became of these gaps? By primary keys; `path` says who may see them.
select care_cases.id::text as id, care_cases.alert_id::text as alert, care_cases.home_id::text as home, homes.address,
  alerts.area, areas.path, areas.name as area_name, alerts.text as due_on, alerts.severity,
  care_cases.found_at, care_cases.assigned_at, care_cases.assigned_staff::text as assigned_to,
  staff.name as assigned_name, care_cases.assigned_by, care_cases.made_good_at, care_cases.made_good_how,
  care_cases.made_good_ref::text as made_good_ref, care_cases.made_good_by, care_cases.made_good_note,
  care_cases.confirmed_at, care_cases.confirmed_by, care_cases.confirmed_note, care_cases.reported_at,
  care_cases.reported_by, to_char(care_cases.reported_month, 'YYYY-MM') as reported_month,
  case
    when care_cases.reported_at is not null then 'reported'
    when care_cases.confirmed_at is not null then 'confirmed'
    when care_cases.made_good_at is not null then 'made_good'
    when care_cases.assigned_at is not null then 'assigned'
    else 'found'
  end as state
from care_cases
join alerts on alerts.id = care_cases.alert_id
join homes on homes.id = care_cases.home_id
join areas on areas.code = alerts.area
left join staff on staff.id = care_cases.assigned_staff
where care_cases.id = any(%(ids)s)
