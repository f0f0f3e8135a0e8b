-- Sessions and users ------------------------------------------------------------------------------------------------

-- name: lock_login
-- Makes the log-ins of one address wait for each other, so that each sees how often it was tried before.
select pg_advisory_xact_lock(hashtextextended(%(address)s, 1))

-- name: count_login_tries
-- How often was this name tried from this address lately, how often anything from there, since when? By the time index.
select count(*) filter (where username = %(username)s), count(*), min(at)
from login_failures
where at > %(since)s
  and address = %(address)s

-- name: note_login_try
-- Writes a try down before it is checked, and forgets those that no longer count.
with old as (
  delete from login_failures
  where at <= %(since)s
)
insert into login_failures (username, address, at)
values (%(username)s, %(address)s, %(now)s)

-- name: forget_login_tries
-- The name was proven: its tries from this address were its owner's.
delete from login_failures
where username = %(username)s
  and address = %(address)s

-- name: user_for_login
-- Whose password is to be checked? By the unique index on username.
select id, password_hash
from users
where username = %(username)s
  and disabled_at is null

-- name: set_password
-- Stores a password's new hash.
update users
set password_hash = %(password_hash)s
where id = %(user_id)s

-- name: password_of
-- What is stored of a user's own password?
select password_hash
from users
where id = %(user_id)s

-- name: insert_session
-- Opens a session; the token itself is not kept.
insert into sessions (token_hash, user_id, created_at, expires_at)
values (%(token_hash)s, %(user_id)s, %(now)s, %(expires_at)s)

-- name: delete_session
-- Ends one session.
delete from sessions
where token_hash = %(token_hash)s

-- name: delete_sessions_of
-- Ends the sessions of a user, but for the one he is in (none is null).
delete from sessions
where user_id = %(user_id)s
  and (%(keep)s::bytea is null or token_hash <> %(keep)s)

-- name: principal
-- Whose session is this, and which areas does he see? By the primary key of sessions.
select users.id, users.username, users.role, users.area, areas.path, areas.parent is null as is_root, users.staff_id,
  coalesce(users.language, staff.language), staff.name
from sessions
join users on users.id = sessions.user_id
left join areas on areas.code = users.area
left join staff on staff.id = users.staff_id
where sessions.token_hash = %(token_hash)s
  and sessions.expires_at > %(now)s
  and users.disabled_at is null

-- name: insert_first_admin
-- Makes the first user, where there is none; the lock keeps two starts at once from making two passwords for him.
with alone as (
  select pg_advisory_xact_lock(hashtextextended('first admin', 1))
)
insert into users (username, password_hash, role, created_at)
select 'admin', %(password_hash)s, 'admin', %(now)s
from alone
where not exists (select from users)
on conflict (username) do nothing
returning id

-- name: write_audit
-- Adds a row to the audit log.
insert into audit (at, who, role, action, object, area, detail)
values (%(at)s, %(who)s, %(role)s, %(action)s, %(object)s, %(area)s, %(detail)s)

-- Alerts, visits and devices, as they are read -----------------------------------------------------------------------

-- name: alerts_read
-- What do these alerts look like? By primary key; `path` says who may see them.
select alerts.id::text as id, alerts.id as number, alerts.kind, alerts.severity, alerts.state, alerts.area,
  alerts.home_id::text as home, alerts.resident_id::text as resident, alerts.device_uid as device, alerts.count,
  alerts.raised_at, coalesce(alerts.accepted_by_staff::text, alerts.accepted_by_user) as accepted_by,
  alerts.next_step_at, visit.id::text as visit, alerts.test, alerts.text,
  coalesce(staff.name, alerts.accepted_by_user) as accepted_by_name, homes.address as home_address,
  residents.name as resident_name, alerts.home_cancelled_at, alerts.notified_at, alerts.accepted_at,
  alerts.en_route_at, alerts.arrived_at, alerts.closed_at, alerts.outcome, alerts.close_note as note,
  alerts.spoke_with, alerts.snoozed_until, alerts.collected_for, alerts.reopened_at,
  case when alerts.silence_id is not null and alerts.state <> 'closed' then alerts.next_step_at end as silenced_until,
  areas.path
from alerts
left join areas on areas.code = alerts.area
left join homes on homes.id = alerts.home_id
left join residents on residents.id = alerts.resident_id
left join staff on staff.id = alerts.accepted_by_staff
left join lateral (
  select visits.id
  from visits
  where visits.alert_id = alerts.id
  order by visits.state in ('completed', 'followed_up', 'failed', 'cancelled'), visits.id desc
  limit 1
) as visit on true
where alerts.id = any(%(ids)s)

-- name: alert_timeline
-- What happened to an alert, in the order in which it became known? By alert_timeline_alert.
select at, what, who, detail
from alert_timeline
where alert_id = %(alert_id)s
order by id

-- name: visits_read
-- What do these visits look like? By primary key; `path` says who may see them.
select visits.id::text as id, visits.alert_id::text as alert, visits.home_id::text as home, visits.area,
  visits.service, visits.staff_id::text as staff, staff.name as staff_name, visits.state, visits.due_from,
  visits.due_to, visits.note, visits.requested_at, visits.assigned_at, visits.accepted_at, visits.departed_at,
  visits.arrived_at, visits.completed_at, visits.ended_at, visits.outcome, visits.fail_reason,
  visits.arrived_proof, visits.completed_proof, homes.address as home_address, visits.started_at,
  visits.followed_up_at, visits.fail_kind, visits.payer, visits.fee::double precision as fee, visits.elsewhere, areas.path
from visits
left join areas on areas.code = visits.area
left join homes on homes.id = visits.home_id
left join staff on staff.id = visits.staff_id
where visits.id = any(%(ids)s)

-- name: devices_read
-- What do these devices look like, and how are they? By the unique index on uid; `path` says who may see them.
select devices.uid as id, devices.uid, devices.kind, devices.home_id::text as home, devices.format, devices.topic,
  devices.hub_uid as hub, devices.patrol_every_s, devices.offline_after_s, devices.replaces,
  devices.password_hash is not null as has_password,
  coalesce(device_latest.state, 'never') as state, device_latest.last_seen, device_latest.battery, device_latest.rssi,
  device_latest.fw, device_latest.battery_flat_on, device_latest.linkquality, device_latest.clock_skew_s,
  device_latest.booted_at, device_latest.usual_gap_s, device_latest.picture, device_latest.rssi_smooth,
  device_latest.flapping_since, coalesce(device_latest.off_on_purpose, false) as off_on_purpose,
  coalesce(device_latest.firmware_outdated, false) as firmware_outdated,
  coalesce(device_latest.problems, '{}') as problems_before, hub_latest.state as hub_state,
  coalesce(devices.placed_at, devices.created_at) as since, areas.path
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
left join devices as hub on hub.uid = devices.hub_uid
left join device_latest as hub_latest on hub_latest.device_id = hub.id
where devices.uid = any(%(uids)s)
  and devices.removed_at is null

-- name: labels_of
-- Which devices get a label, home by home: these uids, of a home, of an area and all below it, as far as one sees?
select devices.uid, devices.kind, device_latest.model
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
  and areas.path like %(below)s
  and (%(uids)s::text[] is null or devices.uid = any(%(uids)s))
  and (%(home_id)s::bigint is null or devices.home_id = %(home_id)s)
  and (%(area)s::text is null or %(area)s = any(string_to_array(areas.path, '/')))
order by areas.path, devices.home_id, devices.uid
limit %(limit)s

-- name: uids_taken
-- Which of these uids has a device, or had one that was taken out? By the unique index on uid.
select uid
from devices
where uid = any(%(uids)s)

-- What open pages are told -------------------------------------------------------------------------------------------

-- name: stream_rows
-- Which rows are new: after the newest seen, or among the ids that were skipped so far? By primary key.
select id, event, ref
from stream_log
where id > %(after)s
   or id = any(%(gaps)s)
order by id
limit %(limit)s

-- name: stream_bounds
-- What does the log still hold? By primary key, from both ends.
select coalesce(min(id), 0), coalesce(max(id), 0)
from stream_log

-- name: stream_ids_before
-- Which ids up to the newest are there? Those missing may belong to transactions that are still open. By primary key.
select id
from stream_log
where id > %(newest)s::bigint - %(back)s::bigint
  and id <= %(newest)s

-- name: stream_open_transactions
-- The oldest transaction still open, and the next one to come.
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint

-- Roles --------------------------------------------------------------------------------------------------------------

-- name: roles_up_since
-- Which roles have said that they are up since then?
select role
from role_beats
where beat_at >= %(since)s

-- The simulated village ----------------------------------------------------------------------------------------------

-- name: lock_village
-- Makes two who would settle the simulated village wait for each other.
select pg_advisory_xact_lock(hashtextextended('simulated village', 1))

-- name: simulated_homes
-- Which simulated homes were ever made, and are both their devices still there? Looks through all devices, once a start.
select substr(button.uid, length('sim-btn-') + 1)::bigint as number, button.uid, camera.uid,
  button.removed_at is null and camera.removed_at is null
from devices as button
join devices as camera on camera.uid = replace(button.uid, 'sim-btn-', 'sim-cam-')
where button.uid ~ '^sim-btn-[0-9]{1,9}$'
order by number

-- name: formats_of_simulated
-- Which simulated devices do not speak Anju's own format? Looks through all devices, once a start.
select uid, format
from devices
where uid ~ '^sim-(btn|cam)-[0-9]{1,9}$'
  and format <> %(own)s
  and removed_at is null

-- name: install_simulated_hubs
-- Puts the hubs of simulated homes into the registry, or back into it, each in the home of its button. By devices' key.
with asked as (
  select each.*, devices.home_id
  from unnest(%(uids)s::text[], %(buttons)s::text[], %(formats)s::text[], %(topics)s::text[])
    as each (uid, button, format, topic)
  join devices on devices.uid = each.button
), installed as (
  insert into devices (uid, kind, home_id, format, topic, created_at)
  select uid, 'hub', home_id, format, topic, %(now)s
  from asked
  on conflict (uid) do update
  set removed_at = null,
      format = excluded.format,
      topic = excluded.topic,
      home_id = excluded.home_id
  where devices.kind = 'hub'
  returning id
)
insert into device_latest (device_id, state_since)
select id, %(now)s
from installed
on conflict do nothing

-- name: wire_simulated
-- Registers simulated devices so that they are understood as they will speak. By devices' key.
update devices
set format = asked.format,
    topic = asked.topic,
    hub_uid = asked.hub
from unnest(%(uids)s::text[], %(formats)s::text[], %(topics)s::text[], %(hubs)s::text[])
  as asked (uid, format, topic, hub)
where devices.uid = asked.uid
  and (devices.format, devices.topic, devices.hub_uid) is distinct from (asked.format, asked.topic, asked.hub)

-- name: remove_idle_simulated_hubs
-- Takes the simulated hubs away through which no device speaks any more. Looks through all devices, when homes are wired.
update devices
set removed_at = %(now)s
where uid ~ '^sim-hub-[0-9]{1,9}$'
  and kind = 'hub'
  and removed_at is null
  and not exists (
    select
    from devices as behind
    where behind.hub_uid = devices.uid
      and behind.removed_at is null
  )

-- name: areas_that_are
-- Which of these areas are there already?
select code
from areas
where code = any(%(codes)s)

-- name: settle_homes
-- Puts simulated homes into the registry, each with its resident, a button and a camera. The devices get no password:
-- the simulator speaks for all of them.
with asked as materialized (
  select each.*, nextval(pg_get_serial_sequence('homes', 'id')) as home_id
  from unnest(
    %(areas)s::text[], %(addresses)s::text[], %(lats)s::double precision[], %(lons)s::double precision[],
    %(key_notes)s::text[], %(names)s::text[], %(birth_dates)s::date[], %(phones)s::text[], %(sexes)s::text[],
    %(categories)s::text[], %(notes)s::text[], %(contacts)s::jsonb[], %(buttons)s::text[], %(cameras)s::text[]
  ) as each (
    area, address, lat, lon, key_note, name, birth_date, phone, sex, category, notes, contacts, button, camera
  )
), settled as (
  insert into homes (id, area, address, lat, lon, key_note, created_at)
  overriding system value
  select home_id, area, address, lat, lon, key_note, %(now)s
  from asked
), moved_in as (
  insert into residents (home_id, name, birth_date, phone, sex, category, notes, contacts, created_at)
  select home_id, name, birth_date, phone, sex, string_to_array(category, ','), notes, contacts, %(now)s
  from asked
), installed as (
  insert into devices (uid, kind, home_id, created_at)
  select button, 'button', home_id, %(now)s
  from asked
  union all
  select camera, 'camera', home_id, %(now)s
  from asked
  returning id
)
insert into device_latest (device_id, state_since)
select id, %(now)s
from installed

-- name: offer_service
-- Puts a service on the list, unless its code is taken.
insert into services (code, name, name_en, usual_minutes)
values (%(code)s, %(name)s, %(name_en)s, %(usual_minutes)s)
on conflict (code) do nothing

-- Simulated staff ----------------------------------------------------------------------------------------------------

-- name: simulated_alerts
-- Which open help alerts were raised, and joined, by simulated presses alone, how does each stand, and has somebody
-- who is none of the simulation taken it in hand since it was accepted? By the index of open alerts.
select alerts.id, alerts.state, alerts.test, alerts.home_cancelled_at is not null, alerts.accepted_at,
  alerts.en_route_at, alerts.arrived_at, visit.id, visit.state, visit.completed_at, holder.id, holder.name,
  coalesce(residents.name, alerts.device_uid), homes.lat, homes.lon,
  exists (
    select
    from alert_timeline as since
    where since.alert_id = alerts.id
      and since.id >= (
        select max(taken.id)
        from alert_timeline as taken
        where taken.alert_id = alerts.id
          and taken.what = 'accepted'
      )
      and since.who is not null
      and since.detail ->> 'channel' <> 'simulation'
  )
from alerts
left join homes on homes.id = alerts.home_id
left join residents on residents.id = alerts.resident_id
left join staff as holder on holder.id = alerts.accepted_by_staff
  and starts_with(holder.phone, %(phones)s)
left join lateral (
  select visits.id, visits.state, visits.completed_at
  from visits
  where visits.alert_id = alerts.id
  order by visits.id desc
  limit 1
) as visit on true
cross join lateral (
  -- what a vendor's device says has no id of the simulator's: there it is the device that tells
  select exists (
    select
    from devices
    where devices.uid = alerts.device_uid
      and devices.format <> 'anju'
      and devices.password_hash is null
  ) as is_vendor_s
) as pressed_by
where alerts.state <> 'closed'
  and alerts.kind = 'help'
  and starts_with(alerts.device_uid, 'sim-')
  and (%(alert_id)s::bigint is null or alerts.id = %(alert_id)s)
  and not exists (
    select
    from help_calls
    where help_calls.alert_id = alerts.id
      and not (
        starts_with(help_calls.device_uid, 'sim-')
        and (starts_with(help_calls.call_id, 'sim-') or pressed_by.is_vendor_s)
      )
  )
  and not exists (
    select
    from alert_timeline as pressed
    where pressed.alert_id = alerts.id
      and pressed.what in ('raised', 'pressed_again')
      and not (starts_with(coalesce(pressed.detail ->> 'call', ''), 'sim-') or pressed_by.is_vendor_s)
  )
order by alerts.id

-- name: simulated_staff_told
-- Which simulated responders were told of these alerts, in order, and which telling did they answer?
-- By alert_timeline_alert and the primary key of phone_replies.
select told.alert_id, told.id, told.at, staff.phone, phone_replies.sid is not null
from alert_timeline as told
join staff on staff.id = (told.detail ->> 'staff')::bigint
left join phone_replies on phone_replies.sid = 'sim-' || told.alert_id || '-' || told.id
where told.alert_id = any(%(alert_ids)s)
  and told.what = 'told'
  and starts_with(staff.phone, %(phones)s)
  and staff.removed_at is null
order by told.id

-- name: watch_begins
-- Somebody has opened the board.
insert into watches (user_id, began_at, seen_at)
values (%(user_id)s, %(now)s, %(now)s)
returning id

-- name: watch_goes_on
-- He still has it open.
update watches
set seen_at = greatest(seen_at, %(now)s)
where id = %(watch_id)s
