-- name: device_rows
-- How do the devices of the registry stand now? By homes_area and devices_home.
select devices.id as device_id, devices.home_id, null::bigint as resident_id, null::timestamptz as at, devices.kind,
  case when starts_with(areas.path, %(path)s)
    then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
  end as part,
  true as devices,
  coalesce(device_latest.state = 'online', false) as online,
  coalesce(device_latest.state = 'late', false) as late,
  coalesce(device_latest.state = 'offline', false) as offline,
  coalesce(device_latest.state, 'never') = 'never' as never,
  coalesce(device_latest.battery <= %(battery_low_pct)s, false) as battery_low,
  coalesce('never_seen' = any(device_latest.problems), false) as never_seen,
  coalesce('hub_offline' = any(device_latest.problems), false) as hub_offline,
  coalesce('camera_blind' = any(device_latest.problems), false) as camera_blind,
  coalesce('battery_draining' = any(device_latest.problems), false) as battery_draining,
  coalesce('signal_weak' = any(device_latest.problems), false) as signal_weak,
  coalesce('device_flapping' = any(device_latest.problems), false) as device_flapping,
  coalesce('clock_wrong' = any(device_latest.problems), false) as clock_wrong,
  coalesce('firmware_outdated' = any(device_latest.problems), false) as firmware_outdated
from areas
join homes on homes.area = areas.code
join devices on devices.home_id = homes.id
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
  and areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))

-- name: device_days_report
-- For how long were the devices heard on the days that lie in the time? Each area's days are those of the devices that stood in
-- it then. By fleet_days' primary key.
with counted as (
  select fleet_days.*,
    case when starts_with(areas.path, %(path)s)
      then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part,
    date_trunc(coalesce(%(unit)s, 'day'), fleet_days.day)::date as period
  from areas
  join fleet_days on fleet_days.area = areas.code
  where areas.path like %(below)s
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
    and fleet_days.day::timestamp at time zone %(timezone)s >= %(from)s
    and (fleet_days.day + 1)::timestamp at time zone %(timezone)s <= %(to)s
)
select grouping(part, kind, period) as level, part, kind, period, coalesce(sum(devices), 0)::bigint as device_days,
  coalesce(sum(heard), 0)::bigint as device_days_heard, coalesce(sum(online_s), 0)::bigint as online_s,
  coalesce(sum(offline_s), 0)::bigint as offline_s
from counted
group by grouping sets ((), (part), (kind), (period))
