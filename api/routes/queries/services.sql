-- name: hold_service
-- Nobody else changes or names the service until the transaction ends.
select code
from services
where code = %(code)s
  and removed_at is null
for update

-- name: list_services
-- What can a visit be for? By primary key.
select code
from services
where removed_at is null
  and (%(q)s::text is null or starts_with(lower(name), lower(%(q)s)))
  and (%(after)s::text is null or code > %(after)s)
order by code
limit %(limit)s

-- name: services_read
-- What are these services? By primary key.
select code as id, code, name, name_en, usual_minutes, needs, every_days
from services
where code = any(%(ids)s)
  and removed_at is null

-- name: insert_service
-- Adds a service, or one that was removed again; one that came with Anju and that nobody has written over gives way.
insert into services (code, name, name_en, usual_minutes, needs, every_days)
values (%(code)s, %(name)s, %(name_en)s, %(usual_minutes)s, %(needs)s, %(every_days)s)
on conflict (code) do update
set name = excluded.name,
    name_en = excluded.name_en,
    usual_minutes = excluded.usual_minutes,
    needs = excluded.needs,
    every_days = excluded.every_days,
    shipped = false,
    removed_at = null
where services.removed_at is not null
   or services.shipped

-- name: set_service
-- Writes a service's new state.
update services
set name = %(name)s,
    name_en = %(name_en)s,
    usual_minutes = %(usual_minutes)s,
    needs = %(needs)s,
    every_days = %(every_days)s,
    shipped = false
where code = %(code)s

-- name: remove_service
-- No new visit is for it; those that were keep its name.
update services
set removed_at = %(now)s
where code = %(code)s

-- name: uses_of_service
-- Which visits are still for a service?
select 'open visits', count(*), (array_agg(id::text order by id))[1:5]
from visits
where service = %(code)s
  and state not in ('completed', 'followed_up', 'failed', 'cancelled')
having count(*) > 0
