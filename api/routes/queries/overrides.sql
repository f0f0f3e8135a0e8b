-- name: hold_override
-- Nobody else changes the override until the transaction ends.
select id
from overrides
where id = %(override_id)s
for update

-- name: list_overrides
-- Which overrides are there of rotas within one's own area, over which time?
select overrides.id
from overrides
join rotas on rotas.id = overrides.rota_id
join areas on areas.code = rotas.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(rota_id)s::bigint is null or overrides.rota_id = %(rota_id)s)
  and (%(staff_id)s::bigint is null or overrides.staff_id = %(staff_id)s)
  and (%(from)s::timestamptz is null or overrides.to_at > %(from)s)
  and (%(to)s::timestamptz is null or overrides.from_at < %(to)s)
  and (%(after)s::bigint is null or overrides.id > %(after)s)
order by overrides.id
limit %(limit)s

-- name: overrides_read
-- What are these overrides? By primary key; `path` says who may see them.
select overrides.id::text as id, overrides.rota_id::text as rota, overrides.from_at as "from", overrides.to_at as "to",
  overrides.staff_id::text as staff, rotas.area, areas.path
from overrides
join rotas on rotas.id = overrides.rota_id
join areas on areas.code = rotas.area
where overrides.id = any(%(ids)s)
