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

-- name: topics_of_others
-- Which base topics have the hubs and the devices that speak for themselves, beside these? Those only that could meet one
-- with such a first level.
select kind, format, topic
from devices
where topic is not null
  and (kind = 'hub' or hub_uid is null)
  and removed_at is null
  and (split_part(topic, '/', 1) = any(%(heads)s::text[]) or format = any(%(elsewhere)s::text[]))
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
    uid, kind, home_id, format, topic, hub_uid, patrol_every_s, offline_after_s, password_hash, mosquitto_hash, created_at
  )
  select each.uid, each.kind, each.home_id, each.format, each.topic, each.hub_uid, each.patrol_every_s,
    each.offline_after_s, each.password_hash, each.mosquitto_hash, %(now)s
  from unnest(
    %(uids)s::text[], %(kinds)s::text[], %(home_ids)s::bigint[], %(formats)s::text[], %(topics)s::text[],
    %(hub_uids)s::text[], %(patrols)s::integer[], %(offlines)s::integer[], %(password_hashes)s::text[],
    %(mosquitto_hashes)s::text[]
  ) as each (
    uid, kind, home_id, format, topic, hub_uid, patrol_every_s, offline_after_s, password_hash, mosquitto_hash
  )
  on conflict (uid) do update
  set kind = excluded.kind,
      home_id = excluded.home_id,
      format = excluded.format,
      topic = excluded.topic,
      hub_uid = excluded.hub_uid,
      patrol_every_s = excluded.patrol_every_s,
      offline_after_s = excluded.offline_after_s,
      password_hash = excluded.password_hash,
      mosquitto_hash = excluded.mosquitto_hash,
      last_test_at = null,
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
      presence_since = null,
      fell_at = null,
      persons = null,
      battery = null,
      rssi = null,
      temperature = null,
      fw = null,
      model = null,
      picture = null,
      off_on_purpose = false,
      usual_gap_s = null,
      clock_skew_s = null,
      booted_at = null,
      last_presence_at = null,
      battery_flat_on = null,
      battery_day = null,
      linkquality = null,
      rssi_smooth = null,
      restless = 0,
      restless_at = null,
      flapping_since = null,
      firmware_outdated = false,
      problems = '{}',
      to_judge = false,
      today_since = null,
      offline_today_s = 0,
      pings_today = 0,
      reboots_today = 0,
      changes_today = 0,
      battery_min_today = null,
      gap_max_today_s = null
)
select uid
from stored

-- name: set_device_password
-- Gives a device another password; the trigger wakes the broker.
update devices
set password_hash = %(password_hash)s,
    mosquitto_hash = %(mosquitto_hash)s
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
