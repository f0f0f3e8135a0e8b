-- name: homes_to_choose
-- In which homes within one's own area is each of these words a part of the address, of the village's name or of a
-- resident's? All of them are looked through once, 100,000 homes in some tenths of a second; a dozen are shown.
with people as (
  select home_id, array_agg(name order by id) as names, string_agg(name, ' ') as sought
  from residents
  where removed_at is null
  group by home_id
), found as (
  select homes.id, homes.address, homes.area, areas.path, people.names as residents
  from homes
  join areas on areas.code = homes.area
  left join people on people.home_id = homes.id
  where homes.removed_at is null
    and areas.path like %(below)s
    and not exists (
      select
      from unnest(%(words)s::text[]) as each (word)
      where strpos(lower(concat_ws(' ', areas.name, homes.address, people.sought)), lower(each.word)) = 0
    )
  order by homes.id
  limit %(limit)s
)
select found.id, found.address, found.area, place.names as places, found.residents
from found
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from found.path), '/'))
    and above.level <> 'city'
) as place on true
order by found.id

-- name: home_chosen
-- Which home is that, where this user sees it? By primary key.
select homes.id, homes.address, homes.area, place.names as places, people.names as residents
from homes
join areas on areas.code = homes.area
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level <> 'city'
) as place on true
left join lateral (
  select array_agg(residents.name order by residents.id) as names
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
    and residents.left_at is null
) as people on true
where homes.id = %(home_id)s
  and homes.removed_at is null
  and areas.path like %(below)s

-- name: hubs_to_choose
-- Which hubs can a device of a home speak through? Those of the home first, then those of its area. By homes_area and
-- devices_home.
select devices.uid
from homes
join devices on devices.home_id = homes.id
where homes.area = %(area)s
  and devices.kind = 'hub'
  and devices.removed_at is null
order by homes.id = %(home_id)s desc, devices.uid
limit %(limit)s

-- name: removed_device
-- Was there a device of that uid in a home that this user sees, and what came in its place? By devices_in_place_of.
select devices.kind, successor.uid
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join lateral (
  select next.uid
  from devices as next
  where next.replaces = devices.uid
    and next.removed_at is null
  order by next.id desc
  limit 1
) as successor on true
where devices.uid = %(uid)s
  and devices.removed_at is not null
  and areas.path like %(below)s

-- name: discovered_count
-- How many wait to be let in, within one's own area? The list itself is kept short by whoever writes it.
select count(*)
from discovered
left join devices as hub on hub.uid = discovered.hub_uid
left join homes on homes.id = hub.home_id
left join areas on areas.code = homes.area
where (areas.path like %(below)s or (discovered.hub_uid is null and %(unplaced)s))
  and hub.removed_at is null
  and discovered.dismissed_at is null
