-- name: unreached_message
-- A message that failed, and what his phone was sent beside it: was he called, is something under way, and did the same
-- way fail shortly before, so that the alert has come round to him? By messages_alert.
select messages.id, messages.alert_id, messages.staff_id, messages.recipient, messages.channel, messages.purpose,
  messages.text, messages.severity, coalesce(staff.name, ''), messages.earlier_sid is not null,
  coalesce(bool_or(beside.channel = 'voice' and beside.created_at >= messages.created_at), false),
  coalesce(bool_or(
    beside.created_at >= messages.created_at - %(lately)s::interval
    and (beside.channel = 'sms' or messages.channel = 'sms')
    and beside.state in (
      'queued', 'sending', 'accepted', 'scheduled', 'sent', 'delivered', 'read', 'initiated', 'ringing', 'in-progress'
    )
    and beside.expires_at > %(now)s
  ), false),
  coalesce(bool_or(
    beside.id < messages.id
    and beside.channel = messages.channel
    and beside.created_at > messages.created_at - %(lately)s::interval
    and beside.state in ('undelivered', 'failed', 'busy', 'no-answer', 'completed')
  ), false)
from messages
left join staff on staff.id = messages.staff_id
left join messages as beside on beside.alert_id = messages.alert_id
  and beside.staff_id = messages.staff_id
  and beside.id <> messages.id
  and beside.channel in ('sms', 'voice')
where messages.id = %(message_id)s
group by messages.id, staff.name

-- name: send_second_time
-- Once more the same message, under a new id of the provider's; what still comes about the first sending counts no more.
update messages
set state = 'queued',
    earlier_sid = coalesce(sid, ''),
    sid = null,
    attempts = 0,
    text = %(text)s,
    segments = %(segments)s,
    next_attempt_at = %(next_attempt_at)s
where id = %(message_id)s
  and expires_at > %(next_attempt_at)s

-- name: call_instead
-- Calls the person whom a text did not reach.
insert into messages (
  alert_id, staff_id, recipient, channel, purpose, text, language, severity, created_at, next_attempt_at, expires_at
)
select alert_id, staff_id, recipient, 'voice', purpose, text, language, severity, %(now)s, %(now)s, expires_at
from messages
where id = %(message_id)s
  and expires_at > %(now)s

-- name: call_sooner
-- A call to the same person about the same alert that waits for its time leaves now. By messages_alert.
update messages as waiting
set next_attempt_at = %(now)s
from messages as failed
where failed.id = %(message_id)s
  and waiting.alert_id = failed.alert_id
  and waiting.staff_id = failed.staff_id
  and waiting.channel = 'voice'
  and waiting.state = 'queued'
  and waiting.next_attempt_at > %(now)s

-- name: call_without_answer
-- Did a call end without a key that meant something, and is no text about its alert under way to that person? By
-- phone_replies_sender and messages_alert.
select not exists (
    select
    from phone_replies
    where phone_replies.sender = messages.recipient
      and phone_replies.received_at >= messages.created_at
      and starts_with(phone_replies.sid, %(sid)s)
  )
  and not exists (
    select
    from messages as beside
    where beside.alert_id = messages.alert_id
      and beside.staff_id = messages.staff_id
      and beside.channel = 'sms'
      and beside.state in ('queued', 'sending', 'accepted', 'scheduled', 'sent', 'delivered', 'read')
  )
from messages
where messages.id = %(message_id)s
  and messages.purpose = 'tell'

-- name: alerts_told_by
-- Of which alerts does a message tell that is about several: the lines of a bundle, or of a shift's text? Locked, in order.
-- By messages_bundle and digests_message.
select alerts.id
from alerts
where alerts.id = any(array(
    select bundled.alert_id
    from messages as bundled
    where bundled.bundle_id = %(message_id)s
    union
    select unnest(digests.alert_ids)
    from digests
    where digests.message_id = %(message_id)s
  ))
order by alerts.id
for update

-- name: failed_lately
-- Did another text of several alerts to the same person fail shortly before? By messages_staff.
select exists (
  select
  from messages
  join messages as before on before.staff_id = messages.staff_id
  where messages.id = %(message_id)s
    and before.id <> messages.id
    and before.alert_id is null
    and before.state in ('undelivered', 'failed')
    and before.created_at > %(since)s
)

-- name: alerts_waiting_for
-- For whose answer, of people with that number, do unanswered alerts wait, as far as a text or call has left? Locked, in
-- order. By messages_staff.
select alerts.id
from alerts
where alerts.state in ('raised', 'notified')
  and alerts.id in (
    select messages.alert_id
    from messages
    join staff on staff.id = messages.staff_id
    where staff.phone = %(phone)s
      and staff.removed_at is null
      and messages.purpose in ('tell', 'retell')
      and messages.state not in ('canceled', 'failed', 'undelivered')
  )
order by alerts.id
for update
