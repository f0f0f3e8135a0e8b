-- What a user sees ----------------------------------------------------------------------------------------------------

-- name: area_named
-- Where does an area lie, and what is it called? By primary key.
select path, name
from areas
where code = %(code)s

-- name: alert_in_sight
-- Does this user see that alert, and in which area is it? By primary key.
select alerts.id, alerts.area
from alerts
left join areas on areas.code = alerts.area
where alerts.id = %(alert_id)s
  and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))

-- name: home_in_sight
-- Does this user see that home? By primary key.
select homes.id, homes.area
from homes
join areas on areas.code = homes.area
where homes.id = %(home_id)s
  and homes.removed_at is null
  and areas.path like %(below)s

-- name: home_of_resident_in_sight
-- Does this user see that resident, and where does he live? By primary key.
select homes.id, homes.area
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
where residents.id = %(resident_id)s
  and residents.removed_at is null
  and areas.path like %(below)s

-- name: visit_in_sight
-- Does this user see that visit, and whose is it? By primary key.
select visits.id, visits.area, visits.state, visits.alert_id, visits.staff_id, staff.name
from visits
left join areas on areas.code = visits.area
left join staff on staff.id = visits.staff_id
where visits.id = %(visit_id)s
  and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))

-- name: hold_visit
-- Holds a visit until the end of the transaction.
select id
from visits
where id = %(visit_id)s
for update

-- name: was_given_visit
-- Was somebody given the visit of this alert, open or done? By visits_alert.
select exists (
  select
  from visits
  where alert_id = %(alert_id)s
    and staff_id = %(staff_id)s
    and state not in ('failed', 'cancelled')
)

-- name: round_in_sight
-- Does this user see that patrol round? By primary key.
select patrol_rounds.id, patrol_rounds.area
from patrol_rounds
join areas on areas.code = patrol_rounds.area
where patrol_rounds.id = %(round_id)s
  and areas.path like %(below)s

-- Lists ---------------------------------------------------------------------------------------------------------------

-- name: alert_page
-- Which alerts come next: open ones before closed ones, of both the newest first? By alerts_open, alerts_time or
-- alerts_area, whichever is narrower.
select id, closed, raised_at
from (
  (
    select alerts.id, 0 as closed, alerts.raised_at
    from alerts
    left join areas on areas.code = alerts.area
    where alerts.state <> 'closed'
      and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
      and (%(within)s::text is null or starts_with(areas.path, %(within)s))
      and (%(states)s::text[] is null or alerts.state = any(%(states)s))
      and (%(kinds)s::text[] is null or alerts.kind = any(%(kinds)s))
      and (%(from)s::timestamptz is null or alerts.raised_at >= %(from)s)
      and (%(to)s::timestamptz is null or alerts.raised_at < %(to)s)
      and (
        %(after_closed)s::integer is null
        or (%(after_closed)s = 0 and (alerts.raised_at, alerts.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
      )
    order by alerts.raised_at desc, alerts.id desc
    limit %(limit)s
  )
  union all
  (
    select alerts.id, 1, alerts.raised_at
    from alerts
    left join areas on areas.code = alerts.area
    where alerts.state = 'closed'
      and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
      and (%(within)s::text is null or starts_with(areas.path, %(within)s))
      and (%(states)s::text[] is null or alerts.state = any(%(states)s))
      and (%(kinds)s::text[] is null or alerts.kind = any(%(kinds)s))
      and (%(from)s::timestamptz is null or alerts.raised_at >= %(from)s)
      and (%(to)s::timestamptz is null or alerts.raised_at < %(to)s)
      and (
        %(after_closed)s::integer is distinct from 1
        or (alerts.raised_at, alerts.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)
      )
    order by alerts.raised_at desc, alerts.id desc
    limit %(limit)s
  )
) as either
order by closed, raised_at desc, id desc
limit %(limit)s

-- name: visit_page
-- Which visits come next, the ones asked for last first? By visits_time, visits_area, visits_staff or visits_alert.
select visits.id, visits.requested_at
from visits
left join areas on areas.code = visits.area
where (areas.path like %(below)s or (visits.area is null and %(unplaced)s))
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(states)s::text[] is null or visits.state = any(%(states)s))
  and (%(staff_id)s::bigint is null or visits.staff_id = %(staff_id)s)
  and (%(alert_id)s::bigint is null or visits.alert_id = %(alert_id)s)
  and (%(from)s::timestamptz is null or visits.requested_at >= %(from)s)
  and (%(to)s::timestamptz is null or visits.requested_at < %(to)s)
  and (
    %(after_at)s::timestamptz is null
    or (visits.requested_at, visits.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)
  )
order by visits.requested_at desc, visits.id desc
limit %(limit)s

-- name: round_page
-- Which patrol rounds come next, the newest first? By patrol_rounds_area.
select patrol_rounds.id, patrol_rounds.started_at
from patrol_rounds
join areas on areas.code = patrol_rounds.area
where areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(staff_id)s::bigint is null or patrol_rounds.staff_id = %(staff_id)s)
  and (%(from)s::timestamptz is null or patrol_rounds.started_at >= %(from)s)
  and (%(to)s::timestamptz is null or patrol_rounds.started_at < %(to)s)
  and (
    %(after_at)s::timestamptz is null
    or (patrol_rounds.started_at, patrol_rounds.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)
  )
order by patrol_rounds.started_at desc, patrol_rounds.id desc
limit %(limit)s

-- name: rounds_read
-- What do these patrol rounds look like? By primary keys.
select patrol_rounds.id::text as id, patrol_rounds.area, patrol_rounds.name, patrol_rounds.staff_id::text as staff,
  staff.name as staff_name, patrol_rounds.started_at, patrol_rounds.started_by, patrol_rounds.finished_at,
  (
    select coalesce(array_agg(patrol_round_homes.home_id::text order by patrol_round_homes.home_id), '{}')
    from patrol_round_homes
    where patrol_round_homes.round_id = patrol_rounds.id
  ) as homes
from patrol_rounds
left join staff on staff.id = patrol_rounds.staff_id
where patrol_rounds.id = any(%(ids)s)

-- name: looks_of_rounds
-- What was seen on these patrol rounds, in the order of the looks? By looks_round.
select id::text as id, round_id::text as round, home_id::text as home, result, note, at, who
from looks
where round_id = any(%(ids)s)
order by at, looks.id

-- name: message_page
-- Which messages come next, the newest first? By messages_alert, else by primary key from the end.
select messages.id, messages.alert_id, messages.staff_id, staff.name, messages.recipient, messages.channel,
  messages.purpose, messages.text, messages.segments, how.state, messages.sid, messages.error, messages.attempts,
  messages.created_at, messages.sent_at, messages.delivered_at
from messages
cross join lateral (
  select case
    when messages.held_until is not null then 'held'
    when messages.bundle_id is not null then 'bundled'
    else messages.state
  end as state
) as how
left join staff on staff.id = messages.staff_id
left join alerts on alerts.id = messages.alert_id
left join areas on areas.code = case when messages.alert_id is null then staff.area else alerts.area end
where (areas.path like %(below)s or (areas.path is null and %(unplaced)s))
  and (%(alert_id)s::bigint is null or messages.alert_id = %(alert_id)s)
  and (%(staff_id)s::bigint is null or messages.staff_id = %(staff_id)s)
  and (%(states)s::text[] is null or how.state = any(%(states)s))
  and (%(after_id)s::bigint is null or messages.id < %(after_id)s)
order by messages.id desc
limit %(limit)s

-- name: quarantine_page
-- What could not be read, the newest first? Of a home's device in its area; of a stranger for whoever sees everything.
-- By primary key from the end.
select quarantine.id, quarantine.topic, quarantine.payload, quarantine.size, quarantine.reason, quarantine.device_uid,
  quarantine.alert_id, quarantine.received_at
from quarantine
left join devices on devices.uid = quarantine.device_uid
left join homes on homes.id = devices.home_id
left join areas on areas.code = homes.area
where (areas.path like %(below)s or (areas.path is null and %(unplaced)s))
  and (%(after_id)s::bigint is null or quarantine.id < %(after_id)s)
order by quarantine.id desc
limit %(limit)s

-- name: audit_page
-- Who saw or changed what, the newest first? By audit_time.
select audit.id, audit.at, audit.who, audit.role, audit.action, audit.object, audit.area, audit.detail
from audit
left join areas on areas.code = audit.area
where (areas.path like %(below)s or (areas.path is null and %(unplaced)s))
  and (%(who)s::text is null or audit.who = %(who)s)
  and (%(action)s::text is null or audit.action = %(action)s)
  and (%(object)s::text is null or audit.object = %(object)s)
  and (%(from)s::timestamptz is null or audit.at >= %(from)s)
  and (%(to)s::timestamptz is null or audit.at < %(to)s)
  and (%(after_at)s::timestamptz is null or (audit.at, audit.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
order by audit.at desc, audit.id desc
limit %(limit)s

-- Health --------------------------------------------------------------------------------------------------------------

-- name: at_once
-- A probe waits for a moment only.
set local statement_timeout = '2s'

-- name: role_beats
-- Since when is each role up, when did it last say so, and what has it counted?
select role, up_since, beat_at, counters
from role_beats
order by role

-- name: open_alerts_by_state
-- How many alerts are open, of which severity and in which state? By the partial index alerts_due.
select severity, state, count(*)
from alerts
where state <> 'closed'
group by severity, state

-- name: oldest_unanswered
-- Since when does the longest waiting critical alert wait for anybody's answer? By the partial index alerts_due.
select min(raised_at)
from alerts
where state in ('raised', 'notified')
  and severity = 'critical'

-- name: messages_in_trouble
-- How many messages wait to leave, and how many of those written since then did not reach anybody? By messages_due and
-- messages_time.
select (select count(*) from messages where next_attempt_at is not null),
  (
    select count(*)
    from messages
    where created_at >= %(since)s
      and state in ('undelivered', 'failed', 'busy', 'no-answer')
  )

-- name: quarantine_size
-- How many messages could not be read?
select count(*)
from quarantine

-- name: devices_by_state
-- How many devices stand how?
select coalesce(device_latest.state, 'never'), count(*)
from devices
left join device_latest on device_latest.device_id = devices.id
where devices.removed_at is null
group by 1

-- Reports -------------------------------------------------------------------------------------------------------------
-- `part` is the area right below the one that is reported on, the area itself for what stands in it directly, and null for
-- what has no place.

-- name: take_time
-- A report reads more than a page does.
set local statement_timeout = '120s'

-- name: roots
-- Which areas stand at the top of the tree?
select code, name, path
from areas
where parent is null
order by code

-- name: areas_right_below
-- Which areas lie right below one, or at the top of the tree? By areas_parent.
select code, name
from areas
where parent is not distinct from %(code)s
order by code

-- name: response
-- How fast were help calls told, accepted, reached and closed? By alerts_area or alerts_time.
with calls as (
  select alerts.test, alerts.state,
    case when starts_with(areas.path, %(path)s)
      then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part,
    case when alerts.notified_at is not null
      then extract(epoch from greatest(alerts.notified_at - alerts.raised_at, interval '0'))::float8
    end as told_s,
    case when alerts.accepted_at is not null
      then extract(epoch from greatest(alerts.accepted_at - alerts.raised_at, interval '0'))::float8
    end as accepted_s,
    case when alerts.arrived_at is not null
      then extract(epoch from greatest(alerts.arrived_at - alerts.raised_at, interval '0'))::float8
    end as arrived_s,
    case when alerts.closed_at is not null
      then extract(epoch from greatest(alerts.closed_at - alerts.raised_at, interval '0'))::float8
    end as closed_s,
    first_message.failed as first_failed,
    exists (
      select
      from help_calls
      where help_calls.alert_id = alerts.id
        and help_calls.what = 'help'
        and help_calls.resent > 0
    ) as resent
  from alerts
  left join areas on areas.code = alerts.area
  left join lateral (
    select messages.state in ('undelivered', 'failed', 'busy', 'no-answer') as failed
    from messages
    where messages.alert_id = alerts.id
      and messages.purpose = 'tell'
    order by messages.id
    limit 1
  ) as first_message on true
  where alerts.kind = 'help'
    and alerts.raised_at >= %(from)s
    and (%(to)s::timestamptz is null or alerts.raised_at < %(to)s)
    and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
)
select grouping(part) as is_total, part,
  count(*) filter (where not test) as alerts,
  count(*) filter (where test) as tests,
  count(*) filter (where not test and state <> 'closed') as open,
  count(told_s) filter (where not test) as told,
  percentile_cont(0.5) within group (order by told_s) filter (where not test) as told_p50_s,
  percentile_cont(0.9) within group (order by told_s) filter (where not test) as told_p90_s,
  count(accepted_s) filter (where not test) as accepted,
  count(*) filter (where not test and accepted_s <= 60) as accepted_within_60_s,
  count(*) filter (where not test and accepted_s <= 180) as accepted_within_180_s,
  percentile_cont(0.5) within group (order by accepted_s) filter (where not test) as accepted_p50_s,
  percentile_cont(0.9) within group (order by accepted_s) filter (where not test) as accepted_p90_s,
  count(arrived_s) filter (where not test) as arrived,
  count(*) filter (where not test and arrived_s <= 2700) as arrived_within_45_min,
  count(*) filter (where not test and arrived_s <= 3600) as arrived_within_60_min,
  percentile_cont(0.5) within group (order by arrived_s) filter (where not test) as arrived_p50_s,
  percentile_cont(0.9) within group (order by arrived_s) filter (where not test) as arrived_p90_s,
  count(closed_s) filter (where not test) as closed,
  percentile_cont(0.5) within group (order by closed_s) filter (where not test) as closed_p50_s,
  percentile_cont(0.9) within group (order by closed_s) filter (where not test) as closed_p90_s,
  count(first_failed) filter (where not test) as first_messages,
  count(*) filter (where not test and first_failed) as first_messages_failed,
  count(*) filter (where not test and resent) as resent,
  count(*) filter (where not test and (resent or first_failed)) as first_time_failures
from calls
group by grouping sets ((), (part))

-- name: alarm_rates
-- Of how many alerts was each responder told, and how many were that in his busiest ten minutes? An alert counts once in
-- each ten minutes in which he was told of it. By messages_time.
with told as (
  select messages.staff_id, date_bin('10 minutes', messages.created_at, timestamptz '2000-01-03 00:00+00') as ten_minutes,
    count(distinct messages.alert_id) as alerts
  from messages
  join alerts on alerts.id = messages.alert_id
  left join areas on areas.code = alerts.area
  where messages.purpose = 'tell'
    and messages.staff_id is not null
    and messages.state not in ('canceled', 'failed', 'undelivered')
    and messages.created_at >= %(from)s
    and (%(to)s::timestamptz is null or messages.created_at < %(to)s)
    and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  group by 1, 2
)
select staff.id::text as staff, staff.name, sum(told.alerts)::bigint as alarms, max(told.alerts) as busiest_10_min,
  count(*) as periods, count(*) filter (where told.alerts > %(flood)s) as floods
from told
join staff on staff.id = told.staff_id
group by staff.id, staff.name
order by max(told.alerts) desc, sum(told.alerts) desc, staff.id

-- name: coverage
-- Who was seen? Homes and residents of the registry at the end of the time; a home's pings are asked for until one shows
-- somebody, by the series' key, its looks by looks_home, its visits by visits_done_at_home.
with seen as (
  select
    case when starts_with(areas.path, %(path)s)
      then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part,
    living.residents,
    camera.seen is not null as by_camera,
    look.seen is not null as by_look,
    visit.seen is not null as by_visit
  from homes
  join areas on areas.code = homes.area
  cross join lateral (
    select count(*) as residents
    from residents
    where residents.home_id = homes.id
      and (%(to)s::timestamptz is null or residents.created_at < %(to)s)
      and (residents.removed_at is null or residents.removed_at >= %(to)s)
  ) as living
  left join lateral (
    select true as seen
    from devices
    join device_latest on device_latest.device_id = devices.id
    join events on events.device_id = devices.id
    where devices.home_id = homes.id
      -- a camera that never said whether anybody is there need not be asked for every minute of a month
      and num_nonnulls(device_latest.presence, device_latest.persons) > 0
      and events.kind = 1
      and (events.presence or events.persons > 0)
      and events.time >= %(from)s
      and events.time < coalesce(%(to)s, timestamptz 'infinity')
      and (devices.placed_at is null or events.time >= devices.placed_at)
    limit 1
  ) as camera on true
  left join lateral (
    select true as seen
    from looks
    where looks.home_id = homes.id
      and looks.result = 'well'
      and looks.at >= %(from)s
      and looks.at < coalesce(%(to)s, timestamptz 'infinity')
    limit 1
  ) as look on true
  left join lateral (
    select true as seen
    from visits
    where visits.home_id = homes.id
      and visits.state = 'completed'
      and visits.completed_at >= %(from)s
      and visits.completed_at < coalesce(%(to)s, timestamptz 'infinity')
    limit 1
  ) as visit on true
  where (%(to)s::timestamptz is null or homes.created_at < %(to)s)
    and (homes.removed_at is null or homes.removed_at >= %(to)s)
    and areas.path like %(below)s
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
)
select grouping(part) as is_total, part,
  count(*) as homes,
  count(*) filter (where by_camera or by_look or by_visit) as homes_seen,
  count(*) filter (where not (by_camera or by_look or by_visit)) as homes_not_seen,
  count(*) filter (where by_camera) as homes_seen_by_camera,
  count(*) filter (where by_look) as homes_seen_by_look,
  count(*) filter (where by_visit) as homes_seen_by_visit,
  coalesce(sum(residents), 0)::bigint as residents,
  coalesce(sum(residents) filter (where by_camera or by_look or by_visit), 0)::bigint as residents_seen,
  coalesce(sum(residents) filter (where not (by_camera or by_look or by_visit)), 0)::bigint as residents_not_seen
from seen
group by grouping sets ((), (part))

-- name: fleet_report
-- How do the devices stand now, and for how long were they heard on the days that lie in the time? Each area's days are those
-- of the devices that stood in it then. By homes_area, devices_home and fleet_days' primary key.
with places as (
  select code, path,
    case when starts_with(path, %(path)s)
      then coalesce(nullif(split_part(substr(path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part
  from areas
  where path like %(below)s
    and (%(within)s::text is null or starts_with(path, %(within)s))
), counted as (
  select places.part, devices.kind, count(*) as devices,
    count(*) filter (where device_latest.state = 'online') as online,
    count(*) filter (where device_latest.state = 'late') as late,
    count(*) filter (where device_latest.state = 'offline') as offline,
    count(*) filter (where coalesce(device_latest.state, 'never') = 'never') as never,
    count(*) filter (where device_latest.battery <= %(battery_low_pct)s) as battery_low,
    0::bigint as device_days, 0::bigint as device_days_heard, 0::bigint as online_s, 0::bigint as offline_s
  from places
  join homes on homes.area = places.code
  join devices on devices.home_id = homes.id
  left join device_latest on device_latest.device_id = devices.id
  where devices.removed_at is null
  group by places.part, devices.kind
  union all
  select places.part, fleet_days.kind, 0, 0, 0, 0, 0, 0, sum(fleet_days.devices), sum(fleet_days.heard),
    sum(fleet_days.online_s), sum(fleet_days.offline_s)
  from places
  join fleet_days on fleet_days.area = places.code
  where fleet_days.day::timestamp at time zone %(timezone)s >= %(from)s
    and (fleet_days.day + 1)::timestamp at time zone %(timezone)s <= %(to)s
  group by places.part, fleet_days.kind
)
select grouping(part, kind) as level, part, kind, coalesce(sum(devices), 0)::integer as devices,
  coalesce(sum(online), 0)::integer as online, coalesce(sum(late), 0)::integer as late,
  coalesce(sum(offline), 0)::integer as offline, coalesce(sum(never), 0)::integer as never,
  coalesce(sum(battery_low), 0)::integer as battery_low, coalesce(sum(device_days), 0)::bigint as device_days,
  coalesce(sum(device_days_heard), 0)::bigint as device_days_heard, coalesce(sum(online_s), 0)::bigint as online_s,
  coalesce(sum(offline_s), 0)::bigint as offline_s
from counted
group by grouping sets ((), (part), (kind))

-- name: service_report
-- What was asked for, what was done, and was it in time? By visits_area or visits_time. A visit for an alert has the
-- service ''.
with asked as (
  select
    case when starts_with(areas.path, %(path)s)
      then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part,
    coalesce(visits.service, '') as service,
    visits.state,
    visits.state = 'completed' and visits.due_to is not null as has_due,
    visits.state = 'completed' and visits.arrived_at <= visits.due_to as on_time
  from visits
  left join areas on areas.code = visits.area
  where visits.requested_at >= %(from)s
    and (%(to)s::timestamptz is null or visits.requested_at < %(to)s)
    and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
)
select grouping(part, service) as level, part, service,
  count(*) as asked,
  count(*) filter (where state = 'completed') as done,
  count(*) filter (where state = 'failed') as failed,
  count(*) filter (where state = 'cancelled') as cancelled,
  count(*) filter (where state not in ('completed', 'failed', 'cancelled')) as open,
  count(*) filter (where has_due) as done_with_due,
  count(*) filter (where on_time) as done_on_time
from asked
group by grouping sets ((), (part), (service))

-- name: names_of_services
-- What are the services called?
select code, name
from services
