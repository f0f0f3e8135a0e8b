-- name: hold_resident
-- Nobody else changes the resident until the transaction ends.
select id
from residents
where id = %(resident_id)s
  and removed_at is null
for update

-- name: list_residents
-- Who lives within one's own area, in the order in which they were registered?
select residents.id
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
where areas.path like %(below)s
  and residents.removed_at is null
  and (residents.left_at is not null) = %(left)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(home_id)s::bigint is null or residents.home_id = %(home_id)s)
  and (%(category)s::text is null or %(category)s = any(residents.category))
  and (%(q)s::text is null or starts_with(lower(residents.name), lower(%(q)s)))
  and (%(after)s::bigint is null or residents.id > %(after)s)
order by residents.id
limit %(limit)s

-- name: residents_read
-- Who are these residents? By primary key; `path` says who may see them.
select residents.id::text as id, residents.name, residents.home_id::text as home, homes.area, residents.birth_date,
  residents.phone, residents.sex, residents.category, residents.notes, residents.contacts, residents.language,
  residents.risk, residents.worse_since, residents.left_at, residents.left_why, residents.created_at, areas.path
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
where residents.id = any(%(ids)s)
  and residents.removed_at is null
