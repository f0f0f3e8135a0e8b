-- name: open_pass
-- A pass over all devices is there to be begun.
insert into daily_passes (name, day, after_id)
values (%(name)s, %(day)s, 0)
on conflict (name) do nothing

-- name: begin_pass
-- Takes today's pass up where it was left; nothing where it is done, or another process has it.
select case when day = %(day)s then after_id else 0 end
from daily_passes
where name = %(name)s
  and (day < %(day)s or finished_at is null)
for update skip locked

-- name: pass_came_to
-- Writes down how far today's pass has come.
update daily_passes
set day = %(day)s,
    after_id = %(after_id)s,
    finished_at = %(finished_at)s
where name = %(name)s

-- name: end_day
-- Ends the day of the next devices: what was counted becomes its row and its area's, and counting begins anew. In the order
-- in which the readings' lane locks them. By primary key.
with ended as (
  select device_latest.device_id, homes.area, devices.kind, devices.removed_at is not null as removed,
    device_latest.state <> 'never' and device_latest.today_since < %(day_starts_at)s as counted,
    (device_latest.today_since at time zone %(timezone)s)::date as day,
    -- where we slept through some days, only the first was counted
    least(
      %(day_starts_at)s,
      ((device_latest.today_since at time zone %(timezone)s)::date + 1)::timestamp at time zone %(timezone)s
    ) as until,
    device_latest.state, device_latest.state_since, device_latest.today_since, device_latest.offline_today_s,
    device_latest.pings_today, device_latest.reboots_today, device_latest.changes_today, device_latest.battery_min_today,
    device_latest.battery, device_latest.rssi_smooth, device_latest.linkquality, device_latest.gap_max_today_s
  from device_latest
  join devices on devices.id = device_latest.device_id
  join homes on homes.id = devices.home_id
  where device_latest.device_id > %(after_id)s
  order by device_latest.device_id
  limit %(limit)s
  for update of device_latest
), spans as (
  select *,
    extract(epoch from until - today_since)::integer as span_s,
    ours_down_s(today_since, until) as down_s,
    offline_today_s + case when state = 'offline' then offline_s(state_since, today_since, until) else 0 end as offline_s
  from ended
  where counted
), days as (
  insert into device_days (
    device_id, day, online_s, offline_s, ours_down_s, pings, reboots, went_offline, battery_min, battery_last, rssi_avg,
    linkquality_avg, gap_max_s
  )
  select device_id, day, span_s - down_s - least(offline_s, span_s - down_s), least(offline_s, span_s - down_s), down_s,
    pings_today, reboots_today, (changes_today + 1) / 2, battery_min_today, battery, round(rssi_smooth)::smallint,
    linkquality, gap_max_today_s
  from spans
  on conflict do nothing
  returning device_id, day, online_s, offline_s, ours_down_s, pings
), summed as (
  insert into fleet_days (area, day, kind, devices, heard, online_s, offline_s, ours_down_s)
  select ended.area, days.day, ended.kind, count(*), count(*) filter (where days.pings > 0), sum(days.online_s),
    sum(days.offline_s), sum(days.ours_down_s)
  from days
  join ended using (device_id)
  where not ended.removed
  group by ended.area, days.day, ended.kind
  on conflict (area, day, kind) do update
  set devices = fleet_days.devices + excluded.devices,
      heard = fleet_days.heard + excluded.heard,
      online_s = fleet_days.online_s + excluded.online_s,
      offline_s = fleet_days.offline_s + excluded.offline_s,
      ours_down_s = fleet_days.ours_down_s + excluded.ours_down_s
), begun as (
  update device_latest
  set today_since = case
        when ended.state = 'never' then null
        when ended.today_since is null then %(now)s
        else greatest(ended.today_since, %(day_starts_at)s)
      end,
      offline_today_s = case when ended.counted then 0 else device_latest.offline_today_s end,
      pings_today = case when ended.counted then 0 else device_latest.pings_today end,
      reboots_today = case when ended.counted then 0 else device_latest.reboots_today end,
      changes_today = case when ended.counted then 0 else device_latest.changes_today end,
      battery_min_today = case when ended.counted then null else device_latest.battery_min_today end,
      gap_max_today_s = case when ended.counted then null else device_latest.gap_max_today_s end
  from ended
  where device_latest.device_id = ended.device_id
)
select device_id
from ended
order by device_id

-- name: days_of_devices
-- What do the last days tell of these devices' batteries and silences? By primary key.
select device_days.device_id, device_days.day, device_days.battery_min, device_days.gap_max_s
from device_days
where device_days.device_id = any(%(device_ids)s)
  and device_days.day > %(after)s
order by device_days.device_id, device_days.day

-- name: habits_of_devices
-- What was learnt of these devices so far, and of whom is a period to be learnt? By primary key.
select devices.id, device_latest.usual_gap_s, devices.patrol_every_s is null and devices.kind <> 'camera'
from devices
join device_latest on device_latest.device_id = devices.id
where devices.id = any(%(device_ids)s)

-- name: store_lessons
-- Writes what the days taught; each device is judged by it.
with taught as (
  select *
  from unnest(%(device_ids)s::integer[], %(usual_gaps)s::integer[], %(flats)s::date[])
    as each (device_id, usual_gap_s, battery_flat_on)
)
update device_latest
set usual_gap_s = taught.usual_gap_s,
    battery_flat_on = taught.battery_flat_on,
    battery_day = %(day)s,
    to_judge = true
from taught
where device_latest.device_id = taught.device_id

-- name: forget_old_days
-- Days beyond what anybody reports on. By device_days_age and ingest_outages_time.
with devices_old as (
  delete from device_days
  where day < %(before)s
), fleet_old as (
  delete from fleet_days
  where day < %(before)s
)
delete from ingest_outages
where down_until < %(before)s
