-- name: policies_up
-- Which policies are there for these areas, of each area its own first, then those of the areas above it?
select here.code, policies.id, policies.area, policies.repeat, policies.kinds, policies.severities, policies.hours_from,
  policies.hours_to, policies.hours_timezone
from areas as here
join areas as above on starts_with(here.path, above.path)
join policies on policies.area = above.code
where here.code = any(%(areas)s)
order by here.code, length(above.path) desc, policies.id

-- name: policy_steps
select policy_id, after_s, rota_id, staff_id, channels, channel_delay_s
from policy_steps
where policy_id = any(%(policy_ids)s)
order by policy_id, position

-- name: rotas_by_id
select rotas.id, rotas.timezone, rotas.kind, rotas.length, rotas.start,
  coalesce(array_agg(rota_members.staff_id order by rota_members.position)
    filter (where rota_members.staff_id is not null), '{}'),
  rotas.windows, rotas.days, rotas.holidays, rotas.name, rotas.area
from rotas
left join rota_members on rota_members.rota_id = rotas.id
where rotas.id = any(%(rota_ids)s)
group by rotas.id

-- name: overrides_of_rotas
-- Only those that are not over: a hand-off in the past can no longer change who has it now.
select rota_id, id, from_at, to_at, staff_id
from overrides
where rota_id = any(%(rota_ids)s)
  and to_at > %(at)s

-- name: pauses_of_rotas
-- Whose turns pass to the next, and when? Only pauses that are not over at that time.
select rota_id, staff_id, from_at, to_at
from rota_pauses
where rota_id = any(%(rota_ids)s)
  and (to_at is null or to_at > %(at)s)
order by id

-- name: reachable_staff
-- Who can be told? Nobody who has left or asked for no more messages.
select id, name
from staff
where id = any(%(staff_ids)s)
  and removed_at is null
  and opted_out_at is null
