-- name: hold_home
-- Nobody else changes or names the home until the transaction ends.
select id
from homes
where id = %(home_id)s
  and removed_at is null
for update

-- name: list_homes
-- Which homes stand within one's own area, in the order in which they were registered?
select homes.id
from homes
join areas on areas.code = homes.area
where areas.path like %(below)s
  and homes.removed_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(q)s::text is null or strpos(lower(homes.address), lower(%(q)s)) > 0)
  and (%(after)s::bigint is null or homes.id > %(after)s)
order by homes.id
limit %(limit)s

-- name: homes_read
-- What are these homes? By primary key; `path` says who may see them.
select homes.id::text as id, homes.address, homes.area, homes.lat, homes.lon, homes.key_note, homes.created_at, areas.path
from homes
join areas on areas.code = homes.area
where homes.id = any(%(ids)s)
  and homes.removed_at is null

-- name: uses_of_home
-- Who lives in a home still, what stands there, what goes on there?
select 'residents', count(*), (array_agg(id::text order by id))[1:5]
from residents
where home_id = %(home_id)s
  and removed_at is null
having count(*) > 0
union all
select 'devices', count(*), (array_agg(uid order by uid))[1:5]
from devices
where home_id = %(home_id)s
  and removed_at is null
having count(*) > 0
union all
select 'open alerts', count(*), (array_agg(id::text order by id))[1:5]
from alerts
where home_id = %(home_id)s
  and state <> 'closed'
having count(*) > 0
union all
select 'open visits', count(*), (array_agg(id::text order by id))[1:5]
from visits
where home_id = %(home_id)s
  and state not in ('completed', 'followed_up', 'failed', 'cancelled')
having count(*) > 0
