-- name: visit_to_assign
-- When and where is a visit, and what does it take to do it? By primary key.
select visits.due_from, visits.due_to, services.usual_minutes, homes.lat, homes.lon, visits.area, services.needs,
  visits.service, visits.alert_id is not null
from visits
left join services on services.code = visits.service
left join homes on homes.id = visits.home_id
where visits.id = %(visit_id)s

-- name: hold_goer
-- Whoever is given a visit, held: two visits given to him at once see each other. By primary key.
select name
from staff
where id = %(staff_id)s
for no key update

-- name: visits_before_staff
-- What do these people have before them? By visits_before_staff.
select visits.staff_id, visits.id, visits.state, visits.alert_id is not null, visits.due_from, visits.due_to,
  services.usual_minutes, homes.lat, homes.lon
from visits
left join services on services.code = visits.service
left join homes on homes.id = visits.home_id
where visits.staff_id = any(%(staff_ids)s)
  and visits.state not in ('completed', 'followed_up', 'failed', 'cancelled')
order by visits.id

-- name: who_could_go
-- Who works here, next door or above, or is on shift; where was he shown to be last (by visits_staff), else where are his
-- village's or township's homes (the middle of a county is nowhere); and did he decline this visit (by
-- visit_timeline_visit)?
with near as (
  select here.path, coalesce(above.path, here.path) as around
  from areas as here
  left join areas as above on above.code = here.parent
  where here.code = %(area)s
),
people as (
  select staff.id, staff.name, staff.area, staff.skills, areas.path, areas.level,
    starts_with(near.path, areas.path) as in_area
  from staff
  join areas on areas.code = staff.area
  left join near on true
  where staff.removed_at is null
    and (areas.path like %(below)s or starts_with(near.path, areas.path))
    and (
      near.path is null
      or starts_with(near.path, areas.path)
      or starts_with(areas.path, near.around)
      or staff.id = any(%(on_shift)s)
    )
  order by staff.id = any(%(on_shift)s) desc, starts_with(near.path, areas.path) desc, staff.id
  limit %(limit)s
),
middle as (
  select worked.path, avg(homes.lat) as lat, avg(homes.lon) as lon
  from (select distinct path from people where level in ('township', 'village')) as worked
  join areas on starts_with(areas.path, worked.path)
  join homes on homes.area = areas.code
  where homes.removed_at is null
    and homes.lat is not null
  group by worked.path
)
select people.id, people.name, people.area, people.skills, coalesce(people.in_area, false),
  coalesce(shown.lat, middle.lat), coalesce(shown.lon, middle.lon),
  exists (
    select
    from visit_timeline
    where visit_timeline.visit_id = %(visit_id)s
      and visit_timeline.what = 'declined'
      and visit_timeline.staff_id = people.id
  )
from people
left join middle on middle.path = people.path
left join lateral (
  select (last.arrived_proof ->> 'lat')::double precision as lat,
    (last.arrived_proof ->> 'lon')::double precision as lon
  from (
    select visits.arrived_proof
    from visits
    where visits.staff_id = people.id
    order by visits.requested_at desc
    limit 5
  ) as last
  where last.arrived_proof ? 'lat'
  limit 1
) as shown on true
order by people.id

-- name: set_skills
update staff
set skills = %(skills)s
where id = %(staff_id)s
