-- name: may_look
-- One process at a time looks at devices, and one at homes; ends with the transaction.
select pg_try_advisory_xact_lock(hashtextextended(%(what)s, 3))

-- name: take_device_looks
-- Which devices are to be looked at, the longest due first? Takes all rows of them: what changed since is seen by this look.
-- By device_looks_due and device_looks_device.
with due as (
  select device_id
  from device_looks
  where look_at <= %(now)s
  order by look_at
  limit %(limit)s
), taken as (
  delete from device_looks
  where device_id = any(array(select device_id from due))
  returning device_id
)
select distinct device_id
from taken

-- name: take_home_looks
-- Which homes are to be looked at, the longest due first? By home_looks_due and home_looks_home.
with due as (
  select home_id
  from home_looks
  where look_at <= %(now)s
  order by look_at
  limit %(limit)s
), taken as (
  delete from home_looks
  where home_id = any(array(select home_id from due))
  returning home_id
)
select distinct home_id
from taken

-- name: next_device_looks
-- Writes down when devices are looked at next.
insert into device_looks (device_id, look_at)
select each.device_id, each.look_at
from unnest(%(ids)s::integer[], %(look_ats)s::timestamptz[]) as each (device_id, look_at)

-- name: next_home_looks
-- Writes down when homes are looked at next.
insert into home_looks (home_id, look_at)
select each.home_id, each.look_at
from unnest(%(ids)s::bigint[], %(look_ats)s::timestamptz[]) as each (home_id, look_at)

-- name: look_at_warned_homes
-- What changed at these devices may end a warning of their homes. By primary key and warnings_of_home.
insert into home_looks (home_id, look_at)
select distinct devices.home_id, %(now)s::timestamptz
from devices
where devices.id = any(%(device_ids)s::integer[])
  and exists (
    select
    from warnings
    where warnings.home_id = devices.home_id
  )

-- name: device_facts
-- What do the rules know of these devices? By primary keys and the unique index on uid.
select devices.id, devices.home_id, areas.path, devices.uid, devices.kind,
  coalesce(devices.placed_at, devices.created_at) as placed_at, latest.state, latest.state_since, latest.last_seen,
  latest.last_patrol_at, devices.patrol_every_s, latest.battery as battery_pct, latest.battery_flat_on,
  latest.temperature as temperature_c, latest.rssi_smooth as rssi_dbm, latest.linkquality, latest.clock_skew_s,
  latest.flapping_since, latest.firmware_outdated, latest.fw, latest.picture, latest.off_on_purpose,
  hub_latest.state as hub_state,
  coalesce(devices.last_test_at, devices.placed_at, devices.created_at) as untested_since,
  (
    select test_periods.every_days
    from test_periods
    join areas as above on above.code = test_periods.area
    where starts_with(areas.path, above.path)
    order by length(above.path) desc
    limit 1
  ) as test_every_days
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
join device_latest as latest on latest.device_id = devices.id
left join devices as hub on hub.uid = devices.hub_uid and hub.removed_at is null
left join device_latest as hub_latest on hub_latest.device_id = hub.id
where devices.id = any(%(ids)s::integer[])
  and devices.removed_at is null
  and homes.removed_at is null

-- name: home_facts
-- What do these homes' cameras see of people, and their sensors feel? Of those that ever did; a sensor that feels movement
-- tells of the moment only. By devices_home.
select homes.id, areas.path,
  max(latest.last_seen) filter (where sees.heard) is not null as watched,
  min(coalesce(latest.restless_at, devices.placed_at, devices.created_at)) filter (where sees.heard) as watched_since,
  max(
    greatest(
      latest.last_presence_at,
      case when sees.somebody then coalesce(latest.last_patrol_at, latest.last_seen) else latest.presence_since end
    )
  ) as seen_at,
  coalesce(bool_or(sees.somebody) filter (where sees.heard), false) as in_view,
  max(coalesce(latest.presence_since, latest.last_presence_at)) as still_since
from homes
join areas on areas.code = homes.area
left join devices on devices.home_id = homes.id and devices.removed_at is null
left join device_latest as latest on latest.device_id = devices.id
  and (latest.presence_since is not null or latest.last_presence_at is not null)
left join lateral (
  select coalesce(latest.presence, latest.persons > 0, false) as somebody, latest.state in ('online', 'late') as heard
) as sees on latest.device_id is not null
where homes.id = any(%(ids)s::bigint[])
  and homes.removed_at is null
group by homes.id, areas.path

-- name: calls_of_homes
-- When was help called from these homes lately, tests left out? By alerts_home.
select home_id, raised_at
from alerts
where home_id = any(%(ids)s::bigint[])
  and raised_at > %(since)s
  and kind = 'help'
  and not test
  and outcome is distinct from 'test'

-- name: days_of_homes
-- How were these homes' last days? Oldest first. By primary key.
select home_id, day, day_pings, day_seen, night_pings, night_seen
from home_days
where home_id = any(%(ids)s::bigint[])
  and day >= %(since)s
order by home_id, day

-- name: count_home_days
-- Counts a finished day of homes where nobody has yet, from what their cameras saw while they stood there. By the series' key.
insert into home_days (home_id, day, day_pings, day_seen, night_pings, night_seen)
select each.home_id, %(day)s, coalesce(seen.day_pings, 0), coalesce(seen.day_seen, 0), coalesce(seen.night_pings, 0),
  coalesce(seen.night_seen, 0)
from unnest(%(ids)s::bigint[]) as each (home_id)
left join lateral (
  select count(*) filter (where events.time < %(night)s) as day_pings,
    count(*) filter (where events.time < %(night)s and coalesce(events.presence, events.persons > 0)) as day_seen,
    count(*) filter (where events.time >= %(night)s) as night_pings,
    count(*) filter (where events.time >= %(night)s and coalesce(events.presence, events.persons > 0)) as night_seen
  from devices
  join events on events.device_id = devices.id
  where devices.home_id = each.home_id
    and devices.removed_at is null
    and events.time >= greatest(%(begins)s::timestamptz, devices.placed_at, devices.created_at)
    and events.time < %(ends)s
    and events.kind = 1
    and coalesce(events.presence, events.persons > 0) is not null
) as seen on true
on conflict do nothing

-- name: prune_home_days
-- Forgets days that nothing is compared with any more. By home_days_age.
delete from home_days
where day < %(before)s

-- name: warnings_of_devices
-- Which causes stand against these devices, and where was each told? By warnings_of_device.
select warnings.device_id, warnings.rule, warnings.since, warnings.gone_since, warnings.alert_id, alerts.home_id,
  alerts.closed_at
from warnings
left join alerts on alerts.id = warnings.alert_id
where warnings.device_id = any(%(ids)s::integer[])

-- name: warnings_of_homes
-- Which causes stand against these homes? By warnings_of_home.
select warnings.home_id, warnings.rule, warnings.since, warnings.gone_since, warnings.alert_id, warnings.home_id,
  alerts.closed_at
from warnings
left join alerts on alerts.id = warnings.alert_id
where warnings.home_id = any(%(ids)s::bigint[])

-- name: hold_open_alerts
-- Which of these alerts are open? Locked, in order. By primary key.
select id
from alerts
where id = any(%(ids)s::bigint[])
  and state <> 'closed'
order by id
for update

-- name: keep_device_warnings
-- Writes down which causes stand against devices. By warnings_of_device.
insert into warnings (device_id, rule, since, gone_since, alert_id)
select each.device_id, each.rule, each.since, each.gone_since, each.alert_id
from unnest(
  %(ids)s::integer[], %(rules)s::text[], %(sinces)s::timestamptz[], %(gones)s::timestamptz[], %(alert_ids)s::bigint[]
) as each (device_id, rule, since, gone_since, alert_id)
on conflict (device_id, rule) where device_id is not null do update
set since = excluded.since,
    gone_since = excluded.gone_since,
    alert_id = excluded.alert_id

-- name: keep_home_warnings
-- Writes down which causes stand against homes. By warnings_of_home.
insert into warnings (home_id, rule, since, gone_since, alert_id)
select each.home_id, each.rule, each.since, each.gone_since, each.alert_id
from unnest(
  %(ids)s::bigint[], %(rules)s::text[], %(sinces)s::timestamptz[], %(gones)s::timestamptz[], %(alert_ids)s::bigint[]
) as each (home_id, rule, since, gone_since, alert_id)
on conflict (home_id, rule) where home_id is not null do update
set since = excluded.since,
    gone_since = excluded.gone_since,
    alert_id = excluded.alert_id

-- name: forget_device_warnings
-- These causes are gone. By warnings_of_device.
delete from warnings
using unnest(%(ids)s::integer[], %(rules)s::text[]) as each (device_id, rule)
where warnings.device_id = each.device_id
  and warnings.rule = each.rule

-- name: forget_home_warnings
-- These causes are gone. By warnings_of_home.
delete from warnings
using unnest(%(ids)s::bigint[], %(rules)s::text[]) as each (home_id, rule)
where warnings.home_id = each.home_id
  and warnings.rule = each.rule

-- name: scopes_of_thresholds
-- What is set otherwise than usual, for any of these homes and devices or for an area? Few rows. By warning_thresholds_scope.
select rule, own, enabled, areas.path, device_kind, home_id, device_id
from warning_thresholds
left join areas on areas.code = warning_thresholds.area
where (home_id is null and device_id is null)
   or home_id = any(%(home_ids)s::bigint[])
   or device_id = any(%(device_ids)s::integer[])

-- name: set_thresholds
-- Sets what holds in one scope, in place of what did. By warning_thresholds_scope.
insert into warning_thresholds (rule, area, device_kind, home_id, device_id, own, enabled)
values (%(rule)s, %(area)s, %(device_kind)s, %(home_id)s, %(device_id)s, %(own)s, %(enabled)s)
on conflict (rule, coalesce(area, ''), coalesce(device_kind, ''), coalesce(home_id, 0), coalesce(device_id, 0)) do update
set own = excluded.own,
    enabled = excluded.enabled

-- name: unset_thresholds
-- The wider scope holds there again. By warning_thresholds_scope.
delete from warning_thresholds
where rule = %(rule)s
  and area is not distinct from %(area)s
  and device_kind is not distinct from %(device_kind)s
  and home_id is not distinct from %(home_id)s
  and device_id is not distinct from %(device_id)s
returning 1

-- name: look_at_devices_of_scope
-- Lets the devices of a scope be looked at with its new thresholds. By homes_area, devices_home and primary keys.
insert into device_looks (device_id, look_at)
select devices.id, %(now)s::timestamptz
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
where devices.removed_at is null
  and (%(path)s::text is null or starts_with(areas.path, %(path)s))
  and (%(home_id)s::bigint is null or devices.home_id = %(home_id)s)
  and (%(device_id)s::integer is null or devices.id = %(device_id)s)
  and (%(device_kind)s::text is null or devices.kind = %(device_kind)s)

-- name: look_at_homes_of_scope
-- Lets the homes of a scope be looked at with its new thresholds. By homes_area and primary key.
insert into home_looks (home_id, look_at)
select homes.id, %(now)s::timestamptz
from homes
join areas on areas.code = homes.area
where homes.removed_at is null
  and (%(path)s::text is null or starts_with(areas.path, %(path)s))
  and (%(home_id)s::bigint is null or homes.id = %(home_id)s)

-- name: note_fall
-- A device says that somebody fell (when), or that nobody lies there (null): what had it said before, and where is it? A
-- report that came late does not undo a newer one. By primary keys.
with before as (
  select device_id, fell_at
  from device_latest
  where device_id = %(device_id)s
  for update
)
update device_latest
set fell_at = case
      when %(fell_at)s::timestamptz is null then null
      else greatest(device_latest.fell_at, %(fell_at)s::timestamptz)
    end
from before, devices, homes, areas
where device_latest.device_id = before.device_id
  and devices.id = before.device_id
  and devices.removed_at is null
  and homes.id = devices.home_id
  and areas.code = homes.area
returning before.fell_at, devices.home_id, areas.path, devices.kind

-- name: fell_again
-- One more fall while the alert is open: those who were told already are told again, at most once a minute.
update alerts
set count = count + 1,
    pressed_at = %(now)s,
    retell_at = case when told_at is not null then greatest(%(now)s, told_at + interval '1 minute') end
where id = %(alert_id)s
