-- name: list_pauses
-- Which pauses do a rota's members have? By rota_pauses_rota.
select rota_pauses.id
from rota_pauses
join rotas on rotas.id = rota_pauses.rota_id
join areas on areas.code = rotas.area
where areas.path like %(below)s
  and rota_pauses.rota_id = %(rota_id)s
  and (%(after)s::bigint is null or rota_pauses.id > %(after)s)
order by rota_pauses.id
limit %(limit)s

-- name: hold_pause
-- Nobody else changes the pause until the transaction ends.
select id
from rota_pauses
where id = %(pause_id)s
for update

-- name: pauses_read
-- What are these pauses? By primary key; `path` says who may see them.
select rota_pauses.id::text as id, rota_pauses.rota_id::text as rota, rota_pauses.staff_id::text as staff,
  rota_pauses.from_at as "from", rota_pauses.to_at as "to", rotas.area, areas.path
from rota_pauses
join rotas on rotas.id = rota_pauses.rota_id
join areas on areas.code = rotas.area
where rota_pauses.id = any(%(ids)s)
