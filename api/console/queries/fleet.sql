-- name: fleet
-- A page of devices by uid: of all states or online ones, of one kind, in one area, whose uid begins so. By the unique index on uid.
select devices.uid
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
  and areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(state)s::text is null or device_latest.state = %(state)s)
  and (%(kind)s::text is null or devices.kind = %(kind)s)
  and starts_with(devices.uid, %(begins)s)
  and devices.uid > %(after)s
order by devices.uid
limit %(limit)s

-- name: fleet_of_some
-- The same of the few that have a problem, or a state that is not well. By the partial indexes on problems and state.
with chosen as materialized (
  select device_id
  from device_latest
  where state <> 'online'
    and state = %(state)s
    and (%(problem)s::text is null or %(problem)s = any(problems))
  union
  select device_id
  from device_latest
  where problems <> '{}'
    and %(problem)s = any(problems)
    and (%(state)s::text is null or state = %(state)s)
)
select devices.uid
from chosen
join devices on devices.id = chosen.device_id
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
where devices.removed_at is null
  and areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(kind)s::text is null or devices.kind = %(kind)s)
  and starts_with(devices.uid, %(begins)s)
  and devices.uid > %(after)s
order by devices.uid
limit %(limit)s

-- name: fleet_rows
-- These devices as the table shows them. By the unique index on uid.
select devices.uid, devices.kind, coalesce(device_latest.state, 'never') as state, device_latest.state_since,
  device_latest.last_seen, device_latest.battery, device_latest.battery_flat_on, device_latest.rssi, device_latest.linkquality,
  device_latest.fw, coalesce(device_latest.problems, '{}') as problems, homes.address, areas.name as area,
  resident.name as resident
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
) as resident on true
where devices.uid = any(%(uids)s)
order by devices.uid

-- name: area_above
-- Which area lies above one, where this user sees it? By primary keys.
select above.code
from areas
join areas as above on above.code = areas.parent
where areas.code = %(code)s
  and above.path like %(below)s

-- name: device_file
-- Everything that is known of one device; nothing where this user does not see its area.
select devices.id, devices.uid, devices.kind, devices.format, devices.topic, devices.hub_uid, devices.patrol_every_s,
  coalesce(device_latest.state, 'never') as state, device_latest.state_since, device_latest.last_seen,
  device_latest.expected_by, device_latest.battery, device_latest.rssi, device_latest.temperature, device_latest.fw,
  device_latest.model, device_latest.presence, device_latest.persons, device_latest.last_patrol_at, homes.address,
  homes.area, place.names as places, resident.name as resident, open_alert.id as alert_id,
  devices.password_hash is not null as has_password, devices.replaces, homes.id as home_id
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
) as resident on true
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level <> 'city'
) as place on true
left join lateral (
  select alerts.id
  from alerts
  where alerts.home_id = homes.id
    and alerts.state <> 'closed'
  order by alerts.raised_at
  limit 1
) as open_alert on true
where devices.uid = %(uid)s
  and devices.removed_at is null
  and areas.path like %(below)s

-- name: device_events
-- What did a device say lately? By the series' key, within the days that are asked for.
select time, kind, battery, rssi, persons, presence, temperature, extra
from events
where device_id = %(device_id)s
  and time > %(since)s
order by time desc
limit %(limit)s
