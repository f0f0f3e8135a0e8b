-- name: fleet_counts
-- How many devices stand how?
select coalesce(device_latest.state, 'never') as state, count(*)
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
  and areas.path like %(below)s
group by 1

-- name: fleet
-- A page of devices by uid, of one state or of all, whose uid begins so.
select devices.uid, devices.kind, coalesce(device_latest.state, 'never') as state, device_latest.state_since,
  device_latest.last_seen, device_latest.battery, device_latest.rssi, device_latest.fw, homes.address,
  areas.name as area, resident.name as resident
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
  order by residents.id
  limit 1
) as resident on true
where devices.removed_at is null
  and areas.path like %(below)s
  and (%(state)s::text is null or coalesce(device_latest.state, 'never') = %(state)s)
  and starts_with(devices.uid, %(begins)s)
  and devices.uid > %(after)s
order by devices.uid
limit %(limit)s

-- name: device_file
-- Everything that is known of one device; nothing where this user does not see its area.
select devices.id, devices.uid, devices.kind, devices.format, devices.topic, devices.hub_uid, devices.patrol_every_s,
  coalesce(device_latest.state, 'never') as state, device_latest.state_since, device_latest.last_seen,
  device_latest.expected_by, device_latest.battery, device_latest.rssi, device_latest.temperature, device_latest.fw,
  device_latest.model, device_latest.presence, device_latest.persons, device_latest.last_patrol_at, homes.address,
  place.names as places, resident.name as resident, open_alert.id as alert_id
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
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
