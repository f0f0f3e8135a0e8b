-- name: phones
-- Whose phones would show something? Those who were written to last come first.
select staff.id, staff.name, staff.phone, areas.name as area, staff.opted_out_at is not null as opted_out, last.at
from staff
join areas on areas.code = staff.area
left join lateral (
  select messages.created_at as at
  from messages
  where messages.recipient = staff.phone
  order by messages.id desc
  limit 1
) as last on true
where staff.removed_at is null
  and areas.path like %(below)s
order by last.at desc nulls last, staff.name, staff.id
limit %(limit)s

-- name: bubbles
-- What does each of these phones show? Messages, answers sent from it and the words that came back; the oldest first.
select phone, at, side, text, channel, state, alert_id
from unnest(%(phones)s::text[]) as each (phone)
join lateral (
  select everything.at, everything.side, everything.text, everything.channel, everything.state, everything.alert_id,
    everything.part
  from (
    (
      select messages.created_at as at, 'in' as side, messages.text, messages.channel, messages.state,
        messages.alert_id, 0 as part
      from messages
      where messages.recipient = each.phone
      order by messages.id desc
      limit %(limit)s
    )
    union all
    (
      select phone_replies.received_at, 'out', phone_replies.body, 'sms', 'sent', null, 1
      from phone_replies
      where phone_replies.sender = each.phone
      order by phone_replies.received_at desc
      limit %(limit)s
    )
    union all
    (
      select phone_replies.received_at, 'in', phone_replies.answer, 'sms', 'delivered', null, 2
      from phone_replies
      where phone_replies.sender = each.phone
        and phone_replies.answer <> ''
      order by phone_replies.received_at desc
      limit %(limit)s
    )
  ) as everything
  order by at desc, part desc
  limit %(limit)s
) as shown on true
order by phone, at, part

-- name: phone_of_staff
-- Which number has somebody this user may see?
select staff.phone
from staff
join areas on areas.code = staff.area
where staff.id = %(staff_id)s
  and staff.removed_at is null
  and areas.path like %(below)s
