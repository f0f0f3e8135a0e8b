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
-- How does each device of an area stand that was ever heard? By homes_area and devices_home.
select devices.id, devices.uid, device_latest.state, device_latest.state_since, devices.kind, devices.patrol_every_s,
  devices.offline_after_s
from homes
join devices on devices.home_id = homes.id
join device_latest on device_latest.device_id = devices.id
where homes.area = %(area)s
  and homes.removed_at is null
  and devices.removed_at is null
  and device_latest.last_seen is not null
order by devices.id

-- name: open_warnings
-- Which warnings of silent devices are open in an area, or for one of these devices? Locked, in order. By alerts_open and
-- alerts_open_of_silent_device.
select id, device_uid
from alerts
where kind = %(kind)s
  and state <> 'closed'
  and device_uid is not null
  and (
    area = %(area)s
    or device_uid = any(array(select uid from devices where id = any(%(device_ids)s::integer[])))
  )
order by id
for update

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
