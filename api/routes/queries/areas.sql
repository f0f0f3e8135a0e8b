-- name: hold_area
-- Nobody else changes or names the area until the transaction ends.
select code
from areas
where code = %(code)s
for update

-- name: list_areas
-- Which areas lie within one's own, each before those below it? By the unique index on path.
select areas.path, areas.code
from areas
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(parent)s::text is null or areas.parent = %(parent)s)
  and (%(level)s::text is null or areas.level = %(level)s)
  and (%(q)s::text is null or starts_with(lower(areas.name), lower(%(q)s)))
  and (%(after)s::text is null or areas.path > %(after)s)
order by areas.path
limit %(limit)s

-- name: areas_read
-- What are these areas? By primary key.
select code as id, code, name, level, parent, shift_test, path
from areas
where code = any(%(ids)s)

-- name: set_shift_test
-- Whether every phone is tried when a shift begins here.
update areas
set shift_test = %(shift_test)s
where code = %(code)s

-- name: uses_of_area
-- What still lies in an area or names it? Also what is over: it has to say where it was.
select 'areas below it', count(*), (array_agg(code order by code))[1:5]
from areas
where parent = %(code)s
having count(*) > 0
union all
select 'homes (removed ones count)', count(*), (array_agg(id::text order by id))[1:5]
from homes
where area = %(code)s
having count(*) > 0
union all
select 'staff (former ones count)', count(*), (array_agg(id::text order by id))[1:5]
from staff
where area = %(code)s
having count(*) > 0
union all
select 'users (removed ones count)', count(*), (array_agg(id::text order by id))[1:5]
from users
where area = %(code)s
having count(*) > 0
union all
select 'rotas', count(*), (array_agg(id::text order by id))[1:5]
from rotas
where area = %(code)s
having count(*) > 0
union all
select 'policies', count(*), (array_agg(id::text order by id))[1:5]
from policies
where area = %(code)s
having count(*) > 0
union all
select 'alerts', count(*), (array_agg(id::text order by id))[1:5]
from alerts
where area = %(code)s
having count(*) > 0
union all
select 'visits', count(*), (array_agg(id::text order by id))[1:5]
from visits
where area = %(code)s
having count(*) > 0
union all
select 'patrol rounds', count(*), (array_agg(id::text order by id))[1:5]
from patrol_rounds
where area = %(code)s
having count(*) > 0

-- name: times_of_areas
-- Which areas within one's own have their own times, or their own hour for low alerts?
select areas.code, digest_hours.at_hour, digest_hours.timezone,
  coalesce(
    (
      select jsonb_object_agg(
        answer_times.severity,
        jsonb_build_object(
          'accepted_s', answer_times.accepted_s, 'en_route_s', answer_times.en_route_s,
          'arrived_s', answer_times.arrived_s, 'asked_s', answer_times.asked_s
        )
      )
      from answer_times
      where answer_times.area = areas.code
    ),
    '{}'
  )
from areas
left join digest_hours on digest_hours.area = areas.code
where areas.path like %(below)s
  and (%(code)s::text is null or areas.code = %(code)s)
  and (
    digest_hours.area is not null
    or exists (
      select
      from answer_times
      where answer_times.area = areas.code
    )
  )
order by areas.path
