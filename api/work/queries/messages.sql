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
