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
      presence_since = case
        when heard.presence <> device_latest.presence
          or heard.persons <> device_latest.persons
          or (device_latest.presence_since is null and coalesce(heard.presence, heard.persons > 0) is not null)
          then coalesce(heard.patrol_at, heard.heard_at)
        else device_latest.presence_since
      end,
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
