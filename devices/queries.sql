-- Telemetry ---------------------------------------------------------------------------------------------------------

-- name: known_devices
-- Which of these uids are registered, and how often each is to speak? By the unique index on uid.
select uid, id, kind, patrol_every_s, offline_after_s
from devices
where uid = any(%(uids)s)
  and removed_at is null

-- name: store_events
-- Stores a batch of events, ignoring what is there already; how many were new?
-- An undated message's time is its receipt's, so its id is looked up in undated_messages instead of the series' key.
with said as (
  select *
  from unnest(
    %(times)s::timestamptz[], %(device_ids)s::integer[], %(kinds)s::smallint[], %(batteries)s::smallint[],
    %(rssis)s::smallint[], %(persons)s::smallint[], %(presences)s::boolean[], %(temperatures)s::real[],
    %(message_ids)s::text[], %(receiveds)s::timestamptz[], %(extras)s::jsonb[], %(undateds)s::boolean[]
  ) as each (time, device_id, kind, battery, rssi, persons, presence, temperature, message_id, received_at, extra, undated)
), first_heard as (
  insert into undated_messages (device_id, kind, message_id, received_at)
  select device_id, kind, message_id, received_at
  from said
  where undated
  on conflict do nothing
  returning device_id, kind, message_id
), stored as (
  insert into events (
    time, device_id, kind, battery, rssi, persons, presence, temperature, message_id, received_at, extra
  )
  select time, device_id, kind, battery, rssi, persons, presence, temperature, message_id, received_at, extra
  from said
  where not undated
     or exists (
       select from first_heard
       where first_heard.device_id = said.device_id
         and first_heard.kind = said.kind
         and first_heard.message_id = said.message_id
     )
  on conflict do nothing
  returning 1
)
select count(*)
from stored

-- name: update_latest
-- Brings the latest state of each device of a batch up; tells open pages of those whose state changed, and the rules of
-- those that fell silent or were heard again.
with heard as (
  select *
  from unnest(
    %(device_ids)s::integer[], %(onlines)s::boolean[], %(heards)s::timestamptz[], %(expecteds)s::timestamptz[],
    %(patrols)s::timestamptz[], %(batterys)s::smallint[], %(rssis)s::smallint[], %(personss)s::smallint[],
    %(presences)s::boolean[], %(temperatures)s::real[], %(fws)s::text[], %(models)s::text[]
  ) as each (
    device_id, online, heard_at, expected_by, patrol_at, battery, rssi, persons, presence, temperature, fw, model
  )
), before as (
  select device_latest.device_id, device_latest.state
  from device_latest
  join heard using (device_id)
  order by device_latest.device_id
  for update of device_latest
), changed as (
  update device_latest
  set state = case heard.online when true then 'online' when false then 'offline' else device_latest.state end,
      state_since = case
        when heard.online is not null
         and device_latest.state <> case when heard.online then 'online' else 'offline' end then %(now)s
        else device_latest.state_since
      end,
      said_offline = coalesce(not heard.online, device_latest.said_offline),
      last_seen = coalesce(greatest(device_latest.last_seen, heard.heard_at), device_latest.last_seen),
      expected_by = case
        when heard.online is false then null
        else coalesce(heard.expected_by, device_latest.expected_by)
      end,
      last_patrol_at = coalesce(heard.patrol_at, device_latest.last_patrol_at),
      battery = coalesce(heard.battery, device_latest.battery),
      rssi = coalesce(heard.rssi, device_latest.rssi),
      persons = coalesce(heard.persons, device_latest.persons),
      presence = coalesce(heard.presence, device_latest.presence),
      temperature = coalesce(heard.temperature, device_latest.temperature),
      fw = coalesce(heard.fw, device_latest.fw),
      model = coalesce(heard.model, device_latest.model)
  from heard, before
  where device_latest.device_id = heard.device_id
    and before.device_id = heard.device_id
  returning device_latest.device_id, device_latest.state, before.state as state_before
)
, moved as (
  select changed.device_id, changed.state, changed.state_before, devices.uid, homes.area
  from changed
  join devices on devices.id = changed.device_id
  join homes on homes.id = devices.home_id
  where changed.state <> changed.state_before
), told as (
  insert into stream_log (at, event, area, ref)
  select %(now)s, 'device', area, uid
  from moved
  returning 1
), noted as (
  insert into device_changes (device_id, area, at, state, look_at)
  select device_id, area, %(now)s, state, %(now)s
  from moved
  where (state = 'offline') <> (state_before = 'offline')
)
select case when exists (select from told) then pg_notify('anju_stream', '') end

-- name: beat
-- A role says that it is up; after a gap it counts as up only from now on.
insert into role_beats (role, up_since, beat_at, counters)
values (%(role)s, %(now)s, %(now)s, %(counters)s)
on conflict (role) do update
set up_since = case
      when role_beats.beat_at < %(now)s::timestamptz - %(gap)s::interval then excluded.up_since
      else role_beats.up_since
    end,
    beat_at = excluded.beat_at,
    counters = excluded.counters

-- name: ingest_up_since
-- Since when has the bulk lane been listening without a gap? Null while it is not.
select up_since
from role_beats
where role = 'gateway-bulk'
  and beat_at >= %(now)s::timestamptz - %(gap)s::interval

-- name: due_devices
-- Whose time to speak has passed? By the partial index on expected_by; rows another sweep holds are passed over.
select device_latest.device_id, devices.kind, devices.patrol_every_s, devices.offline_after_s,
  device_latest.last_seen, device_latest.said_offline
from device_latest
join devices on devices.id = device_latest.device_id
where device_latest.expected_by < %(now)s
order by device_latest.expected_by
limit %(limit)s
for update of device_latest skip locked

-- name: store_judgements
-- Writes what the sweep decided; tells open pages of those whose state changed, and the rules of those that fell silent
-- or were heard again.
with judged as (
  select *
  from unnest(%(device_ids)s::integer[], %(states)s::text[], %(expecteds)s::timestamptz[])
    as each (device_id, state, expected_by)
), before as (
  select device_latest.device_id, device_latest.state
  from device_latest
  join judged using (device_id)
), changed as (
  update device_latest
  set state = judged.state,
      state_since = case when device_latest.state = judged.state then device_latest.state_since else %(now)s end,
      expected_by = judged.expected_by
  from judged, before
  where device_latest.device_id = judged.device_id
    and before.device_id = judged.device_id
  returning device_latest.device_id, device_latest.state, before.state as state_before
), moved as (
  select changed.device_id, changed.state, changed.state_before, devices.uid, homes.area
  from changed
  join devices on devices.id = changed.device_id
  join homes on homes.id = devices.home_id
  where changed.state <> changed.state_before
), told as (
  insert into stream_log (at, event, area, ref)
  select %(now)s, 'device', area, uid
  from moved
  returning 1
), noted as (
  insert into device_changes (device_id, area, at, state, look_at)
  select device_id, area, %(now)s, state, %(now)s
  from moved
  where (state = 'offline') <> (state_before = 'offline')
)
select case when exists (select from told) then pg_notify('anju_stream', '') end

-- Registry ----------------------------------------------------------------------------------------------------------

-- name: lock_areas
-- Makes changes of the tree wait for each other: a path is computed from the paths above it.
select pg_advisory_xact_lock(hashtextextended('areas', 2))

-- name: area_in_tree
-- Where does an area lie, and at which level? By primary key.
select path, level
from areas
where code = %(code)s

-- name: insert_area
-- Puts an area into the tree, unless its code is taken.
insert into areas (code, name, level, parent, path)
values (%(code)s, %(name)s, %(level)s, %(parent)s, %(path)s)
on conflict (code) do nothing

-- name: hold_areas
-- Which of these areas are there? They cannot be removed meanwhile.
select code
from areas
where code = any(%(codes)s)
order by code
for key share

-- name: insert_homes
-- Registers homes; their ids come back in the same order.
insert into homes (area, address, lat, lon, key_note, created_at)
select each.area, each.address, each.lat, each.lon, each.key_note, %(now)s
from unnest(
  %(areas)s::text[], %(addresses)s::text[], %(lats)s::double precision[], %(lons)s::double precision[],
  %(key_notes)s::text[]
) with ordinality as each (area, address, lat, lon, key_note, position)
order by each.position
returning id

-- name: insert_residents
-- Registers those who live in homes; their ids come back in the same order.
insert into residents (home_id, name, birth_date, phone, sex, category, language, notes, contacts, created_at)
select each.home_id, each.name, each.birth_date, each.phone, each.sex, each.category, each.language, each.notes,
  each.contacts, %(now)s
from rows from (
  jsonb_to_recordset(%(residents)s) as (
    home_id bigint, name text, birth_date date, phone text, sex text, category text[], language text, notes text,
    contacts jsonb
  )
) with ordinality as each (home_id, name, birth_date, phone, sex, category, language, notes, contacts, position)
order by each.position
returning id

-- name: lock_topics
-- Makes the changes of hubs' base topics wait for each other.
select pg_advisory_xact_lock(hashtextextended('topics', 2))

-- name: hold_hubs
-- Which of these are hubs? They cannot be removed meanwhile. By the unique index on uid.
select uid
from devices
where uid = any(%(uids)s)
  and kind = 'hub'
  and removed_at is null
order by uid
for share

-- name: topics_of_other_hubs
-- Which base topics have the hubs that are not among these? By devices_hub_topic.
select topic
from devices
where kind = 'hub'
  and topic is not null
  and removed_at is null
  and uid <> all(%(uids)s)

-- name: hold_homes
-- Which of these homes are there? They cannot be removed meanwhile.
select id
from homes
where id = any(%(home_ids)s)
  and removed_at is null
order by id
for share

-- name: insert_devices
-- Registers devices, also under the uid of a removed one, of which nothing is known any more; which uids were free?
with stored as (
  insert into devices (
    uid, kind, home_id, format, topic, hub_uid, patrol_every_s, offline_after_s, password_hash, created_at
  )
  select each.uid, each.kind, each.home_id, each.format, each.topic, each.hub_uid, each.patrol_every_s,
    each.offline_after_s, each.password_hash, %(now)s
  from unnest(
    %(uids)s::text[], %(kinds)s::text[], %(home_ids)s::bigint[], %(formats)s::text[], %(topics)s::text[],
    %(hub_uids)s::text[], %(patrols)s::integer[], %(offlines)s::integer[], %(password_hashes)s::text[]
  ) as each (uid, kind, home_id, format, topic, hub_uid, patrol_every_s, offline_after_s, password_hash)
  on conflict (uid) do update
  set kind = excluded.kind,
      home_id = excluded.home_id,
      format = excluded.format,
      topic = excluded.topic,
      hub_uid = excluded.hub_uid,
      patrol_every_s = excluded.patrol_every_s,
      offline_after_s = excluded.offline_after_s,
      password_hash = excluded.password_hash,
      replaces = null,
      placed_at = excluded.created_at,
      removed_at = null
  where devices.removed_at is not null
  returning id, uid
), begun as (
  insert into device_latest (device_id, state_since)
  select stored.id, %(now)s
  from stored
  on conflict (device_id) do update
  set state = 'never',
      state_since = excluded.state_since,
      last_seen = null,
      expected_by = null,
      said_offline = false,
      last_patrol_at = null,
      presence = null,
      persons = null,
      battery = null,
      rssi = null,
      temperature = null,
      fw = null,
      model = null
)
select uid
from stored

-- name: set_device_password
-- Gives a device another password; the trigger wakes the broker.
update devices
set password_hash = %(password_hash)s
where uid = %(uid)s
  and removed_at is null

-- name: revoke_device_password
-- Takes a device's password away; the trigger wakes the broker, which refuses it from then on. Had it one?
with before as (
  select id, password_hash is not null as had
  from devices
  where uid = %(uid)s
    and removed_at is null
)
update devices
set password_hash = null
from before
where devices.id = before.id
returning before.had

-- name: speak_through
-- Which devices speak through a hub? Nobody else changes them until the transaction ends.
select uid
from devices
where hub_uid = %(hub)s
  and removed_at is null
order by uid
for update

-- name: mark_replaced
-- Writes down which device a new one came in place of.
update devices
set replaces = %(old)s
where uid = %(new)s

-- name: move_to_hub
-- Lets what spoke through one hub speak through another; topics below the old one's base lie below the new one's.
update devices
set hub_uid = %(new)s,
    topic = case
      when %(new_topic)s::text is not null and starts_with(devices.topic, old.topic || '/')
        then %(new_topic)s::text || substr(devices.topic, length(old.topic) + 1)
      else devices.topic
    end
from devices as old
where devices.hub_uid = %(old)s
  and devices.removed_at is null
  and old.uid = %(old)s

-- name: forget_found_by
-- Forgets what a hub named and nobody let in. By discovered_age_of_hub.
delete from discovered
where coalesce(hub_uid, '') = %(hub)s

-- Upkeep ------------------------------------------------------------------------------------------------------------

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
      placed_at = case when devices.home_id = %(home_id)s then placed_at else %(now)s end
  from stood
  where devices.id = stood.id
  returning devices.id, stood.home_id <> devices.home_id as moved
)
update device_latest
set expected_by = case when said_offline then null else last_seen + %(first_after)s::interval end,
    presence = case when placed.moved then null else presence end,
    persons = case when placed.moved then null else persons end,
    last_patrol_at = case when placed.moved then null else last_patrol_at end
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
