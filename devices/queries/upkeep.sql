-- name: areas_right_below
-- Which areas lie right below an area, at which level? By areas_parent.
select code, level
from areas
where parent = %(code)s

-- name: set_area
-- Writes an area's new state; its path follows by move_areas.
update areas
set name = %(name)s,
    level = %(level)s,
    parent = %(parent)s
where code = %(code)s

-- name: move_areas
-- Moves an area and all below it to another place in the tree. By areas_below.
update areas
set path = %(new)s::text || substr(path, length(%(old)s::text) + 1)
where starts_with(path, %(old)s)

-- name: delete_area
-- Takes an area out of the tree.
delete from areas
where code = %(code)s

-- name: set_home
-- Writes a home's new state.
update homes
set area = %(area)s,
    address = %(address)s,
    lat = %(lat)s,
    lon = %(lon)s,
    key_note = %(key_note)s
where id = %(home_id)s

-- name: remove_home
-- Takes a home out of the registry.
update homes
set removed_at = %(now)s
where id = %(home_id)s

-- name: set_resident
-- Writes a resident's new state.
update residents
set home_id = %(home_id)s,
    name = %(name)s,
    birth_date = %(birth_date)s,
    phone = %(phone)s,
    sex = %(sex)s,
    category = %(category)s,
    language = %(language)s,
    notes = %(notes)s,
    contacts = %(contacts)s
where id = %(resident_id)s

-- name: remove_resident
-- Takes a resident out of the registry.
update residents
set removed_at = %(now)s
where id = %(resident_id)s

-- name: habit_of_device
-- How long is a device usually silent at most, as far as that was learnt? By the unique index on uid.
select device_latest.usual_gap_s
from devices
join device_latest on device_latest.device_id = devices.id
where devices.uid = %(uid)s

-- name: set_device
-- Writes a device's new state. Where it is expected to speak, its next silence is judged by its new period; in another
-- home what it was heard to say of the people there is forgotten.
with stood as (
  select id, home_id
  from devices
  where uid = %(uid)s
), placed as (
  update devices
  set kind = %(kind)s,
      home_id = %(home_id)s,
      format = %(format)s,
      topic = %(topic)s,
      hub_uid = %(hub)s,
      patrol_every_s = %(patrol_every_s)s,
      offline_after_s = %(offline_after_s)s,
      placed_at = case when devices.home_id = %(home_id)s then placed_at else %(now)s end,
      last_test_at = case when devices.home_id = %(home_id)s then last_test_at end
  from stood
  where devices.id = stood.id
  returning devices.id, stood.home_id <> devices.home_id as moved
)
update device_latest
set expected_by = case when said_offline then null else last_seen + %(first_after)s::interval end,
    presence = case when placed.moved then null else presence end,
    presence_since = case when placed.moved then null else presence_since end,
    fell_at = case when placed.moved then null else fell_at end,
    persons = case when placed.moved then null else persons end,
    last_patrol_at = case when placed.moved then null else last_patrol_at end,
    last_presence_at = case when placed.moved then null else last_presence_at end,
    to_judge = true
from placed
where device_latest.device_id = placed.id

-- name: remove_device
-- Takes a device out of the registry and its password with it; nothing is expected of it any more, and a warning of its
-- silence ends.
with removed as (
  update devices
  set removed_at = %(now)s,
      password_hash = null
  where uid = %(uid)s
  returning id, home_id
), noted as (
  insert into device_changes (device_id, area, at, state, look_at)
  select removed.id, homes.area, %(now)s, device_latest.state, %(now)s
  from removed
  join homes on homes.id = removed.home_id
  join device_latest on device_latest.device_id = removed.id
  where device_latest.state = 'offline'
)
update device_latest
set expected_by = null
from removed
where device_latest.device_id = removed.id
