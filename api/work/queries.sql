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
