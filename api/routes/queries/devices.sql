-- name: hold_device
-- Nobody else changes or names the device until the transaction ends.
select uid
from devices
where uid = %(uid)s
  and removed_at is null
for update

-- name: list_devices
-- Which devices stand within one's own area, in the order of their uids?
select devices.uid
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
where areas.path like %(below)s
  and devices.removed_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(home_id)s::bigint is null or devices.home_id = %(home_id)s)
  and (%(kind)s::text is null or devices.kind = %(kind)s)
  and (%(hub)s::text is null or devices.hub_uid = %(hub)s)
  and (%(state)s::text is null or coalesce(device_latest.state, 'never') = %(state)s)
  and (
    %(problem)s::text is null
    or devices.id in (select device_id from device_latest where problems <> '{}' and %(problem)s = any(problems))
  )
  and (%(q)s::text is null or starts_with(lower(devices.uid), lower(%(q)s)))
  and (%(after)s::text is null or devices.uid > %(after)s)
order by devices.uid
limit %(limit)s

-- name: uses_of_device
-- Which devices speak through a hub?
select 'devices that speak through it', count(*), (array_agg(uid order by uid))[1:5]
from devices
where hub_uid = %(uid)s
  and removed_at is null
having count(*) > 0

-- name: device_events
-- What was a device heard to say in its home, newest first? By the unique index of events, backwards.
select events.time as at, events.kind, events.received_at, events.battery, events.rssi, events.persons,
  events.presence, events.temperature, events.message_id, events.extra
from devices
join events on events.device_id = devices.id
where devices.uid = %(uid)s
  and devices.removed_at is null
  and (devices.placed_at is null or events.received_at >= devices.placed_at)
  and events.time >= %(from)s
  and events.time < %(to)s
  and (%(kind)s::smallint is null or events.kind = %(kind)s)
  and (
    %(after)s::timestamptz is null
    or (events.time, events.kind, events.message_id) < (%(after)s, %(after_kind)s::smallint, %(after_id)s::text)
  )
order by events.time desc, events.kind desc, events.message_id desc
limit %(limit)s

-- name: device_series
-- How did a reading of a device run, in buckets of one width, oldest first? By the unique index of events.
select bucket as at, min(value), max(value), avg(value), count(value)
from (
  select date_bin(%(width)s, events.time, %(origin)s) as bucket,
    case %(metric)s::text
      when 'battery' then events.battery::double precision
      when 'rssi' then events.rssi::double precision
      when 'temperature' then round(events.temperature::numeric, 2)::double precision
      when 'persons' then events.persons::double precision
      when 'presence' then events.presence::integer::double precision
    end as value
  from devices
  join events on events.device_id = devices.id
  where devices.uid = %(uid)s
    and devices.removed_at is null
    and (devices.placed_at is null or events.received_at >= devices.placed_at)
    and events.time >= %(from)s
    and events.time < %(to)s
) as readings
where value is not null
group by bucket
order by bucket
limit %(limit)s
