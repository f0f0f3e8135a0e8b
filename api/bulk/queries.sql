-- What is there already ---------------------------------------------------------------------------------------------

-- name: areas_there
-- Which areas are there?
select code, name, level, parent
from areas

-- name: areas_known
-- Which of these codes are areas'? By primary key.
select code
from areas
where code = any(%(codes)s)

-- name: homes_known
-- Which of these ids are homes'? By primary key.
select id
from homes
where id = any(%(ids)s)
  and removed_at is null

-- name: homes_at
-- Which homes stand at these places, the oldest first?
select homes.id, homes.area, homes.address, homes.lat, homes.lon, homes.key_note
from unnest(%(areas)s::text[], %(addresses)s::text[]) as each (area, address)
join homes on homes.area = each.area and homes.address = each.address
where homes.removed_at is null
order by homes.id

-- name: residents_there
-- Who lives in these homes? By residents_home.
select home_id, name, birth_date::text as birth_date, phone, sex, category, notes, contacts, language
from residents
where home_id = any(%(home_ids)s)
  and removed_at is null
order by id

-- name: staff_there
-- Whose are these numbers? By staff_phone.
select name, phone, area, language
from staff
where phone = any(%(phones)s)
  and removed_at is null
order by id

-- name: devices_there
-- Which of these uids are registered, and as what? By the unique index on uid.
select uid, kind, home_id::text as home, format, topic, hub_uid as hub, patrol_every_s, offline_after_s
from devices
where uid = any(%(uids)s)
  and removed_at is null

-- What goes out ------------------------------------------------------------------------------------------------------

-- name: areas_out
-- All areas, each before those below it.
select code, name, level, parent
from areas
order by path

-- name: homes_out
-- All homes, in the order in which they came.
select area, address, lat, lon, key_note
from homes
where removed_at is null
order by id

-- name: residents_out
-- All residents, with their homes by area and address; by id only where two homes have the same.
select residents.name, places.home, places.area, places.address, residents.birth_date, residents.phone, residents.sex,
  residents.category, residents.notes, residents.contacts, residents.language
from residents
join (
  select id, area, address, case when count(*) over (partition by area, address) > 1 then id end as home
  from homes
  where removed_at is null
) as places on places.id = residents.home_id
where residents.removed_at is null
order by residents.id

-- name: staff_out
-- All staff, in the order in which they came.
select name, phone, area, language
from staff
where removed_at is null
order by id

-- name: devices_out
-- All devices, with their homes by area and address; by id only where two homes have the same. Hubs come first.
select devices.uid, devices.kind, places.home, places.area, places.address, devices.format, devices.topic,
  devices.hub_uid as hub, devices.patrol_every_s, devices.offline_after_s
from devices
join (
  select id, area, address, case when count(*) over (partition by area, address) > 1 then id end as home
  from homes
  where removed_at is null
) as places on places.id = devices.home_id
where devices.removed_at is null
order by devices.kind <> 'hub', devices.uid
