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
