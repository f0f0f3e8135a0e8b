-- name: write_message
insert into messages (
  alert_id, staff_id, recipient, channel, purpose, text, language, segments, severity, created_at, next_attempt_at,
  expires_at
)
values (
  %(alert_id)s, %(staff_id)s, %(recipient)s, %(channel)s, %(purpose)s, %(text)s, %(language)s, %(segments)s,
  %(severity)s, %(now)s, %(now)s, %(expires_at)s
)
returning id

-- name: write_messages
-- Messages to several people, in order; one that is held back has no next attempt yet.
insert into messages (
  alert_id, staff_id, recipient, channel, purpose, text, language, segments, severity, created_at, next_attempt_at,
  expires_at, held_until
)
select each.alert_id, each.staff_id, each.recipient, each.channel, each.purpose, each.text, each.language, each.segments,
  each.severity, each.created_at, each.next_attempt_at, each.expires_at, each.held_until
from unnest(
  %(alert_ids)s::bigint[], %(staff_ids)s::bigint[], %(recipients)s::text[], %(channels)s::text[], %(purposes)s::text[],
  %(texts)s::text[], %(languages)s::text[], %(segments)s::integer[], %(severities)s::text[],
  %(created_at)s::timestamptz[], %(next_attempt_at)s::timestamptz[], %(expires_at)s::timestamptz[],
  %(held_until)s::timestamptz[]
) with ordinality as each (
  alert_id, staff_id, recipient, channel, purpose, text, language, segments, severity, created_at, next_attempt_at,
  expires_at, held_until, nth
)
order by each.nth

-- name: wake_outbox
select pg_notify('anju_outbox', '')

-- name: claim_messages
-- Which messages may leave now? The most urgent and oldest first. A claim lasts until `claimed_until`: after a crash
-- the message is sent again, so that window is when a message may arrive twice.
with due as (
  select messages.id
  from messages
  where messages.next_attempt_at <= %(now)s
  order by array_position('{critical,high,normal,low}'::text[], messages.severity), messages.next_attempt_at
  limit %(limit)s
  for update skip locked
)
update messages
set state = 'sending',
    attempts = messages.attempts + 1,
    next_attempt_at = %(claimed_until)s
from due
left join messages as same on same.id = due.id
left join alerts on alerts.id = same.alert_id
left join staff on staff.id = same.staff_id
left join staff_channels as own on own.id = same.staff_channel
where messages.id = due.id
returning messages.id, messages.alert_id, messages.recipient, messages.channel, messages.purpose, messages.text,
  messages.language, messages.attempts, messages.expires_at, messages.staff_id, coalesce(staff.name, ''),
  alerts.state, alerts.accepted_by_staff, own.id, own.address

-- name: claimed_message
-- Is a claim still the one that was made, and how does the alert stand by now? Held until the end of the transaction.
select alerts.state, alerts.accepted_by_staff
from messages
left join alerts on alerts.id = messages.alert_id
where messages.id = %(message_id)s
  and messages.state = 'sending'
  and messages.next_attempt_at = %(claimed_until)s
  and messages.next_attempt_at > %(now)s
for update of messages

-- name: message_sent
-- A callback may have come before the answer to the request: a state further on stays.
update messages
set state = case when state = 'sending' then %(state)s else state end,
    sid = %(sid)s,
    sent_at = coalesce(sent_at, %(now)s),
    delivered_at = case when %(delivered)s then coalesce(delivered_at, %(now)s) else delivered_at end,
    error = null,
    next_attempt_at = null
where id = %(message_id)s

-- name: message_again
update messages
set state = 'queued',
    error = %(error)s,
    next_attempt_at = %(next_attempt_at)s
where id = %(message_id)s
  and state = 'sending'

-- name: message_over
-- It will not be sent (again): failed, or no longer true.
update messages
set state = %(state)s,
    error = %(error)s,
    next_attempt_at = null
where id = %(message_id)s

-- name: alert_of_message
-- Which message is it, about which alert? By the provider's id, or by ours where the provider's is not stored yet.
select id, alert_id
from messages
where sid = %(sid)s
  or (id = %(message_id)s and sid is null and attempts > 0 and earlier_sid is distinct from %(sid)s)

-- name: adopt_sid
-- A callback told the provider's id before the answer to the request did. By the primary key.
update messages
set sid = %(sid)s
where id = %(message_id)s
  and sid is null
  and attempts > 0
  and earlier_sid is distinct from %(sid)s
  and not exists (
    select
    from messages as other
    where other.sid = %(sid)s
  )

-- name: lock_message_by_sid
select messages.id, messages.state, messages.channel, staff.name, messages.recipient, staff.phone_fault is not null
from messages
left join staff on staff.id = messages.staff_id
where messages.sid = %(sid)s
for update of messages

-- name: message_status
update messages
set state = %(state)s,
    error = coalesce(%(error)s, error),
    delivered_at = case when %(delivered)s then coalesce(delivered_at, %(now)s) else delivered_at end,
    next_attempt_at = null
where id = %(message_id)s
