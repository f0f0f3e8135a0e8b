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
