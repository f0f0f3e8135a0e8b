-- Homes that are measured -------------------------------------------------------------------------------------------

-- name: make_cameras
-- Registers homes with a camera each, which has no password: the load speaks for all of them.
with placed as (
  insert into homes (area, address, created_at)
  select %(area)s, %(prefix)s || lpad(number::text, 6, '0'), %(now)s
  from generate_series(%(first)s::integer, %(last)s::integer) as number
  returning id, address
), stored as (
  insert into devices (uid, kind, home_id, created_at)
  select address, 'camera', id, %(now)s
  from placed
  returning id
)
insert into device_latest (device_id, state_since)
select id, %(now)s
from stored

-- name: refresh_statistics
-- What an hour of work would have brought anyway: the planner knows how many there are.
analyze homes, devices, device_latest

-- name: pings_stored
-- How many patrol pings are in the time series?
select count(*)
from events
where kind = 1

-- name: delay_of_pings
-- In how many seconds did 99 of 100 pings come from the camera into the gateway's hands?
select percentile_disc(0.99) within group (order by extract(epoch from received_at - time)::float8)
from events
where kind = 1

-- name: looks_due
-- Are there devices or homes that the early warnings still have to look at? By device_looks_due and home_looks_due.
select exists (select from device_looks where look_at <= %(now)s)
  or exists (select from home_looks where look_at <= %(now)s)

-- name: sms_of_call
-- Which alert did a call raise or join, and has its SMS left? By primary key, and messages_alert.
select help_calls.alert_id, messages.sent_at is not null
from help_calls
left join messages on messages.alert_id = help_calls.alert_id
where help_calls.device_uid = %(uid)s
  and help_calls.call_id = %(call_id)s
  and help_calls.what = 'help'
order by messages.id
limit 1

-- Silence ------------------------------------------------------------------------------------------------------------

-- name: let_all_speak
-- Every device was heard just now.
update device_latest
set state = 'online',
    state_since = %(now)s,
    last_seen = %(now)s,
    expected_by = %(expected_by)s,
    said_offline = false

-- name: let_some_fall_silent
-- So many devices, spread over all of them, were last heard long ago.
update device_latest
set last_seen = %(last_seen)s,
    expected_by = %(expected_by)s
where device_id in (
  select device_id
  from device_latest
  order by hashint4(device_id)
  limit %(count)s
)

-- name: tidy_latest
-- What autovacuum does beside the work, done here between two measurements so that it falls into none.
vacuum (analyze) device_latest

-- name: states_of_all
-- How does each device stand? All of them are looked at.
select devices.uid, device_latest.state
from device_latest
join devices on devices.id = device_latest.device_id

-- name: changes_of_state
-- How often were open pages told that a device stands otherwise?
select count(*)
from stream_log
where event = 'device'

-- Due alerts ----------------------------------------------------------------------------------------------------------

-- name: make_villages
-- Registers villages below the measured area, in each a responder and a policy that tells him at once.
with placed as (
  insert into areas (code, name, level, parent, path)
  select 'bench-' || number, 'bench-' || number, 'village', %(area)s, '/' || %(area)s || '/bench-' || number || '/'
  from generate_series(1, %(count)s::integer) as number
  returning code
), hired as (
  insert into staff (name, phone, area, created_at)
  select code, '+4915100' || lpad(split_part(code, '-', 2), 6, '0'), code, %(now)s
  from placed
  returning id, area
), told as (
  insert into policies (area)
  select area
  from hired
  returning id, area
)
insert into policy_steps (policy_id, position, after_s, staff_id)
select told.id, 0, 0, hired.id
from told
join hired on hired.area = told.area

-- name: make_due_alerts
-- So many homes of the villages raise an alert within one second: one in `every` calls for help, the last ones.
with placed as (
  insert into homes (area, address, created_at)
  select 'bench-' || (1 + number %% %(villages)s::integer), 'bench-due-' || number, %(now)s
  from generate_series(1, %(count)s::integer) as number
  returning id, area, split_part(address, '-', 3)::integer as number
)
insert into alerts (kind, severity, state, area, home_id, raised_at, pressed_at, policy_started_at, next_step_at)
select kind.name, kind.severity, 'raised', placed.area, placed.id, at.time, at.time, at.time, at.time
from placed
cross join lateral (select %(now)s::timestamptz + placed.number * interval '1 second' / %(count)s as time) as at
cross join lateral (
  select case when placed.number > %(count)s - %(count)s / %(every)s::integer then 'help' else 'device_offline' end as name,
    case when placed.number > %(count)s - %(count)s / %(every)s::integer then 'critical' else 'normal' end as severity
) as kind

-- name: forget_due_alerts
-- Closes what is open, and lets the measured responders be told again.
with closed as (
  update alerts
  set state = 'closed',
      closed_at = %(now)s,
      outcome = 'other',
      retell_at = null,
      next_step_at = null
  where state <> 'closed'
)
update messages
set state = 'canceled',
    next_attempt_at = null,
    held_until = null

-- name: make_closed_alerts
-- So many alerts of the past.
insert into alerts (
  kind, severity, state, area, raised_at, pressed_at, policy_started_at, closed_at, outcome
)
select 'device_offline', 'normal', 'closed', 'bench-' || (1 + number %% %(villages)s::integer), at.time, at.time, at.time,
  at.time, 'other'
from generate_series(1, %(count)s::integer) as number
cross join lateral (select %(now)s::timestamptz - number * interval '30 seconds' as time) as at

-- name: tidy_alerts
-- What autovacuum does beside the work.
vacuum (analyze) alerts, messages, alert_timeline

-- name: first_messages
-- Of how many alerts was a first message written, how many have left, and how many alerts were told twice at once?
select count(distinct alert_id), count(*) filter (where sent_at is not null),
  count(*) - count(distinct (alert_id, staff_id, channel))
from messages
where purpose = 'tell'
  and state <> 'canceled'

-- name: order_of_first_messages
-- Calls for help: how many, and how many other alerts were decided before the last of them?
select count(*) filter (where severity = 'critical'),
  count(*) filter (
    where severity <> 'critical'
      and id < (select max(id) from messages where severity = 'critical' and state <> 'canceled')
  )
from messages
where purpose = 'tell'
  and state <> 'canceled'

-- name: left_by_severity
-- When had the last call for help left, and the last of all, in seconds after the first?
select extract(epoch from max(sent_at) filter (where severity = 'critical') - min(sent_at))::float8,
  extract(epoch from max(sent_at) - min(sent_at))::float8
from messages
where purpose = 'tell'
  and state <> 'canceled'

-- Accounts ------------------------------------------------------------------------------------------------------------

-- name: give_passwords
-- Every device has a password (the same: how long it is, is what costs), and one in ten is a hub with a base topic.
update devices
set password_hash = %(password_hash)s,
    mosquitto_hash = %(mosquitto_hash)s,
    kind = case when mod(id, 10) = 0 then 'hub' else kind end,
    topic = case when mod(id, 10) = 0 then 'zigbee2mqtt/' || uid end

-- A month of a county -----------------------------------------------------------------------------------------------

-- name: spread_residents
-- Lets people have become the centre's duty one after the other.
update residents
set created_at = %(start)s::timestamptz - make_interval(days => (id %% %(days)s)::integer)

-- name: people_of_county
-- Who lives where, and what is known of him?
select residents.id, homes.id, areas.parent, residents.birth_date, residents.category, residents.created_at
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
order by residents.id

-- name: services_offered
-- What may a visit be for?
select code
from services
where removed_at is null
order by code

-- name: staff_by_township
-- One of each township's own people.
select area, min(id)
from staff
group by area

-- name: grows_worse
update residents
set worse_since = %(at)s
where id = %(resident_id)s

-- name: homes_warned_of_gaps
-- Where is a warning open that somebody was not seen?
select home_id
from alerts
where kind = 'care_gap'
  and state <> 'closed'
