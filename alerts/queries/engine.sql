-- name: claim_due_alerts
-- Which open alerts are due? The most urgent and oldest first; those another engine holds are passed over.
select id, kind, severity, state, area, home_id, device_uid, test, count, policy_area, policy_id, round, step,
  next_step_at, retell_at, accepted_by_staff, accepted_by_user, raised_at, asked_at, snoozed_until, silence_id,
  collected_for
from alerts
where state <> 'closed'
  and due_at <= %(now)s
order by array_position('{critical,high,normal,low}'::text[], severity), raised_at
limit %(limit)s
for update skip locked

-- name: words_for_alerts
-- Who and where, for the words of a message: the resident's name, the address and the places above it; of an alert that is
-- about no home, whom or what it is about; of an early warning about a device, which it is.
select alerts.id,
  case
    when alerts.home_id is null then coalesce(residents.name, about.name, alerts.text)
    when alerts.device_uid is not null and alerts.text is not null and alerts.kind not in ('help', 'fall') then alerts.text
    else residents.name
  end,
  homes.address,
  (
    select string_agg(above.name, ' ' order by length(above.path))
    from areas as here
    join areas as above on starts_with(here.path, above.path)
    where here.code = alerts.area
      and above.level in ('township', 'village')
  )
from alerts
left join residents on residents.id = alerts.resident_id
left join homes on homes.id = alerts.home_id
left join staff as about on about.id = alerts.staff_id
where alerts.id = any(%(alert_ids)s)

-- name: store_moves
-- Where unanswered alerts stand after a step.
update alerts
set state = case when move.told then 'notified' else alerts.state end,
    notified_at = case when move.told then coalesce(alerts.notified_at, %(now)s) else alerts.notified_at end,
    told_at = case when move.told then %(now)s else alerts.told_at end,
    retell_at = case when move.told then null else alerts.retell_at end,
    policy_started_at = case
      when alerts.policy_id is distinct from move.policy_id or alerts.round <> move.round then %(now)s
      else alerts.policy_started_at
    end,
    policy_area = move.policy_area,
    policy_id = move.policy_id,
    round = move.round,
    step = move.step,
    silence_id = move.silence_id,
    snoozed_until = null,
    collected_for = move.collected_for,
    next_step_at = move.next_step_at
from unnest(
  %(alert_ids)s::bigint[], %(told)s::boolean[], %(policy_areas)s::text[], %(policy_ids)s::bigint[],
  %(rounds)s::integer[], %(steps)s::integer[], %(next_step_at)s::timestamptz[], %(silence_ids)s::bigint[],
  %(collected_for)s::timestamptz[]
) as move (id, told, policy_area, policy_id, round, step, next_step_at, silence_id, collected_for)
where alerts.id = move.id

-- name: store_retold
update alerts
set told_at = %(now)s,
    retell_at = null
where id = any(%(alert_ids)s)

-- name: store_follow_up
update alerts
set asked_at = %(now)s,
    next_step_at = %(next_step_at)s
where id = %(alert_id)s

-- name: told_staff
-- Who has been told of these alerts, by which channels?
select alert_id, staff_id, array_agg(distinct channel order by channel)
from messages
where alert_id = any(%(alert_ids)s)
  and staff_id is not null
  and channel in ('sms', 'voice')
  and purpose in ('tell', 'retell')
  and state <> 'canceled'
group by alert_id, staff_id

-- name: silences_over
-- Into which silence does each of these alerts fall now, of several the one that lasts longest? Never a call for help, nor
-- what a person has passed on all the same.
select distinct on (alerts.id) alerts.id, silences.id, silences.to_at, silences.reason
from alerts
join areas as here on here.code = alerts.area
join areas as above on starts_with(here.path, above.path)
join silences on silences.area = above.code
where alerts.id = any(%(alert_ids)s)
  and alerts.kind not in ('help', 'fall')
  and alerts.severity <> 'critical'
  and silences.from_at <= %(now)s
  and silences.to_at > %(now)s
  and (silences.kinds is null or alerts.kind = any(silences.kinds))
  and not alerts.told_anyway
order by alerts.id, silences.to_at desc

-- name: digest_hours_up
-- At which hour are the low alerts of these areas told, by the nearest area up the tree that has one?
select distinct on (here.code) here.code, digest_hours.at_hour, digest_hours.timezone
from areas as here
join areas as above on starts_with(here.path, above.path)
join digest_hours on digest_hours.area = above.code
where here.code = any(%(areas)s)
order by here.code, length(above.path) desc

-- name: answer_times_up
-- How long may whoever took an alert be silent in these areas, by the nearest area up the tree that says so?
select distinct on (here.code, answer_times.severity) here.code, answer_times.severity, answer_times.accepted_s,
  answer_times.en_route_s, answer_times.arrived_s, answer_times.asked_s
from areas as here
join areas as above on starts_with(here.path, above.path)
join answer_times on answer_times.area = above.code
where here.code = any(%(areas)s)
order by here.code, answer_times.severity, length(above.path) desc

-- name: goers_of_alerts
-- Who was given the open visit of each of these alerts? By visits_open_alert.
select alert_id, staff_id
from visits
where alert_id = any(%(alert_ids)s)
  and staff_id is not null
  and state not in ('completed', 'followed_up', 'failed', 'cancelled')

-- name: write_timelines
-- Lines of several timelines, in order.
insert into alert_timeline (alert_id, at, what, who, detail)
select line.alert_id, %(at)s, line.what, null, line.detail
from unnest(%(alert_ids)s::bigint[], %(whats)s::text[], %(details)s::jsonb[])
  with ordinality as line (alert_id, what, detail, nth)
order by line.nth

-- name: tell_pages_of_alerts
-- Tells open pages that several alerts changed.
with written as (
  insert into stream_log (at, event, area, ref)
  select %(at)s, 'alert', each.area, each.ref
  from unnest(%(areas)s::text[], %(refs)s::text[]) as each (area, ref)
  returning 1
)
select pg_notify('anju_stream', '')
from written
limit 1

-- name: staff_to_write_to
select id, name, phone, coalesce(language, %(locale)s),
  exists (
    select
    from staff_channels
    where staff_channels.staff_id = staff.id
  )
from staff
where id = any(%(staff_ids)s)
  and removed_at is null
  and opted_out_at is null

-- name: same_text_lately
-- How often did these words go to that number since, numbered or not? By messages_recipient.
select count(*)
from messages
where recipient = %(phone)s
  and channel = 'sms'
  and starts_with(text, %(text)s)
  and created_at > %(since)s

-- name: prune_stream_log
-- Pages that were away longer than this load everything again.
delete from stream_log
where at < %(before)s

-- name: prune_undated_messages
delete from undated_messages
where received_at < %(before)s

-- name: prune_sessions
delete from sessions
where expires_at < %(before)s
