-- name: announced_tests
-- Which tests are announced for now, of which homes and areas?
select test_windows.id, test_windows.from_at, test_windows.to_at, test_windows.created_by, homes.address,
  areas.name as area
from test_windows
left join homes on homes.id = test_windows.home_id
join areas on areas.code = coalesce(test_windows.area, homes.area)
where test_windows.to_at > %(now)s
  and areas.path like %(below)s
order by test_windows.from_at, test_windows.id
limit %(limit)s

-- name: places_of_homes
-- Where are these homes, and who lives there?
select homes.id::text, areas.name, coalesce(resident.name, homes.address)
from homes
join areas on areas.code = homes.area
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
) as resident on true
where homes.id = any(%(home_ids)s)
