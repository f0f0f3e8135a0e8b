-- name: hold_member
-- Nobody else changes or names the responder until the transaction ends.
select id
from staff
where id = %(staff_id)s
  and removed_at is null
for update

-- name: list_staff
-- Who works within one's own area, in the order in which they were registered?
select staff.id
from staff
join areas on areas.code = staff.area
where areas.path like %(below)s
  and staff.removed_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(q)s::text is null or starts_with(lower(staff.name), lower(%(q)s)))
  and (%(after)s::bigint is null or staff.id > %(after)s)
order by staff.id
limit %(limit)s

-- name: staff_read
-- Who are these people? By primary key; `path` says who may see them.
select staff.id::text as id, staff.name, staff.phone, staff.area, staff.language, staff.skills, staff.opted_out_at,
  staff.created_at, areas.path
from staff
join areas on areas.code = staff.area
where staff.id = any(%(ids)s)
  and staff.removed_at is null

-- name: uses_of_staff
-- Who counts on somebody still?
select 'rotas', count(*), (array_agg(rota_id::text order by rota_id))[1:5]
from (select distinct rota_id from rota_members where staff_id = %(staff_id)s) as member_of
having count(*) > 0
union all
select 'policies', count(*), (array_agg(policy_id::text order by policy_id))[1:5]
from (select distinct policy_id from policy_steps where staff_id = %(staff_id)s) as told_by
having count(*) > 0
union all
select 'overrides that are not over', count(*), (array_agg(id::text order by id))[1:5]
from overrides
where staff_id = %(staff_id)s
  and to_at > %(now)s
having count(*) > 0
union all
select 'swaps that are not decided', count(*), (array_agg(id::text order by id))[1:5]
from swaps
where %(staff_id)s in (asked_by, staff_id)
  and state = 'asked'
having count(*) > 0
union all
select 'open alerts', count(*), (array_agg(id::text order by id))[1:5]
from alerts
where accepted_by_staff = %(staff_id)s
  and state <> 'closed'
having count(*) > 0
union all
select 'open visits', count(*), (array_agg(id::text order by id))[1:5]
from visits
where staff_id = %(staff_id)s
  and state not in ('completed', 'followed_up', 'failed', 'cancelled')
having count(*) > 0
union all
select 'users', count(*), (array_agg(id::text order by id))[1:5]
from users
where staff_id = %(staff_id)s
  and disabled_at is null
having count(*) > 0

-- name: names_of_staff
-- Who are these people, and can they be told? By primary key; those who have left too.
select id, name, removed_at is null and opted_out_at is null
from staff
where id = any(%(staff_ids)s)

-- name: own_channels_read
-- By which ways of his own is somebody told? By staff_channels_staff.
select id, kind, name, address, quiet_from, quiet_to, timezone, created_at, failed_at, failure
from staff_channels
where staff_id = %(staff_id)s
order by id
