-- Who is there --------------------------------------------------------------------------------------------------------

-- name: set_language
-- A user's language, for every browser he will use.
update users
set language = %(language)s
where id = %(user_id)s

-- The board -----------------------------------------------------------------------------------------------------------

-- name: open_alerts
-- What waits? Critical first, then what nobody has taken, then the oldest. By the partial index alerts_open.
select alerts.id, alerts.kind, alerts.severity, alerts.state, alerts.test, alerts.count, alerts.raised_at,
  alerts.home_cancelled_at, alerts.next_step_at, alerts.text, alerts.device_uid, residents.name as resident,
  residents.birth_date, residents.category, homes.address, place.names as places,
  coalesce(taker.name, alerts.accepted_by_user) as taken_by, visits.state as visit_state, goer.name as visit_by,
  told.people as told, trouble.what as trouble
from (
  select alerts.id, alerts.kind, alerts.severity, alerts.state, alerts.test, alerts.count, alerts.raised_at,
    alerts.home_cancelled_at, alerts.next_step_at, alerts.text, alerts.device_uid, alerts.area, alerts.resident_id,
    alerts.home_id, alerts.accepted_by_staff, alerts.accepted_by_user
  from alerts
  left join areas on areas.code = alerts.area
  where alerts.state <> 'closed'
    and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
  order by array_position('{critical,high,normal,low}'::text[], alerts.severity),
    alerts.state not in ('raised', 'notified'), alerts.raised_at, alerts.id
  limit %(limit)s
) as alerts
left join areas on areas.code = alerts.area
left join residents on residents.id = alerts.resident_id
left join homes on homes.id = alerts.home_id
left join staff as taker on taker.id = alerts.accepted_by_staff
left join visits on visits.alert_id = alerts.id
  and visits.state not in ('completed', 'failed', 'cancelled')
left join staff as goer on goer.id = visits.staff_id
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level in ('township', 'village')
) as place on true
left join lateral (
  select jsonb_agg(jsonb_build_object('name', last.name, 'channel', last.channel, 'state', last.state)
    order by last.id) as people
  from (
    select messages.id, staff.name, messages.channel, messages.state
    from messages
    join staff on staff.id = messages.staff_id
    where messages.alert_id = alerts.id
      and messages.purpose in ('tell', 'retell')
      and messages.state <> 'canceled'
    order by messages.id desc
    limit 2
  ) as last
) as told on true
left join lateral (
  select alert_timeline.what
  from alert_timeline
  where alert_timeline.alert_id = alerts.id
    and alert_timeline.what in ('told', 'told_retell', 'nobody_on_call', 'no_policy')
  order by alert_timeline.id desc
  limit 1
) as trouble on true
order by array_position('{critical,high,normal,low}'::text[], alerts.severity),
  alerts.state not in ('raised', 'notified'), alerts.raised_at, alerts.id

-- name: open_alert_counts
-- How many are open, how many critical ones has nobody taken?
select count(*),
  count(*) filter (where alerts.severity = 'critical' and alerts.state in ('raised', 'notified'))
from alerts
left join areas on areas.code = alerts.area
where alerts.state <> 'closed'
  and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))

-- name: lately_closed
-- What was closed in this shift? By the index alerts_time.
select alerts.id, alerts.kind, alerts.test, alerts.closed_at, alerts.outcome, residents.name as resident, homes.address,
  alerts.device_uid
from alerts
left join areas on areas.code = alerts.area
left join residents on residents.id = alerts.resident_id
left join homes on homes.id = alerts.home_id
where alerts.state = 'closed'
  and alerts.raised_at > %(since)s
  and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
order by alerts.closed_at desc
limit %(limit)s

-- name: any_home
-- Is there a single home in the registry?
select exists (
  select
  from homes
  where removed_at is null
)

-- One alert -----------------------------------------------------------------------------------------------------------

-- name: alert_file
-- Everything about one alert that stands in its own row or beside it; nothing where this user does not see its area.
select alerts.id, alerts.kind, alerts.severity, alerts.state, alerts.test, alerts.count, alerts.raised_at,
  alerts.pressed_at, alerts.closed_at, alerts.home_cancelled_at, alerts.next_step_at, alerts.text, alerts.device_uid,
  alerts.area, alerts.home_id, alerts.resident_id, alerts.outcome, alerts.accepted_by_staff, alerts.policy_area,
  alerts.round, alerts.step, coalesce(taker.name, alerts.accepted_by_user) as taken_by,
  residents.name as resident, residents.birth_date, residents.sex, residents.category, residents.phone,
  residents.notes, residents.contacts, homes.address, homes.key_note, homes.lat, homes.lon, place.names as places,
  visits.id as visit_id, visits.state as visit_state, visits.staff_id as visit_staff, goer.name as visit_by,
  visits.requested_at, visits.assigned_at, visits.accepted_at as visit_accepted_at, visits.departed_at,
  visits.arrived_at, visits.completed_at, visits.fail_reason, visits.outcome as visit_outcome
from alerts
left join areas on areas.code = alerts.area
left join residents on residents.id = alerts.resident_id
left join homes on homes.id = alerts.home_id
left join staff as taker on taker.id = alerts.accepted_by_staff
left join lateral (
  select visits.id, visits.state, visits.staff_id, visits.requested_at, visits.assigned_at, visits.accepted_at,
    visits.departed_at, visits.arrived_at, visits.completed_at, visits.fail_reason, visits.outcome
  from visits
  where visits.alert_id = alerts.id
  order by visits.id desc
  limit 1
) as visits on true
left join staff as goer on goer.id = visits.staff_id
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level <> 'city'
) as place on true
where alerts.id = %(alert_id)s
  and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))

-- name: alert_happenings
-- What happened, as it became known, with what the home was heard to be told; the newest last. By alert_timeline_alert.
select at, what, who, detail
from (
  select alert_timeline.at, alert_timeline.what, alert_timeline.who, alert_timeline.detail, alert_timeline.id as nth
  from alert_timeline
  where alert_timeline.alert_id = %(alert_id)s
  union all
  select home_replies.published_at, 'heard', null, jsonb_build_object('state', home_replies.state), home_replies.id
  from help_calls
  join home_replies on home_replies.device_uid = help_calls.device_uid
    and home_replies.call_id = help_calls.call_id
  where help_calls.alert_id = %(alert_id)s
    and help_calls.what = 'help'
    and home_replies.published_at is not null
    and home_replies.aloud
) as everything
order by at, nth

-- name: names_of_areas
-- What are these areas called?
select code, name
from areas
where code = any(%(codes)s)

-- name: messages_of_alert
-- Who was told, and what became of each message? By messages_alert.
select coalesce(staff.name, messages.recipient) as name, messages.channel, messages.purpose, messages.state, messages.text,
  messages.error, messages.created_at, coalesce(messages.delivered_at, messages.sent_at) as reached_at
from messages
left join staff on staff.id = messages.staff_id
where messages.alert_id = %(alert_id)s
order by messages.id desc
limit 100

-- name: devices_of_home
-- What stands in that home, and how is it? By devices_home.
select devices.uid, devices.kind, device_latest.state, device_latest.last_seen, device_latest.battery, device_latest.rssi
from devices
left join device_latest on device_latest.device_id = devices.id
where devices.home_id = %(home_id)s
  and devices.removed_at is null
order by devices.uid
limit 20

-- name: people_near
-- Who could be sent? Those of this place first, then of the places above it, then the rest this user may send.
select staff.id, staff.name, areas.name as area
from staff
join areas on areas.code = staff.area
left join areas as here on here.code = %(area)s
where staff.removed_at is null
  and (areas.path like %(below)s or starts_with(here.path, areas.path))
order by starts_with(here.path, areas.path) desc nulls last, length(areas.path) desc, staff.name, staff.id
limit 200

-- name: may_be_sent
-- Is that one of the people who could be sent there? By primary key.
select exists (
  select
  from staff
  join areas on areas.code = staff.area
  left join areas as here on here.code = %(area)s
  where staff.id = %(staff_id)s
    and staff.removed_at is null
    and (areas.path like %(below)s or starts_with(here.path, areas.path))
)

-- name: same_note_lately
-- Did the same person just write the same? Then the form was sent twice.
select exists (
  select
  from alert_timeline
  where alert_id = %(alert_id)s
    and what = 'note'
    and who = %(who)s
    and detail ->> 'text' = %(text)s
    and at > %(since)s
)

-- Visits --------------------------------------------------------------------------------------------------------------

-- name: visit_seen
-- Does this user see that visit, and whose is it?
select visits.state, visits.staff_id, visits.alert_id, visits.area
from visits
left join areas on areas.code = visits.area
where visits.id = %(visit_id)s
  and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))

-- name: open_visits
-- Who is on the way to whom, and whom does nobody go to yet? Of alerts first, then by when they are due.
select visits.id, visits.alert_id, visits.state, visits.staff_id, staff.name as staff, visits.due_from, visits.due_to,
  visits.note, visits.requested_at, visits.accepted_at, visits.departed_at, visits.arrived_at, alerts.kind, alerts.test,
  alerts.severity, alerts.raised_at, services.name as service, services.name_en as service_en,
  residents.name as resident, homes.address, place.names as places, alerts.device_uid, visits.area
from visits
left join areas on areas.code = visits.area
left join alerts on alerts.id = visits.alert_id
left join services on services.code = visits.service
left join staff on staff.id = visits.staff_id
left join homes on homes.id = visits.home_id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = visits.home_id
    and (alerts.resident_id is null or residents.id = alerts.resident_id)
    and residents.removed_at is null
  order by residents.id
  limit 1
) as residents on true
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level in ('township', 'village')
) as place on true
where visits.state not in ('completed', 'failed', 'cancelled')
  and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))
order by visits.alert_id is null, coalesce(visits.due_from, visits.requested_at), visits.id
limit %(limit)s

-- My work -------------------------------------------------------------------------------------------------------------

-- name: my_visits
-- Where am I to go? What I have begun first. By visits_staff.
select id, alert_id
from visits
where staff_id = %(staff_id)s
  and state not in ('requested', 'completed', 'failed', 'cancelled')
order by array_position('{arrived,en_route,accepted,assigned}'::text[], state), alert_id is null,
  coalesce(due_from, requested_at), id
limit 50

-- name: my_calls
-- Which alerts wait for my answer?
select alerts.id
from alerts
where alerts.state in ('raised', 'notified')
  and exists (
    select
    from messages
    where messages.alert_id = alerts.id
      and messages.staff_id = %(staff_id)s
      and messages.purpose in ('tell', 'retell')
      and messages.state <> 'canceled'
  )
  and coalesce((
    select alert_timeline.what
    from alert_timeline
    where alert_timeline.alert_id = alerts.id
      and (
        (alert_timeline.what = 'declined' and alert_timeline.who = %(name)s)
        or (alert_timeline.what in ('told', 'told_retell') and alert_timeline.detail ->> 'name' = %(name)s)
      )
    order by alert_timeline.id desc
    limit 1
  ), '') <> 'declined'
order by array_position('{critical,high,normal,low}'::text[], alerts.severity), alerts.raised_at
limit 20

-- name: my_swaps
-- What am I asked to take, and have not answered? By swaps_asked_of.
select swaps.id, rotas.name as rota, rotas.area, staff.name as asker, swaps.from_at as start, swaps.to_at as "end"
from swaps
join rotas on rotas.id = swaps.rota_id
join staff on staff.id = swaps.asked_by
where swaps.staff_id = %(staff_id)s
  and swaps.state = 'asked'
  and swaps.from_at > %(now)s
order by swaps.from_at, swaps.id

-- name: was_asked
-- Was I the one who was asked?
select 1
from swaps
where id = %(swap_id)s
  and staff_id = %(staff_id)s

-- name: my_alerts_without_visit
-- Which alerts have I taken that need no visit?
select alerts.id
from alerts
where alerts.accepted_by_staff = %(staff_id)s
  and alerts.state <> 'closed'
  and not exists (
    select
    from visits
    where visits.alert_id = alerts.id
      and visits.staff_id = %(staff_id)s
      and visits.state not in ('completed', 'failed', 'cancelled')
  )
order by alerts.raised_at
limit 20

-- name: visit_file
-- A visit on demand, for whoever goes.
select visits.id, visits.state, visits.due_from, visits.due_to, visits.note, visits.requested_at, visits.accepted_at,
  visits.departed_at, visits.arrived_at, services.name as service, services.name_en as service_en,
  residents.name as resident, residents.birth_date, residents.phone, residents.notes, residents.contacts, homes.address,
  homes.key_note, homes.lat, homes.lon, place.names as places
from visits
left join areas on areas.code = visits.area
left join services on services.code = visits.service
left join homes on homes.id = visits.home_id
left join lateral (
  select residents.name, residents.birth_date, residents.phone, residents.notes, residents.contacts
  from residents
  where residents.home_id = visits.home_id
    and residents.removed_at is null
  order by residents.id
  limit 1
) as residents on true
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level in ('township', 'village')
) as place on true
where visits.id = %(visit_id)s

-- Phones --------------------------------------------------------------------------------------------------------------

-- name: phones
-- Whose phones would show something? Those who were written to last come first.
select staff.id, staff.name, staff.phone, areas.name as area, staff.opted_out_at is not null as opted_out, last.at
from staff
join areas on areas.code = staff.area
left join lateral (
  select messages.created_at as at
  from messages
  where messages.recipient = staff.phone
  order by messages.id desc
  limit 1
) as last on true
where staff.removed_at is null
  and areas.path like %(below)s
order by last.at desc nulls last, staff.name, staff.id
limit %(limit)s

-- name: bubbles
-- What does each of these phones show? Messages, answers sent from it and the words that came back; the oldest first.
select phone, at, side, text, channel, state, alert_id
from unnest(%(phones)s::text[]) as each (phone)
join lateral (
  select everything.at, everything.side, everything.text, everything.channel, everything.state, everything.alert_id,
    everything.part
  from (
    (
      select messages.created_at as at, 'in' as side, messages.text, messages.channel, messages.state,
        messages.alert_id, 0 as part
      from messages
      where messages.recipient = each.phone
      order by messages.id desc
      limit %(limit)s
    )
    union all
    (
      select phone_replies.received_at, 'out', phone_replies.body, 'sms', 'sent', null, 1
      from phone_replies
      where phone_replies.sender = each.phone
      order by phone_replies.received_at desc
      limit %(limit)s
    )
    union all
    (
      select phone_replies.received_at, 'in', phone_replies.answer, 'sms', 'delivered', null, 2
      from phone_replies
      where phone_replies.sender = each.phone
        and phone_replies.answer <> ''
      order by phone_replies.received_at desc
      limit %(limit)s
    )
  ) as everything
  order by at desc, part desc
  limit %(limit)s
) as shown on true
order by phone, at, part

-- name: phone_of_staff
-- Which number has somebody this user may see?
select staff.phone
from staff
join areas on areas.code = staff.area
where staff.id = %(staff_id)s
  and staff.removed_at is null
  and areas.path like %(below)s

-- Fleet ---------------------------------------------------------------------------------------------------------------

-- name: fleet
-- A page of devices by uid: of all states or online ones, of one kind, in one area, whose uid begins so. By the unique index on uid.
select devices.uid
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
  and areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(state)s::text is null or device_latest.state = %(state)s)
  and (%(kind)s::text is null or devices.kind = %(kind)s)
  and starts_with(devices.uid, %(begins)s)
  and devices.uid > %(after)s
order by devices.uid
limit %(limit)s

-- name: fleet_of_some
-- The same of the few that have a problem, or a state that is not well. By the partial indexes on problems and state.
with chosen as materialized (
  select device_id
  from device_latest
  where state <> 'online'
    and state = %(state)s
    and (%(problem)s::text is null or %(problem)s = any(problems))
  union
  select device_id
  from device_latest
  where problems <> '{}'
    and %(problem)s = any(problems)
    and (%(state)s::text is null or state = %(state)s)
)
select devices.uid
from chosen
join devices on devices.id = chosen.device_id
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
where devices.removed_at is null
  and areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(kind)s::text is null or devices.kind = %(kind)s)
  and starts_with(devices.uid, %(begins)s)
  and devices.uid > %(after)s
order by devices.uid
limit %(limit)s

-- name: fleet_rows
-- These devices as the table shows them. By the unique index on uid.
select devices.uid, devices.kind, coalesce(device_latest.state, 'never') as state, device_latest.state_since,
  device_latest.last_seen, device_latest.battery, device_latest.battery_flat_on, device_latest.rssi, device_latest.linkquality,
  device_latest.fw, coalesce(device_latest.problems, '{}') as problems, homes.address, areas.name as area,
  resident.name as resident
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
  order by residents.id
  limit 1
) as resident on true
where devices.uid = any(%(uids)s)
order by devices.uid

-- name: area_above
-- Which area lies above one, where this user sees it? By primary keys.
select above.code
from areas
join areas as above on above.code = areas.parent
where areas.code = %(code)s
  and above.path like %(below)s

-- name: device_file
-- Everything that is known of one device; nothing where this user does not see its area.
select devices.id, devices.uid, devices.kind, devices.format, devices.topic, devices.hub_uid, devices.patrol_every_s,
  coalesce(device_latest.state, 'never') as state, device_latest.state_since, device_latest.last_seen,
  device_latest.expected_by, device_latest.battery, device_latest.rssi, device_latest.temperature, device_latest.fw,
  device_latest.model, device_latest.presence, device_latest.persons, device_latest.last_patrol_at, homes.address,
  place.names as places, resident.name as resident, open_alert.id as alert_id
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
  order by residents.id
  limit 1
) as resident on true
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level <> 'city'
) as place on true
left join lateral (
  select alerts.id
  from alerts
  where alerts.home_id = homes.id
    and alerts.state <> 'closed'
  order by alerts.raised_at
  limit 1
) as open_alert on true
where devices.uid = %(uid)s
  and devices.removed_at is null
  and areas.path like %(below)s

-- name: device_events
-- What did a device say lately? By the series' key, within the days that are asked for.
select time, kind, battery, rssi, persons, presence, temperature, extra
from events
where device_id = %(device_id)s
  and time > %(since)s
order by time desc
limit %(limit)s

-- Quarantine ----------------------------------------------------------------------------------------------------------

-- name: quarantined
-- What could not be read, the newest first; older than the last one seen.
select id, topic, substring(payload from 1 for 600) as payload, size, reason, device_uid, alert_id, received_at
from quarantine
where %(before)s::bigint is null
   or id < %(before)s
order by id desc
limit %(limit)s
