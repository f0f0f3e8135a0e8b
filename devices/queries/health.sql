-- name: beat
-- A role says that it is up; after a gap it counts as up only from now on.
insert into role_beats (role, up_since, beat_at, counters)
values (%(role)s, %(now)s, %(now)s, %(counters)s)
on conflict (role) do update
set up_since = case
      when role_beats.beat_at < %(now)s::timestamptz - %(gap)s::interval then excluded.up_since
      else role_beats.up_since
    end,
    beat_at = excluded.beat_at,
    counters = excluded.counters

-- name: ingest_up_since
-- Since when has the bulk lane been listening without a gap? Null while it is not.
select up_since
from role_beats
where role = 'gateway-bulk'
  and beat_at >= %(now)s::timestamptz - %(gap)s::interval

-- name: due_devices
-- Whose time to speak has passed? By the partial index on expected_by; rows another sweep holds are passed over.
select device_latest.device_id, devices.kind, devices.patrol_every_s, devices.offline_after_s,
  device_latest.last_seen, device_latest.said_offline
from device_latest
join devices on devices.id = device_latest.device_id
where device_latest.expected_by < %(now)s
order by device_latest.expected_by
limit %(limit)s
for update of device_latest skip locked

-- name: store_judgements
-- Writes what the sweep decided; tells open pages of those whose state changed, and the rules of those that fell silent
-- or were heard again.
with judged as (
  select *
  from unnest(%(device_ids)s::integer[], %(states)s::text[], %(expecteds)s::timestamptz[])
    as each (device_id, state, expected_by)
), before as (
  select device_latest.device_id, device_latest.state
  from device_latest
  join judged using (device_id)
), changed as (
  update device_latest
  set state = judged.state,
      state_since = case when device_latest.state = judged.state then device_latest.state_since else %(now)s end,
      expected_by = judged.expected_by
  from judged, before
  where device_latest.device_id = judged.device_id
    and before.device_id = judged.device_id
  returning device_latest.device_id, device_latest.state, before.state as state_before
), moved as (
  select changed.device_id, changed.state, changed.state_before, devices.uid, homes.area
  from changed
  join devices on devices.id = changed.device_id
  join homes on homes.id = devices.home_id
  where changed.state <> changed.state_before
), told as (
  insert into stream_log (at, event, area, ref)
  select %(now)s, 'device', area, uid
  from moved
  returning 1
), noted as (
  insert into device_changes (device_id, area, at, state, look_at)
  select device_id, area, %(now)s, state, %(now)s
  from moved
  where (state = 'offline') <> (state_before = 'offline')
)
select case when exists (select from told) then pg_notify('anju_stream', '') end
