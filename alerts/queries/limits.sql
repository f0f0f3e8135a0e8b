-- name: limits
-- How many messages may one responder get, of what, within which span?
select channel, purpose, at_most, within_s
from limits
order by channel, purpose, within_s

-- name: write_limit
insert into limits (channel, purpose, at_most, within_s)
values (%(channel)s, %(purpose)s, %(at_most)s, %(within_s)s)

-- name: delete_limits
delete from limits

-- name: lock_limits
-- Makes engines that count what these people got wait for each other, in one order.
select count(pg_advisory_xact_lock(3, each.id))
from (
  select id::integer as id
  from unnest(%(staff_ids)s::bigint[]) as id
  order by id
) as each

-- name: messages_before
-- What left to these people since then, and what of theirs is held back? By messages_staff.
select staff_id, alert_id, channel, purpose, created_at, held_until is not null
from messages
where staff_id = any(%(staff_ids)s)
  and (created_at > %(since)s or held_until is not null)
  and state <> 'canceled'
  and bundle_id is null

-- name: claim_alerts_of_held
-- Of which alerts are messages held back whose time has come? Those that somebody changes just now are passed over. By
-- messages_held.
select alerts.id
from alerts
where alerts.id in (
    select messages.alert_id
    from messages
    where messages.held_until <= %(now)s
    order by messages.held_until
    limit %(limit)s
  )
for update skip locked

-- name: claim_held
-- Which of their messages may leave now, the most urgent and oldest first, and are still true?
select messages.id, messages.alert_id, alerts.kind, alerts.severity, alerts.area, alerts.device_uid, messages.staff_id,
  staff.name, messages.recipient, messages.channel, messages.language
from messages
join alerts on alerts.id = messages.alert_id
join staff on staff.id = messages.staff_id
where messages.alert_id = any(%(alert_ids)s)
  and messages.held_until <= %(now)s
  and alerts.state in ('raised', 'notified')
  and alerts.silence_id is null
  and (alerts.snoozed_until is null or alerts.snoozed_until <= %(now)s)
  and staff.removed_at is null
  and staff.opted_out_at is null
order by array_position('{critical,high,normal,low}'::text[], alerts.severity), alerts.raised_at, messages.id
for update of messages

-- name: drop_held_in_vain
-- What was held back, and is not true any more by the time that it may leave.
update messages
set state = 'canceled',
    error = 'no longer true',
    held_until = null
from alerts, staff
where alerts.id = messages.alert_id
  and staff.id = messages.staff_id
  and messages.alert_id = any(%(alert_ids)s)
  and messages.held_until <= %(now)s
  and not (
    alerts.state in ('raised', 'notified')
    and alerts.silence_id is null
    and (alerts.snoozed_until is null or alerts.snoozed_until <= %(now)s)
    and staff.removed_at is null
    and staff.opted_out_at is null
  )

-- name: let_go
-- A message that was held back leaves.
update messages
set held_until = null,
    next_attempt_at = %(now)s,
    expires_at = %(expires_at)s
where id = %(message_id)s

-- name: hold_longer
update messages
set held_until = %(held_until)s
where id = any(%(message_ids)s)

-- name: bundle_held
-- Messages that leave as lines of another one.
update messages
set state = 'canceled',
    held_until = null,
    bundle_id = %(bundle_id)s
where id = any(%(message_ids)s)

-- name: told_of
-- Somebody is told of these alerts now.
update alerts
set state = 'notified',
    notified_at = coalesce(notified_at, %(now)s),
    told_at = %(now)s
where id = any(%(alert_ids)s)
  and state in ('raised', 'notified')

-- name: add_to_digest
-- Adds alerts to a responder's text of a shift; nothing comes back once that has begun to leave. By its unique key.
insert into digests (staff_id, ends_at, alert_ids)
values (%(staff_id)s, %(ends_at)s, %(alert_ids)s)
on conflict (staff_id, ends_at) do update
set alert_ids = digests.alert_ids || (
  select coalesce(array_agg(each.id), '{}')
  from unnest(excluded.alert_ids) as each (id)
  where each.id <> all(digests.alert_ids)
)
where exists (
  select
  from messages
  where messages.id = digests.message_id
    and messages.state = 'queued'
    and messages.attempts = 0
)
returning id, message_id, alert_ids

-- name: digest_message
update digests
set message_id = %(message_id)s
where id = %(digest_id)s

-- name: reword_message
-- Another text, as long as the message has not begun to leave.
update messages
set text = %(text)s,
    segments = %(segments)s
where id = %(message_id)s
  and state = 'queued'
  and attempts = 0

-- name: lines_of_digest
-- What is still open of these alerts, the oldest first?
select id, kind, device_uid
from alerts
where id = any(%(alert_ids)s)
  and state <> 'closed'
order by raised_at, id
