-- name: device_of_scope
-- Which device is that, and in which area does it stand? By the unique index on uid.
select devices.id, areas.path
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
where devices.uid = %(uid)s
  and devices.removed_at is null

-- name: list_thresholds
-- What is set otherwise than usual within an area and below it, and above it for it? Few rows. By warning_thresholds_scope.
select each.rule, each.area, each.device_kind, each.home_id, devices.uid, each.own, each.enabled
from warning_thresholds as each
left join devices on devices.id = each.device_id
left join homes on homes.id = coalesce(each.home_id, devices.home_id)
left join areas on areas.code = coalesce(each.area, homes.area)
where (%(rule)s::text is null or each.rule = %(rule)s)
  and (
    areas.path like %(below)s
    or (each.home_id is null and each.device_id is null and starts_with(%(path)s, coalesce(areas.path, '/')))
  )
order by each.rule, length(coalesce(areas.path, '')), areas.path, each.id
