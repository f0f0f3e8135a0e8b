-- name: hold_figures
-- One process at a time counts the fleet's figures: a count that began earlier must not overwrite a later one.
select pg_try_advisory_xact_lock(hashtextextended('fleet', 2))

-- name: stale_areas
-- How many areas are to be counted anew? Not counted beyond a few.
select count(*)
from (
  select distinct area
  from (
    select area
    from fleet_stale
    limit 1000
  ) as first_ones
) as areas

-- name: count_fleet
-- Counts the devices of the areas that are to be counted anew, by kind and state and by kind and problem. By homes_area and
-- devices_home.
with taken as (
  delete from fleet_stale
  where area in (
    select distinct area
    from (
      select area
      from fleet_stale
      order by id
      limit %(limit)s
    ) as first_ones
  )
  returning area
), stale as (
  select distinct area
  from taken
), fleet as (
  select homes.area, devices.kind, coalesce(device_latest.state, 'never') as state,
    coalesce(device_latest.problems, '{}') as problems
  from stale
  join homes on homes.area = stale.area
  join devices on devices.home_id = homes.id
  left join device_latest on device_latest.device_id = devices.id
  where devices.removed_at is null
), counted as (
  select area, kind, 'state:' || state as what, count(*) as devices
  from fleet
  group by area, kind, state
  union all
  select fleet.area, fleet.kind, problem.name, count(*)
  from fleet
  cross join lateral unnest(fleet.problems) as problem (name)
  group by fleet.area, fleet.kind, problem.name
), gone as (
  delete from fleet_figures
  using stale
  where fleet_figures.area = stale.area
    and not exists (
      select from counted
      where counted.area = fleet_figures.area
        and counted.kind = fleet_figures.kind
        and counted.what = fleet_figures.what
    )
), written as (
  insert into fleet_figures (area, kind, what, devices)
  select area, kind, what, devices
  from counted
  on conflict (area, kind, what) do update
  set devices = excluded.devices
  where fleet_figures.devices <> excluded.devices
)
select count(*)
from stale

-- name: fleet_figures
-- How many devices within one's own area, and one asked for, are how? By the figures, not the devices; `part`: the area one
-- level down. What is about the same in all of it is one row.
select case when starts_with(areas.path, %(path)s)
    then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
  end as part,
  fleet_figures.kind, fleet_figures.what, sum(fleet_figures.devices)::integer as devices
from areas
join fleet_figures on fleet_figures.area = areas.code
where areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
group by 1, 2, 3

-- name: fleet_availability
-- For which share of their time were the devices of an area heard, yesterday and in the last seven days? Our own outages are
-- in neither. By fleet_days' primary key.
select case when starts_with(areas.path, %(path)s)
    then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
  end as part,
  fleet_days.day, sum(fleet_days.online_s)::bigint as online_s, sum(fleet_days.offline_s)::bigint as offline_s
from areas
join fleet_days on fleet_days.area = areas.code
where areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and fleet_days.day >= %(first_day)s
  and fleet_days.day < %(today)s
group by 1, 2

-- name: fleet_page
-- A page of devices by uid: of one state, with one problem, of one kind, in one area, whose uid begins so.
select devices.uid, devices.kind, coalesce(device_latest.state, 'never') as state, device_latest.state_since,
  device_latest.last_seen, device_latest.battery, device_latest.battery_flat_on, device_latest.rssi, device_latest.linkquality,
  device_latest.fw, coalesce(device_latest.problems, '{}') as problems, homes.address, areas.name as area,
  resident.name as resident
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
  order by residents.id
  limit 1
) as resident on true
where devices.removed_at is null
  and areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(state)s::text is null or coalesce(device_latest.state, 'never') = %(state)s)
  and (
    %(problem)s::text is null
    or devices.id in (select device_id from device_latest where problems <> '{}' and %(problem)s = any(problems))
  )
  and (%(kind)s::text is null or devices.kind = %(kind)s)
  and starts_with(devices.uid, %(begins)s)
  and devices.uid > %(after)s
order by devices.uid
limit %(limit)s
