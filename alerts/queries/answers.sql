-- name: claim_phone_reply
-- Keeps a text before it is answered; the same one, delivered again, gets no row. By the primary key.
insert into phone_replies (sid, sender, body, received_at, answer)
values (%(sid)s, %(sender)s, %(body)s, %(now)s, '')
on conflict do nothing
returning sid

-- name: answer_of_phone_reply
-- What was this text answered before?
select answer
from phone_replies
where sid = %(sid)s

-- name: answer_phone_reply
update phone_replies
set answer = %(answer)s
where sid = %(sid)s

-- name: staff_of_phone
-- Whose phone is this, and in which language was it written to? Of several people with one number, whoever was written
-- to last. By staff_phone and messages_recipient.
select staff.id, staff.name, coalesce(staff.language, latest.language)
from staff
left join lateral (
  select messages.staff_id, messages.language
  from messages
  where messages.recipient = staff.phone
    and messages.staff_id is not null
  order by messages.id desc
  limit 1
) as latest on true
where staff.phone = %(phone)s
  and staff.removed_at is null
order by staff.id = latest.staff_id desc nulls last, staff.id
limit 1

-- name: open_alerts_of_staff
-- Which open alerts was this person told of, or has, who has each, and how far is its visit? By the index of open alerts.
select alerts.id, alerts.state, alerts.accepted_by_staff, coalesce(holder.name, alerts.accepted_by_user, ''),
  visit.id, visit.staff_id, visit.state
from alerts
left join staff as holder on holder.id = alerts.accepted_by_staff
left join lateral (
  select visits.id, visits.staff_id, visits.state
  from visits
  where visits.alert_id = alerts.id
    and visits.state not in ('failed', 'cancelled')
  order by visits.id desc
  limit 1
) as visit on true
where alerts.state <> 'closed'
  and (
    alerts.accepted_by_staff = %(staff_id)s
    or visit.staff_id = %(staff_id)s
    or exists (
      select
      from messages
      where messages.alert_id = alerts.id
        and messages.staff_id = %(staff_id)s
        and (messages.state <> 'canceled' or messages.bundle_id is not null)
    )
  )
order by alerts.id

-- name: opt_out
-- No more messages to this number, whoever uses it: the provider sends none either. By staff_phone.
update staff
set opted_out_at = coalesce(opted_out_at, %(now)s)
where phone = %(phone)s

-- name: opt_in
update staff
set opted_out_at = null
where phone = %(phone)s

-- name: called_about
-- What is a voice call about: whose phone, in which language, which alert, and who has it?
select messages.recipient, messages.language, messages.staff_id, alerts.id, alerts.kind, alerts.state, alerts.test,
  alerts.accepted_by_staff, coalesce(holder.name, alerts.accepted_by_user, ''), coalesce(alerts.device_uid, '')
from messages
join alerts on alerts.id = messages.alert_id
left join staff as holder on holder.id = alerts.accepted_by_staff
where messages.id = %(message_id)s
  and messages.channel = 'voice'

-- name: notes_for_holder
-- What must be known about the resident, where that person has the alert?
select residents.notes
from alerts
join residents on residents.id = alerts.resident_id
where alerts.id = %(alert_id)s
  and alerts.accepted_by_staff = %(staff_id)s
  and residents.notes <> ''
