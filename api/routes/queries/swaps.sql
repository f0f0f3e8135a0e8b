-- name: list_swaps
-- Which swaps are there, the newest first, of rotas within one's own area, and those that one has a part in oneself?
select swaps.id
from swaps
join rotas on rotas.id = swaps.rota_id
join areas on areas.code = rotas.area
where (areas.path like %(below)s or %(me)s::bigint in (swaps.asked_by, swaps.staff_id))
  and (%(rota_id)s::bigint is null or swaps.rota_id = %(rota_id)s)
  and (%(staff_id)s::bigint is null or %(staff_id)s in (swaps.asked_by, swaps.staff_id))
  and (%(state)s::text is null or swaps.state = %(state)s)
  and (%(after)s::bigint is null or swaps.id < %(after)s)
order by swaps.id desc
limit %(limit)s

-- name: swaps_read
-- What are these swaps, and what happened to them? By primary key and swap_timeline_swap; `path` says who may see them.
select swaps.id::text as id, swaps.rota_id::text as rota, swaps.from_at as "from", swaps.to_at as "to",
  swaps.asked_by::text as asked_by, swaps.staff_id::text as staff, swaps.state, swaps.asked_at, swaps.decided_at,
  swaps.override_id::text as override, rotas.area, coalesce(happened.rows, '[]') as timeline, areas.path
from swaps
join rotas on rotas.id = swaps.rota_id
join areas on areas.code = rotas.area
left join lateral (
  select jsonb_agg(
    jsonb_build_object(
      'at', swap_timeline.at, 'what', swap_timeline.what, 'who', swap_timeline.who, 'detail', swap_timeline.detail
    )
    order by swap_timeline.id
  ) as rows
  from swap_timeline
  where swap_timeline.swap_id = swaps.id
) as happened on true
where swaps.id = any(%(ids)s)
