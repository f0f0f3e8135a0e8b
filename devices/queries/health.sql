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
), uncounted as (
  insert into fleet_stale (area)
  select distinct area
  from moved
)
select case when exists (select from told) then pg_notify('anju_stream', '') end

-- name: changed_devices
-- Which devices changed in something that could be a problem, which stand behind such a hub, and which have been calm for
-- long enough? By the partial indexes on to_judge and flapping_since, and devices_behind_hub. Locked in the order in which
-- the readings' lane locks them: neither waits for the other in a ring.
with changed as (
  select device_latest.device_id, devices.uid, devices.kind
  from device_latest
  join devices on devices.id = device_latest.device_id
  where device_latest.to_judge
  order by device_latest.device_id
  limit %(limit)s
), candidates as (
  select device_id
  from changed
  union
  select behind.id
  from changed
  join devices as behind on behind.hub_uid = changed.uid
  where changed.kind = 'hub'
  union
  select device_id
  from device_latest
  where flapping_since is not null
    and restlessness(restless, restless_at, %(now)s) < %(calm)s
)
select device_latest.device_id, devices.kind, homes.area, areas.path, device_latest.model, device_latest.fw,
  device_latest.state, coalesce(devices.placed_at, devices.created_at) as since, device_latest.off_on_purpose,
  hub_latest.state as hub_state, device_latest.battery, device_latest.battery_flat_on,
  device_latest.rssi_smooth as rssi_dbm, device_latest.linkquality, device_latest.clock_skew_s, device_latest.picture,
  restlessness(device_latest.restless, device_latest.restless_at, %(now)s) as restlessness, device_latest.flapping_since,
  device_latest.problems
from candidates
join device_latest using (device_id)
join devices on devices.id = device_latest.device_id
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join devices as hub on hub.uid = devices.hub_uid
left join device_latest as hub_latest on hub_latest.device_id = hub.id
order by device_latest.device_id
for update of device_latest

-- name: wanted_versions
-- Which firmware is wanted, and where?
select areas.path, wanted_firmware.kind, wanted_firmware.model, wanted_firmware.version
from wanted_firmware
left join areas on areas.code = wanted_firmware.area

-- name: store_problems
-- Writes what is wrong with devices; the figures of the areas where that changed are counted anew.
with judged as (
  select *
  from unnest(
    %(device_ids)s::integer[], %(problems)s::jsonb[], %(flappings)s::timestamptz[], %(outdateds)s::boolean[],
    %(stales)s::text[]
  ) as each (device_id, problems, flapping_since, outdated, stale)
), changed as (
  update device_latest
  set problems = array(select jsonb_array_elements_text(judged.problems)),
      flapping_since = judged.flapping_since,
      firmware_outdated = judged.outdated,
      to_judge = false
  from judged
  where device_latest.device_id = judged.device_id
)
insert into fleet_stale (area)
select distinct stale
from judged
where stale is not null

-- name: ask_for_all
-- All devices are to be judged anew, from the first one on.
insert into daily_passes (name, day, after_id)
values ('judge_all', %(day)s, 0)
on conflict (name) do update
set day = excluded.day,
    after_id = 0,
    finished_at = null

-- name: next_of_all
-- Marks the next devices of a pass over all, in the order in which the readings' lane locks them; how far it came, null at
-- the end or where there is no pass. By primary keys.
with pass as (
  select after_id
  from daily_passes
  where name = 'judge_all'
    and finished_at is null
  for update skip locked
), taken as (
  select device_latest.device_id
  from device_latest
  where device_latest.device_id > (select after_id from pass)
  order by device_latest.device_id
  limit %(limit)s
  for update
), marked as (
  update device_latest
  set to_judge = true
  from taken
  where device_latest.device_id = taken.device_id
), come_to as (
  update daily_passes
  set after_id = coalesce((select max(device_id) from taken), daily_passes.after_id),
      finished_at = case when not exists (select from taken) then %(now)s::timestamptz end
  where name = 'judge_all'
    and exists (select from pass)
)
select max(device_id)
from taken

-- name: set_wanted
-- A version is wanted of the devices of an area, kind or model; it takes the place of the one wanted so far.
insert into wanted_firmware (area, kind, model, version, set_at)
values (%(area)s, %(kind)s, %(model)s, %(version)s, %(now)s)
on conflict (coalesce(area, ''), coalesce(kind, ''), coalesce(model, '')) do update
set version = excluded.version,
    set_at = excluded.set_at

-- name: remove_wanted
-- Nothing is wanted of them any more.
delete from wanted_firmware
where area is not distinct from %(area)s
  and kind is not distinct from %(kind)s
  and model is not distinct from %(model)s
returning version

-- name: wanted_in_sight
-- Which firmware is wanted of devices within an area: by it, by what lies below it, and by what it lies in?
select wanted_firmware.area, wanted_firmware.kind, wanted_firmware.model, wanted_firmware.version, wanted_firmware.set_at
from wanted_firmware
left join areas on areas.code = wanted_firmware.area
where areas.path is null
   or starts_with(areas.path, %(path)s)
   or starts_with(%(path)s, areas.path)
order by areas.path nulls first, wanted_firmware.kind nulls first, wanted_firmware.model nulls first
