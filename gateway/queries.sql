-- name: note_call
-- Writes a help call or its cancelling down, and says whether it is new; one that is there already was sent again, and is
-- counted. By the primary key.
insert into help_calls (
  device_uid, call_id, what, at, claimed_at, received_at, source, test, battery, readable, extra
)
values (
  %(uid)s, %(call_id)s, %(what)s, %(at)s, %(claimed_at)s, %(received_at)s, %(source)s, %(test)s, %(battery)s,
  %(readable)s, %(extra)s
)
on conflict (device_uid, call_id, what) do update
set resent = help_calls.resent + 1
returning resent = 0

-- name: home_of_device
-- Where does a registered device stand, and in which language is that home spoken to? By the unique index on uid.
select devices.home_id, (
  select residents.language
  from residents
  where residents.home_id = devices.home_id
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
)
from devices
where devices.uid = %(uid)s
  and devices.removed_at is null
  and devices.home_id is not null

-- name: note_request
-- Writes a wish for a visit down, and says whether it is new; one that is there already was sent again. By the primary key.
insert into visit_requests (device_uid, request_id, at, claimed_at, received_at, service, battery, readable)
values (
  %(uid)s, %(request_id)s, %(at)s, %(claimed_at)s, %(received_at)s, %(service)s, %(battery)s, %(readable)s
)
on conflict (device_uid, request_id) do update
set resent = visit_requests.resent + 1
returning resent = 0

-- name: set_visit_of_request
update visit_requests
set visit_id = %(visit_id)s
where device_uid = %(uid)s
  and request_id = %(request_id)s

-- name: quarantine
insert into quarantine (topic, payload, size, reason, device_uid, alert_id, received_at)
values (%(topic)s, %(payload)s, %(size)s, %(reason)s, %(uid)s, %(alert_id)s, %(received_at)s)

-- name: claim_home_replies
-- What are homes still to hear, in order, and in which language? Rows another gateway holds are passed over.
select home_replies.id, home_replies.device_uid, home_replies.call_id, home_replies.state, home_replies.aloud,
  home_replies.at, resident.language, home_replies.about
from home_replies
left join devices on devices.uid = home_replies.device_uid
left join lateral (
  select residents.language
  from residents
  where residents.home_id = devices.home_id
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
) as resident on true
where home_replies.published_at is null
order by home_replies.id
limit %(limit)s
for update of home_replies skip locked

-- name: home_replies_published
update home_replies
set published_at = %(now)s
where id = any(%(ids)s)

-- name: broker_users
-- Which devices may connect to the broker, and which base topic does each speak under that speaks for itself?
select uid, password_hash, kind, format, case when kind = 'hub' or hub_uid is null then topic end
from devices
where removed_at is null
  and password_hash is not null
order by uid

-- name: accounts
-- Who may connect to a broker that is not ours, by which of his passwords' hashes, and what is he registered with?
select uid, password_hash, mosquitto_hash, kind, format,
  case when kind = 'hub' or hub_uid is null then topic end
from devices
where removed_at is null
  and password_hash is not null
order by uid

-- name: account
-- The same of one device. By the unique index on uid.
select uid, password_hash, mosquitto_hash, kind, format,
  case when kind = 'hub' or hub_uid is null then topic end
from devices
where uid = %(uid)s
  and removed_at is null
  and password_hash is not null

-- name: newest_broker_change
-- Which change of credentials is the newest?
select last_value
from broker_changes

-- name: ask_brokers
-- Numbers a change that is committed, and wakes whoever keeps a broker up with the registry; who does?
select nextval('broker_changes'),
  array(
    select role_beats.role
    from role_beats
    where (role_beats.role = %(role)s or starts_with(role_beats.role, %(role)s || '-'))
      and role_beats.beat_at >= %(since)s
  ),
  pg_notify(%(channel)s, '')

-- name: brokers_applied
-- Up to which change have all these brokers read the registry?
select min(coalesce((counters ->> 'applied')::bigint, 0))
from role_beats
where role = any(%(roles)s)
