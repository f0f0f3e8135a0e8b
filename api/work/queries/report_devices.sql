-- name: fleet_report
-- How do the devices stand now, and for how long were they heard on the days that lie in the time? Each area's days are those
-- of the devices that stood in it then. By homes_area, devices_home and fleet_days' primary key.
with places as (
  select code, path,
    case when starts_with(path, %(path)s)
      then coalesce(nullif(split_part(substr(path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part
  from areas
  where path like %(below)s
    and (%(within)s::text is null or starts_with(path, %(within)s))
), counted as (
  select places.part, devices.kind, count(*) as devices,
    count(*) filter (where device_latest.state = 'online') as online,
    count(*) filter (where device_latest.state = 'late') as late,
    count(*) filter (where device_latest.state = 'offline') as offline,
    count(*) filter (where coalesce(device_latest.state, 'never') = 'never') as never,
    count(*) filter (where device_latest.battery <= %(battery_low_pct)s) as battery_low,
    0::bigint as device_days, 0::bigint as device_days_heard, 0::bigint as online_s, 0::bigint as offline_s
  from places
  join homes on homes.area = places.code
  join devices on devices.home_id = homes.id
  left join device_latest on device_latest.device_id = devices.id
  where devices.removed_at is null
  group by places.part, devices.kind
  union all
  select places.part, fleet_days.kind, 0, 0, 0, 0, 0, 0, sum(fleet_days.devices), sum(fleet_days.heard),
    sum(fleet_days.online_s), sum(fleet_days.offline_s)
  from places
  join fleet_days on fleet_days.area = places.code
  where fleet_days.day::timestamp at time zone %(timezone)s >= %(from)s
    and (fleet_days.day + 1)::timestamp at time zone %(timezone)s <= %(to)s
  group by places.part, fleet_days.kind
)
select grouping(part, kind) as level, part, kind, coalesce(sum(devices), 0)::integer as devices,
  coalesce(sum(online), 0)::integer as online, coalesce(sum(late), 0)::integer as late,
  coalesce(sum(offline), 0)::integer as offline, coalesce(sum(never), 0)::integer as never,
  coalesce(sum(battery_low), 0)::integer as battery_low, coalesce(sum(device_days), 0)::bigint as device_days,
  coalesce(sum(device_days_heard), 0)::bigint as device_days_heard, coalesce(sum(online_s), 0)::bigint as online_s,
  coalesce(sum(offline_s), 0)::bigint as offline_s
from counted
group by grouping sets ((), (part), (kind))
