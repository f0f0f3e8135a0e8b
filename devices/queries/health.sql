-- name: beat
-- A role says that it is up; after a gap it counts as up only from now on, and the gap is written down.
with before as (
  select beat_at
  from role_beats
  where role = %(role)s
  for update
), down as (
  insert into ingest_outages (role, down_from, down_until)
  select %(role)s, beat_at, %(now)s
  from before
  where beat_at < %(now)s::timestamptz - %(gap)s::interval
)
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
  device_latest.usual_gap_s, device_latest.last_seen, device_latest.said_offline
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
      expected_by = judged.expected_by,
      offline_today_s = case
        when before.state = 'offline' and judged.state <> 'offline'
          then device_latest.offline_today_s + offline_s(device_latest.state_since, device_latest.today_since, %(now)s)
        else device_latest.offline_today_s
      end,
      changes_today = case
        when (judged.state = 'offline') <> (before.state = 'offline') then device_latest.changes_today + 1
        else device_latest.changes_today
      end,
      restless = case
        when (judged.state = 'offline') <> (before.state = 'offline')
          then restlessness(device_latest.restless, device_latest.restless_at, %(now)s) + 1
        else device_latest.restless
      end,
      restless_at = case
        when (judged.state = 'offline') <> (before.state = 'offline') then %(now)s
        else device_latest.restless_at
      end,
      to_judge = device_latest.to_judge or judged.state <> before.state
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
