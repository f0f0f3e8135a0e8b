-- name: area_of_change
-- In which area did a device fall silent or was heard again, the longest ago? By device_changes_due; what another
-- process looks at is passed over.
select area
from device_changes
where look_at <= %(now)s
order by look_at
limit 1
for update skip locked

-- name: take_changes
-- Takes an area's changes out, also those that wait or are held: which devices changed, the newest last, held under which
-- outage? By device_changes_area.
with there as (
  select id
  from device_changes
  where area = %(area)s
  for update skip locked
), taken as (
  delete from device_changes
  using there
  where device_changes.id = there.id
  returning device_changes.id, device_changes.device_id, device_changes.outage_id
)
select device_id, outage_id
from taken
order by id

-- name: keep_changes
-- Puts back what is still to be looked at: at its time, or with the outage that it is held under.
insert into device_changes (device_id, area, at, state, look_at, outage_id)
select each.device_id, %(area)s, each.at, 'offline', each.look_at, each.outage_id
from unnest(%(device_ids)s::integer[], %(ats)s::timestamptz[], %(look_ats)s::timestamptz[], %(outage_ids)s::bigint[])
  as each (device_id, at, look_at, outage_id)

-- name: devices_heard_in
-- How does each device of an area stand that was ever heard, and the hub that it speaks through? By homes_area,
-- devices_home and the unique index on uid.
select devices.id, devices.uid, device_latest.state, device_latest.state_since, devices.kind, devices.home_id,
  devices.patrol_every_s, devices.offline_after_s, device_latest.usual_gap_s, device_latest.off_on_purpose,
  device_latest.flapping_since is not null, hub.uid, hub_latest.state, hub_latest.state_since
from homes
join devices on devices.home_id = homes.id
join device_latest on device_latest.device_id = devices.id
left join devices as hub on hub.uid = devices.hub_uid and hub.removed_at is null
left join device_latest as hub_latest on hub_latest.device_id = hub.id and hub_latest.state <> 'never'
where homes.area = %(area)s
  and homes.removed_at is null
  and devices.removed_at is null
  and device_latest.last_seen is not null
order by devices.id

-- name: path_of_area
-- Where does an area lie? By primary key.
select path
from areas
where code = %(code)s

-- name: open_warnings
-- Which warnings of silent devices are open in an area, for one of these devices, or for one of these hubs wherever it is?
-- Locked, in order. By alerts_open and alerts_open_of_device.
select id, device_uid, kind,
  area = %(area)s or device_uid = any(array(select uid from devices where id = any(%(device_ids)s::integer[])))
from alerts
where kind = any(%(kinds)s)
  and state <> 'closed'
  and device_uid is not null
  and (
    area = %(area)s
    or device_uid = any(array(select uid from devices where id = any(%(device_ids)s::integer[])))
    or device_uid = any(%(hubs)s::text[])
  )
order by id
for update

-- name: release_changes
-- Lets what was held under these alerts be looked at now. By device_changes_outage.
update device_changes
set look_at = %(now)s,
    outage_id = null
where outage_id = any(%(alert_ids)s::bigint[])

-- name: open_outages
-- Which outages of an area are open, and since when? Locked, in order. By alerts_open.
select id, raised_at
from alerts
where kind = 'area_outage'
  and state <> 'closed'
  and area = %(area)s
  and home_id is null
order by id
for update

-- name: last_outage_closed
-- When was an area's last outage closed? By alerts_outages.
select max(closed_at)
from alerts
where kind = 'area_outage'
  and state = 'closed'
  and area = %(area)s
  and home_id is null
