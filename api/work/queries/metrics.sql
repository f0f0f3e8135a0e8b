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
