-- name: hold_test_window
-- Nobody else ends the test window until the transaction ends.
select id
from test_windows
where id = %(window_id)s
for update

-- name: list_test_windows
-- Which announced tests are not over by then, in one's own area? By test_windows_end.
select test_windows.id
from test_windows
left join homes on homes.id = test_windows.home_id
join areas on areas.code = coalesce(test_windows.area, homes.area)
where test_windows.to_at > %(from)s
  and areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(after)s::bigint is null or test_windows.id > %(after)s)
order by test_windows.id
limit %(limit)s

-- name: test_windows_read
-- What are these announced tests? By primary key; `path` says who may see them.
select test_windows.id::text as id, test_windows.area, test_windows.home_id::text as home, test_windows.from_at as "from",
  test_windows.to_at as "to", test_windows.created_by, test_windows.created_at, areas.path
from test_windows
left join homes on homes.id = test_windows.home_id
join areas on areas.code = coalesce(test_windows.area, homes.area)
where test_windows.id = any(%(ids)s)

-- name: area_of_test_window
-- In which area is a test announced, be it of a home?
select coalesce(test_windows.area, homes.area)
from test_windows
left join homes on homes.id = test_windows.home_id
where test_windows.id = %(window_id)s

-- name: list_overdue_tests
-- Which buttons has nobody tried within the period of their area, the longest first? By devices_untried, which ends it where
-- even the shortest period is not over.
select coalesce(devices.last_test_at, devices.placed_at, devices.created_at) as since, devices.uid, devices.kind,
  homes.id::text as home, homes.area, devices.last_test_at, period.every_days
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
cross join lateral (
  select coalesce(
    (
      select test_periods.every_days
      from test_periods
      join areas as above on above.code = test_periods.area
      where test_periods.area = any(string_to_array(trim(both '/' from areas.path), '/'))
      order by length(above.path) desc
      limit 1
    ),
    %(usual_days)s
  ) as every_days
) as period
where devices.removed_at is null
  and devices.kind in ('button', 'pendant')
  and coalesce(devices.last_test_at, devices.placed_at, devices.created_at) < %(now)s::timestamptz - interval '1 day'
  and coalesce(devices.last_test_at, devices.placed_at, devices.created_at)
    < %(now)s::timestamptz - make_interval(days => period.every_days)
  and areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (
    %(after_since)s::timestamptz is null
    or (coalesce(devices.last_test_at, devices.placed_at, devices.created_at), devices.uid)
      > (%(after_since)s, %(after_uid)s::text)
  )
order by since, devices.uid
limit %(limit)s

-- name: test_periods
-- Which areas within one's own have their own period of tests?
select test_periods.area, test_periods.every_days
from test_periods
join areas on areas.code = test_periods.area
where areas.path like %(below)s
  and (%(area)s::text is null or test_periods.area = %(area)s)
order by test_periods.area
