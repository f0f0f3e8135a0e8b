-- name: hold_rota
-- Nobody else changes or names the rota until the transaction ends.
select id
from rotas
where id = %(rota_id)s
for update

-- name: list_rotas
-- Which rotas are there within one's own area?
select rotas.id
from rotas
join areas on areas.code = rotas.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(q)s::text is null or starts_with(lower(rotas.name), lower(%(q)s)))
  and (%(after)s::bigint is null or rotas.id > %(after)s)
order by rotas.id
limit %(limit)s

-- name: rotas_read
-- What are these rotas? By primary key; `path` says who may see them.
select rotas.id::text as id, rotas.name, rotas.area, rotas.timezone, rotas.kind, rotas.length, rotas.start,
  coalesce(members.ids, '{}') as members, rotas.windows, rotas.days, rotas.holidays, areas.path
from rotas
join areas on areas.code = rotas.area
left join lateral (
  select array_agg(rota_members.staff_id::text order by rota_members.position) as ids
  from rota_members
  where rota_members.rota_id = rotas.id
) as members on true
where rotas.id = any(%(ids)s)

-- name: uses_of_rota
-- Which policies tell whoever has a rota's shift?
select 'policies', count(*), (array_agg(policy_id::text order by policy_id))[1:5]
from (select distinct policy_id from policy_steps where rota_id = %(rota_id)s) as told_by
having count(*) > 0
