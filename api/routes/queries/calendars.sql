-- name: list_calendars
-- Which calendars did one make oneself, or, as one who staffs the area, did anybody make there? Not those that are revoked.
select calendars.id
from calendars
left join staff on staff.id = calendars.staff_id
left join rotas on rotas.id = calendars.rota_id
join areas on areas.code = coalesce(staff.area, rotas.area)
where calendars.revoked_at is null
  and (calendars.made_by = %(me)s or (%(all)s and areas.path like %(below)s))
  and (%(after)s::bigint is null or calendars.id > %(after)s)
order by calendars.id
limit %(limit)s

-- name: calendars_read
-- What are these calendars? By primary key; `path` says who may see them.
select calendars.id::text as id, calendars.staff_id::text as staff, calendars.rota_id::text as rota,
  calendars.made_by::text as made_by, calendars.created_at, coalesce(staff.area, rotas.area) as area, areas.path
from calendars
left join staff on staff.id = calendars.staff_id
left join rotas on rotas.id = calendars.rota_id
join areas on areas.code = coalesce(staff.area, rotas.area)
where calendars.id = any(%(ids)s)
  and calendars.revoked_at is null
