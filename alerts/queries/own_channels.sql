-- name: own_channels
-- By which ways of his own does somebody want to be told, and when not? By staff_channels_staff.
select id, kind, quiet_from, quiet_to, timezone
from staff_channels
where staff_id = %(staff_id)s
order by id

-- name: write_own_message
-- The recipient is what the person calls the channel: its address is a secret.
insert into messages (
  alert_id, staff_id, staff_channel, recipient, channel, purpose, text, language, severity, created_at,
  next_attempt_at, expires_at
)
select %(alert_id)s, staff_id, id, name, kind, %(purpose)s, %(text)s, %(language)s, %(severity)s, %(now)s, %(now)s,
  %(expires_at)s
from staff_channels
where id = %(channel_id)s

-- name: write_test_message
insert into messages (
  staff_id, staff_channel, recipient, channel, purpose, text, language, created_at, next_attempt_at, expires_at
)
select staff_id, id, name, kind, 'inform', %(text)s, %(language)s, %(now)s, %(now)s, %(expires_at)s
from staff_channels
where id = %(channel_id)s
  and staff_id = %(staff_id)s
returning id

-- name: own_channel_fails
-- Since when, and why, does a person's own channel not work? Nothing said: it does.
update staff_channels
set failed_at = case when %(failure)s::text is null then null else coalesce(failed_at, %(now)s) end,
    failure = %(failure)s
where id = (
    select staff_channel
    from messages
    where id = %(message_id)s
  )
  and failure is distinct from %(failure)s

-- name: drop_own_channels
delete from staff_channels
where staff_id = %(staff_id)s
  and id <> all(%(kept)s::bigint[])

-- name: add_own_channel
insert into staff_channels (staff_id, kind, name, address, quiet_from, quiet_to, timezone, created_at)
values (
  %(staff_id)s, %(kind)s, %(name)s, %(address)s, %(quiet_from)s, %(quiet_to)s, %(timezone)s, %(now)s
)

-- name: change_own_channel
-- A new address has not failed yet.
update staff_channels
set name = %(name)s,
    address = coalesce(%(address)s, address),
    quiet_from = %(quiet_from)s,
    quiet_to = %(quiet_to)s,
    timezone = %(timezone)s,
    failed_at = case when %(address)s::text is null then failed_at end,
    failure = case when %(address)s::text is null then failure end
where id = %(channel_id)s
  and staff_id = %(staff_id)s
  and kind = %(kind)s

-- name: kinds_of_alerts
-- What are these alerts about, and since when?
select id, kind, test, raised_at, coalesce(device_uid, '')
from alerts
where id = any(%(alert_ids)s)
