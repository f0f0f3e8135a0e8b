-- name: alerts_behind
-- The alerts that a figure of a report counted.
select alerts.id, alerts.kind as name, homes.address, areas.code as area, areas.name as area_name, alerts.raised_at as at
from alerts
left join homes on homes.id = alerts.home_id
left join areas on areas.code = alerts.area
where alerts.id = any(%(ids)s)
order by alerts.id

-- name: visits_behind
-- The visits that a figure of a report counted.
select visits.id, coalesce(services.name, alerts.kind, '') as name, homes.address, areas.code as area,
  areas.name as area_name, visits.requested_at as at
from visits
left join services on services.code = visits.service
left join alerts on alerts.id = visits.alert_id
left join homes on homes.id = visits.home_id
left join areas on areas.code = visits.area
where visits.id = any(%(ids)s)
order by visits.id

-- name: homes_behind
-- The homes that a figure of a report counted.
select homes.id, homes.address as name, homes.address, areas.code as area, areas.name as area_name,
  null::timestamptz as at
from homes
join areas on areas.code = homes.area
where homes.id = any(%(ids)s)
order by homes.id

-- name: residents_behind
-- The residents that a figure of a report counted.
select residents.id, residents.name, homes.address, areas.code as area, areas.name as area_name, null::timestamptz as at
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
where residents.id = any(%(ids)s)
order by residents.id

-- name: devices_behind
-- The devices that a figure of a report counted.
select devices.id, devices.uid as name, homes.address, areas.code as area, areas.name as area_name,
  device_latest.last_seen as at
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
where devices.id = any(%(ids)s)
order by devices.id
