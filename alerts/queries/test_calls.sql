-- name: place_of_press
-- Where does a registered device stand, and who lives there? Is a test announced there for the time of the press and for
-- now, and has the device called in it before? By the unique index on uid, test_windows_end and the key of help_calls.
select homes.id, homes.area, resident.id, announced.pressed
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join lateral (
  select residents.id
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
  order by residents.id
  limit 1
) as resident on true
left join lateral (
  select exists (
    select
    from help_calls
    where help_calls.device_uid = devices.uid
      and help_calls.what = 'help'
      and help_calls.call_id <> %(call_id)s
      and help_calls.received_at >= test_windows.from_at
  ) as pressed
  from test_windows
  where test_windows.to_at > greatest(%(at)s::timestamptz, %(now)s::timestamptz)
    and test_windows.from_at <= least(%(at)s::timestamptz, %(now)s::timestamptz)
    and (
      test_windows.home_id = homes.id
      or test_windows.area = any(string_to_array(trim(both '/' from areas.path), '/'))
    )
  order by test_windows.from_at
  limit 1
) as announced on true
where devices.uid = %(uid)s
  and devices.removed_at is null

-- name: insert_test_window
-- Announces a test, where the area or the home is known.
insert into test_windows (area, home_id, from_at, to_at, created_by, created_at)
select place.area, place.home_id, %(start)s, %(end)s, %(who)s, %(now)s
from (
  select areas.code as area, null::bigint as home_id
  from areas
  where areas.code = %(area)s::text
  union all
  select null, homes.id
  from homes
  where homes.id = %(home_id)s::bigint
    and homes.removed_at is null
) as place
returning id

-- name: end_test_window
-- Ends a test window early.
update test_windows
set to_at = %(now)s
where id = %(window_id)s
  and from_at < %(now)s
  and to_at > %(now)s

-- name: drop_test_window
-- Takes away a test window that has not begun.
delete from test_windows
where id = %(window_id)s
  and from_at >= %(now)s

-- name: set_test_period
insert into test_periods (area, every_days)
values (%(area)s, %(every_days)s)
on conflict (area) do update
set every_days = excluded.every_days

-- name: delete_test_period
delete from test_periods
where area = %(area)s

-- name: note_proven
-- The devices whose presses came to this alert are proven to reach a person, as of the last of them, where they still stand
-- in the home that they called from. By help_calls_alert.
update devices
set last_test_at = pressed.at
from (
  select help_calls.device_uid, max(help_calls.at) as at
  from help_calls
  where help_calls.alert_id = %(alert_id)s
    and help_calls.what = 'help'
    and help_calls.readable
  group by help_calls.device_uid
) as pressed
where devices.uid = pressed.device_uid
  and devices.removed_at is null
  and devices.home_id = (
    select alerts.home_id
    from alerts
    where alerts.id = %(alert_id)s
  )
  and pressed.at > coalesce(devices.last_test_at, devices.placed_at, '-infinity')
