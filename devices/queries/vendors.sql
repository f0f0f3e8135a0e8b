-- Devices of the market ---------------------------------------------------------------------------------------------

-- name: addresses
-- How is each device reached that is a vendor's hub, speaks through one, or has a topic of its own? All of them: read whole.
select devices.uid, devices.id, devices.kind, devices.home_id, devices.format, devices.topic, devices.hub_uid,
  devices.patrol_every_s, devices.offline_after_s, device_latest.usual_gap_s
from devices
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
  and (devices.topic is not null or devices.hub_uid is not null)
order by devices.id

-- name: addresses_behind
-- How are a hub, the devices that speak through it and the others of its home reached, as they are registered right now? The
-- same radio packet may come through each of a home's hubs. By devices_behind_hub, devices_home and the unique index on uid.
select devices.uid, devices.id, devices.kind, devices.home_id, devices.format, devices.topic, devices.hub_uid,
  devices.patrol_every_s, devices.offline_after_s, device_latest.usual_gap_s
from devices
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
  and (
    devices.uid = %(hub)s
    or devices.hub_uid = %(hub)s
    or devices.home_id = (select home_id from devices where uid = %(hub)s and removed_at is null)
  )
order by devices.id

-- name: addresses_under
-- Who is registered with a topic right now, as a hub or for itself, and what else is in that home? Looks through all devices: it
-- is asked only where whoever had the topic has it no longer.
with holders as (
  select uid, home_id
  from devices
  where topic = %(topic)s
    and hub_uid is null
    and removed_at is null
)
select devices.uid, devices.id, devices.kind, devices.home_id, devices.format, devices.topic, devices.hub_uid,
  devices.patrol_every_s, devices.offline_after_s, device_latest.usual_gap_s
from devices
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
  and (
    devices.uid in (select uid from holders)
    or devices.hub_uid in (select uid from holders)
    or devices.home_id in (select home_id from holders)
  )
order by devices.id

-- name: hold_presses
-- What is a device's next press compared with? Its row is held, and made where it is the first. By the primary key.
insert into vendor_presses (device_uid, address, changed_at)
values (%(uid)s, %(address)s, %(now)s)
on conflict (device_uid, address) do update
set changed_at = excluded.changed_at
returning pressed_at, alarm_on, recent

-- name: remember_press
update vendor_presses
set pressed_at = %(pressed_at)s,
    alarm_on = %(alarm_on)s,
    recent = %(recent)s
where device_uid = %(uid)s
  and address = %(address)s

-- name: forget_presses_of_strangers
-- Forgets what was never registered and has been silent for long. By vendor_presses_of_strangers.
delete from vendor_presses
where address <> ''
  and changed_at < %(before)s

-- name: note_discovered
-- Writes down what could be registered, or that it was heard again, at most once in a while unless there is news of it;
-- whose hub named something new? What was known before and is not said now stays. By discovered_once.
with said as (
  select *
  from jsonb_to_recordset(%(sightings)s) as each (
    format text, hub_uid text, address text, topic text, name text, kind text, model text, maker text, fw text, said jsonb
  )
), noted as (
  insert into discovered (
    format, hub_uid, address, topic, name, kind, model, maker, fw, first_seen, last_seen, said
  )
  select said.format, said.hub_uid, said.address, said.topic, coalesce(said.name, said.address), said.kind, said.model,
    said.maker, said.fw, %(now)s, %(now)s, coalesce(said.said, '{}')
  from said
  where said.hub_uid is null
     or exists (
       select
       from devices
       where devices.uid = said.hub_uid
     )
  order by said.format, said.hub_uid, said.address
  on conflict (format, coalesce(hub_uid, ''), address) do update
  set topic = coalesce(excluded.topic, discovered.topic),
      name = case when excluded.name = excluded.address then discovered.name else excluded.name end,
      kind = coalesce(excluded.kind, discovered.kind),
      model = coalesce(excluded.model, discovered.model),
      maker = coalesce(excluded.maker, discovered.maker),
      fw = coalesce(excluded.fw, discovered.fw),
      last_seen = excluded.last_seen,
      said = case when excluded.said = '{}' then discovered.said else excluded.said end
  where discovered.last_seen < %(now)s::timestamptz - %(quiet)s::interval
     or excluded.name not in (discovered.name, excluded.address)
     or (excluded.said <> '{}' and discovered.said = '{}')
     or num_nonnulls(excluded.kind, excluded.model, excluded.topic)
      > num_nonnulls(discovered.kind, discovered.model, discovered.topic)
  returning hub_uid, first_seen = %(now)s as is_new
)
select distinct coalesce(hub_uid, '')
from noted
where is_new

-- name: bound_discovered
-- Forgets what one hub named (or the discoveries, '') beyond so many, longest unseen first. By discovered_age_of_hub.
delete from discovered
where id in (
  select id
  from discovered
  where coalesce(hub_uid, '') = %(hub)s
  order by last_seen desc, id desc
  offset %(limit)s
)

-- name: bound_all_discovered
-- Forgets what was named beyond so many in all, longest unseen first. By discovered_age.
delete from discovered
where id in (
  select id
  from discovered
  order by last_seen desc, id desc
  offset %(limit)s
)

-- name: forget_discovered
-- A hub took back what it had named, or a discovery did, whatever format it is in that was found.
delete from discovered
where address = %(address)s
  and (
    (hub_uid is null and %(hub)s::text is null)
    or (hub_uid = %(hub)s::text and format = %(format)s)
  )

-- name: forget_registered_behind_hubs
-- What is registered behind its hub by now waits no longer.
delete from discovered
using devices
join devices as hub on hub.uid = devices.hub_uid
where devices.hub_uid = discovered.hub_uid
  and devices.removed_at is null
  and (
    discovered.address = coalesce(devices.topic, devices.uid)
    or hub.topic || '/' || discovered.address = devices.topic
  )

-- name: forget_registered_alone
-- What is registered with its own topic by now waits no longer.
delete from discovered
using devices
where devices.topic = discovered.topic
  and devices.hub_uid is null
  and devices.removed_at is null

-- name: subscriptions
-- What are a lane's further sessions subscribed to at the broker? By the primary key.
select filter, session
from broker_subscriptions
where lane = %(lane)s

-- name: note_subscriptions
insert into broker_subscriptions (lane, session, filter)
select %(lane)s, each.session, each.filter
from unnest(%(filters)s::text[], %(sessions)s::integer[]) as each (filter, session)
on conflict (lane, filter) do update
set session = excluded.session

-- name: forget_subscriptions
delete from broker_subscriptions
where lane = %(lane)s
  and filter = any(%(filters)s)
