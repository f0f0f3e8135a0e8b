-- Desk: alerts -------------------------------------------------------------------------------------------------------

-- name: lock_press
-- Makes two presses of one place wait for each other, so that the second joins what the first opened.
select pg_advisory_xact_lock(hashtextextended(%(place)s, 0))

-- name: place_of_device
-- Where does a registered device stand, and who lives there? By the unique index on uid.
select homes.id, homes.area, resident.id
from devices
join homes on homes.id = devices.home_id
left join lateral (
  select residents.id
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
  order by residents.id
  limit 1
) as resident on true
where devices.uid = %(uid)s
  and devices.removed_at is null

-- name: place_of_home
-- In which area is a home, and who lives there first?
select homes.id, homes.area, resident.id
from homes
left join lateral (
  select residents.id
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
  order by residents.id
  limit 1
) as resident on true
where homes.id = %(home_id)s
  and homes.removed_at is null

-- name: place_of_resident
-- Where does a resident live?
select homes.id, homes.area, residents.id
from residents
join homes on homes.id = residents.home_id
where residents.id = %(resident_id)s
  and residents.removed_at is null

-- name: top_area
-- Who answers for a place that nobody knows? The root of the tree with the most areas below it.
select top.code
from areas as top
where top.parent is null
order by (select count(*) from areas as below where starts_with(below.path, top.path)) desc, top.code
limit 1

-- name: open_help_alert
-- Which help alert is open for this home, or for this unregistered device? By the two partial unique indexes.
select id, state, test, told_at, count
from alerts
where kind = 'help'
  and state <> 'closed'
  and (
    (%(home_id)s::bigint is not null and home_id = %(home_id)s)
    or (%(home_id)s::bigint is null and home_id is null and device_uid = %(device_uid)s)
  )
for update

-- name: insert_alert
-- Opens an alert that is due at once.
insert into alerts (
  kind, severity, state, area, home_id, resident_id, device_uid, test, text, raised_at, pressed_at,
  policy_started_at, next_step_at
)
values (
  %(kind)s, %(severity)s, 'raised', %(area)s, %(home_id)s, %(resident_id)s, %(device_uid)s, %(test)s, %(text)s,
  %(raised_at)s, %(now)s, %(now)s, %(now)s
)
returning id

-- name: join_alert
-- One more press: counted, and those who were told already are told again, at most once a minute.
update alerts
set count = count + 1,
    pressed_at = %(now)s,
    home_cancelled_at = null,
    test = %(test)s,
    severity = %(severity)s,
    retell_at = %(retell_at)s
where id = %(alert_id)s

-- name: lock_alert
-- The alert as it stands, held until the end of the transaction. The name is no join's: whoever had to wait for the lock
-- would get that of before.
select alerts.id, alerts.kind, alerts.severity, alerts.state, alerts.test, alerts.area, alerts.home_id,
  alerts.resident_id, alerts.accepted_by_staff, alerts.accepted_by_user,
  (
    select staff.name
    from staff
    where staff.id = alerts.accepted_by_staff
  )
from alerts
where alerts.id = %(alert_id)s
for update

-- name: staff_name
-- Who is that? Nobody who has left.
select name
from staff
where id = %(staff_id)s
  and removed_at is null

-- name: set_accepted
-- The first one has it.
update alerts
set state = 'accepted',
    accepted_at = %(now)s,
    accepted_by_staff = %(staff_id)s,
    accepted_by_user = %(username)s,
    asked_at = null,
    snoozed_until = null,
    silence_id = null,
    collected_for = null,
    retell_at = null,
    next_step_at = %(next_step_at)s
where id = %(alert_id)s

-- name: set_released
-- Whoever had it does not go: the next ones are told at once.
update alerts
set state = 'notified',
    accepted_at = null,
    accepted_by_staff = null,
    accepted_by_user = null,
    en_route_at = null,
    asked_at = null,
    next_step_at = %(now)s
where id = %(alert_id)s

-- name: set_due
-- An unanswered alert is due at that time, or sooner; a snooze ends with it.
update alerts
set next_step_at = least(next_step_at, %(now)s),
    snoozed_until = null
where id = %(alert_id)s
  and state in ('raised', 'notified')

-- name: set_due_untold
-- An unanswered alert is due at that time, or sooner, but for one that nobody is to be told of now.
update alerts
set next_step_at = least(next_step_at, %(now)s)
where id = %(alert_id)s
  and state in ('raised', 'notified')
  and (snoozed_until is null or snoozed_until <= %(now)s)
  and silence_id is null
  and collected_for is null

-- name: bring_forward_messages
-- What was to follow unless answered leaves now: the message before it did not arrive. What is tried once more keeps its
-- own time. By messages_alert.
update messages
set next_attempt_at = %(now)s
where alert_id = %(alert_id)s
  and state = 'queued'
  and attempts = 0
  and earlier_sid is null
  and next_attempt_at > %(now)s

-- name: set_snoozed
-- Nobody is told until then.
update alerts
set snoozed_until = %(until)s,
    snoozed_by = %(who)s,
    next_step_at = %(until)s
where id = %(alert_id)s

-- name: closed_at
select closed_at
from alerts
where id = %(alert_id)s

-- name: place_of_alert
-- Where is an alert, as a press names its place?
select home_id, area, device_uid
from alerts
where id = %(alert_id)s

-- name: set_reopened
-- As if it had just been raised: nobody has it, and its policy begins with the first step.
update alerts
set state = 'raised',
    closed_at = null,
    outcome = null,
    close_note = null,
    spoke_with = null,
    home_cancelled_at = null,
    accepted_at = null,
    accepted_by_staff = null,
    accepted_by_user = null,
    en_route_at = null,
    arrived_at = null,
    asked_at = null,
    told_at = null,
    retell_at = null,
    snoozed_until = null,
    silence_id = null,
    collected_for = null,
    policy_area = null,
    policy_id = null,
    policy_started_at = %(now)s,
    round = 0,
    step = 0,
    reopened_at = %(now)s,
    next_step_at = %(now)s
where id = %(alert_id)s

-- name: set_en_route
update alerts
set state = 'en_route',
    en_route_at = %(at)s,
    asked_at = null,
    next_step_at = %(next_step_at)s
where id = %(alert_id)s

-- name: set_arrived
update alerts
set state = 'arrived',
    en_route_at = coalesce(en_route_at, %(at)s),
    arrived_at = %(at)s,
    asked_at = null,
    next_step_at = %(next_step_at)s
where id = %(alert_id)s

-- name: set_closed
update alerts
set state = 'closed',
    closed_at = %(now)s,
    outcome = %(outcome)s,
    close_note = %(note)s,
    spoke_with = %(spoke_with)s,
    snoozed_until = null,
    silence_id = null,
    collected_for = null,
    retell_at = null,
    next_step_at = null
where id = %(alert_id)s

-- name: mark_home_cancelled
-- The home says it was a mistake: marked, never closed.
update alerts
set home_cancelled_at = coalesce(home_cancelled_at, %(now)s)
where id = %(alert_id)s
  and state <> 'closed'
returning id

-- name: alert_of_call
-- Which alert did this call raise or join?
select alert_id
from help_calls
where device_uid = %(device_uid)s
  and call_id = %(call_id)s
  and what = 'help'

-- name: write_timeline
insert into alert_timeline (alert_id, at, what, who, detail)
values (%(alert_id)s, %(at)s, %(what)s, %(who)s, %(detail)s)

-- name: tell_pages
-- Tells open pages that something changed; the row is the truth, the notice only wakes.
with written as (
  insert into stream_log (at, event, area, ref)
  values (%(at)s, %(event)s, %(area)s, %(ref)s)
  returning 1
)
select pg_notify('anju_stream', '')
from written

-- name: wake_engine
select pg_notify('anju_due', '')

-- name: tell_home
-- The home hears of each of its last calls how far help is; it is said aloud once, for the newest.
with calls as (
  select device_uid, call_id, row_number() over (partition by device_uid order by received_at desc, call_id) as nth
  from help_calls
  where alert_id = %(alert_id)s
    and what = 'help'
), written as (
  insert into home_replies (device_uid, call_id, state, aloud, at)
  select device_uid, call_id, %(state)s, nth = 1, %(at)s
  from calls
  where nth <= 5
  order by nth desc
  returning 1
)
select pg_notify('anju_home', '')
from written
limit 1

-- name: tell_home_of_one_call
-- A press that joined an alert somebody has already: that home hears at once how far help is.
with written as (
  insert into home_replies (device_uid, call_id, state, aloud, at)
  values (%(device_uid)s, %(call_id)s, %(state)s, true, %(at)s)
  returning 1
)
select pg_notify('anju_home', '')
from written

-- name: cancel_waiting_messages
-- What has not left yet and would no longer be true is not sent.
update messages
set state = 'canceled',
    next_attempt_at = null,
    held_until = null
where alert_id = %(alert_id)s
  and state = 'queued'
  and (next_attempt_at is not null or held_until is not null)

-- name: has_completed_visit
select exists (
  select
  from visits
  where alert_id = %(alert_id)s
    and state = 'completed'
)

-- Dispatch: visits ---------------------------------------------------------------------------------------------------

-- name: insert_visit
insert into visits (
  alert_id, home_id, area, service, staff_id, state, due_from, due_to, note, requested_at, requested_by,
  assigned_at, accepted_at, told_at
)
values (
  %(alert_id)s, %(home_id)s, %(area)s, %(service)s, %(staff_id)s, %(state)s, %(due_from)s, %(due_to)s, %(note)s,
  %(now)s, %(requested_by)s,
  case when %(staff_id)s::bigint is not null then %(now)s::timestamptz end,
  case when %(state)s = 'accepted' then %(now)s::timestamptz end,
  case when %(staff_id)s = %(by_staff)s::bigint then %(now)s::timestamptz end
)
returning id

-- name: lock_visit
-- The visit as it stands, and when its last step was taken; held until the end of the transaction. As for lock_alert, the
-- name is no join's.
select visits.id, visits.state, visits.staff_id, visits.alert_id, visits.home_id, visits.area,
  (
    select staff.name
    from staff
    where staff.id = visits.staff_id
  ),
  greatest(visits.departed_at, visits.arrived_at, least(visits.accepted_at, visits.requested_at), visits.requested_at)
from visits
where visits.id = %(visit_id)s
for update

-- name: lock_alert_of_visit
-- The alert before its visit, everywhere: two transactions must not wait for each other in a ring.
select alerts.id
from alerts
where alerts.id = (
  select visits.alert_id
  from visits
  where visits.id = %(visit_id)s
)
for update

-- name: goes_for_alert
-- Was somebody given the open visit of this alert? By visits_alert.
select exists (
  select
  from visits
  where alert_id = %(alert_id)s
    and staff_id = %(staff_id)s
    and state not in ('completed', 'failed', 'cancelled')
)

-- name: open_visit_of_alert
select id
from visits
where alert_id = %(alert_id)s
  and state not in ('completed', 'failed', 'cancelled')

-- name: set_visit_assigned
update visits
set state = 'assigned',
    staff_id = %(staff_id)s,
    assigned_at = %(now)s,
    accepted_at = null,
    departed_at = null,
    told_at = case when %(staff_id)s = %(by_staff)s::bigint then %(now)s::timestamptz end
where id = %(visit_id)s

-- name: set_visit_accepted
update visits
set state = 'accepted',
    accepted_at = %(now)s
where id = %(visit_id)s

-- name: set_visit_departed
update visits
set state = 'en_route',
    departed_at = %(at)s
where id = %(visit_id)s

-- name: set_visit_arrived
update visits
set state = 'arrived',
    departed_at = coalesce(departed_at, %(at)s),
    arrived_at = %(at)s,
    arrived_proof = %(proof)s
where id = %(visit_id)s

-- name: set_visit_completed
update visits
set state = 'completed',
    completed_at = %(at)s,
    ended_at = %(now)s,
    completed_proof = %(proof)s,
    outcome = %(outcome)s
where id = %(visit_id)s

-- name: set_visit_ended
update visits
set state = %(state)s,
    ended_at = %(now)s,
    fail_reason = %(reason)s
where id = %(visit_id)s

-- name: claim_untold_visits
-- Who was sent by somebody else and has not been told? By visits_untold; those another engine holds are passed over.
select visits.id, visits.alert_id, staff.id, staff.phone, coalesce(staff.language, %(locale)s),
  coalesce(alerts.severity, 'normal'), resident.name,
  nullif(concat_ws(' ', place.names, homes.address), '')
from visits
join staff on staff.id = visits.staff_id
left join alerts on alerts.id = visits.alert_id
left join homes on homes.id = visits.home_id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = visits.home_id
    and (alerts.resident_id is null or residents.id = alerts.resident_id)
    and residents.removed_at is null
  order by residents.id
  limit 1
) as resident on true
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as here
  join areas as above on starts_with(here.path, above.path)
  where here.code = visits.area
    and above.level in ('township', 'village')
) as place on true
where visits.told_at is null
  and visits.staff_id is not null
  and visits.state in ('assigned', 'accepted')
order by visits.id
limit %(limit)s
for update of visits skip locked

-- name: set_visits_told
update visits
set told_at = %(now)s
where id = any(%(ids)s)

-- name: service_exists
select exists (
  select
  from services
  where code = %(code)s
    and removed_at is null
)

-- On call ------------------------------------------------------------------------------------------------------------

-- name: policies_up
-- Which policies are there for these areas, of each area its own first, then those of the areas above it?
select here.code, policies.id, policies.area, policies.repeat, policies.kinds, policies.severities, policies.hours_from,
  policies.hours_to, policies.hours_timezone
from areas as here
join areas as above on starts_with(here.path, above.path)
join policies on policies.area = above.code
where here.code = any(%(areas)s)
order by here.code, length(above.path) desc, policies.id

-- name: policy_steps
select policy_id, after_s, rota_id, staff_id, channels, channel_delay_s
from policy_steps
where policy_id = any(%(policy_ids)s)
order by policy_id, position

-- name: rotas_by_id
select rotas.id, rotas.timezone, rotas.kind, rotas.length, rotas.start,
  coalesce(array_agg(rota_members.staff_id order by rota_members.position)
    filter (where rota_members.staff_id is not null), '{}'),
  rotas.windows, rotas.days, rotas.holidays, rotas.name, rotas.area
from rotas
left join rota_members on rota_members.rota_id = rotas.id
where rotas.id = any(%(rota_ids)s)
group by rotas.id

-- name: overrides_of_rotas
-- Only those that are not over: a hand-off in the past can no longer change who has it now.
select rota_id, id, from_at, to_at, staff_id
from overrides
where rota_id = any(%(rota_ids)s)
  and to_at > %(at)s

-- name: pauses_of_rotas
-- Whose turns pass to the next, and when? Only pauses that are not over at that time.
select rota_id, staff_id, from_at, to_at
from rota_pauses
where rota_id = any(%(rota_ids)s)
  and (to_at is null or to_at > %(at)s)
order by id

-- name: reachable_staff
-- Who can be told? Nobody who has left or asked for no more messages.
select id, name
from staff
where id = any(%(staff_ids)s)
  and removed_at is null
  and opted_out_at is null

-- Engine -------------------------------------------------------------------------------------------------------------

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
-- about no home, whom or what it is about; of a silent device, which it is.
select alerts.id,
  case
    when alerts.home_id is null then coalesce(residents.name, about.name, alerts.text)
    when alerts.kind = 'device_offline' and alerts.device_uid is not null then alerts.text
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
-- Into which silence does each of these alerts fall now, of several the one that lasts longest? Never a call for help.
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
-- Who was given the open visit of each of these alerts? By visits_open_of_alert.
select alert_id, staff_id
from visits
where alert_id = any(%(alert_ids)s)
  and staff_id is not null
  and state not in ('completed', 'failed', 'cancelled')

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

-- Outbox -------------------------------------------------------------------------------------------------------------

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
-- Which alert is this message about? By the provider's id, or by ours where the provider's is not stored yet.
select alert_id
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

-- Answers ------------------------------------------------------------------------------------------------------------

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

-- Staffing -----------------------------------------------------------------------------------------------------------

-- name: insert_staff
-- Registers a responder, where the area is known. A number that asked for no more messages gets none, whoever has it now.
insert into staff (name, phone, area, language, opted_out_at, created_at)
select %(name)s, %(phone)s, areas.code, %(language)s,
  (select min(same.opted_out_at) from staff as same where same.phone = %(phone)s), %(now)s
from areas
where areas.code = %(area)s
returning id

-- name: hold_staff
-- Which of these people are there? They cannot be removed meanwhile; in order, so that two writers never wait in a ring.
select id
from staff
where id = any(%(staff_ids)s)
  and removed_at is null
order by id
for share

-- name: insert_rota
-- Sets a rota up, where the area is known.
insert into rotas (name, area, timezone, kind, length, start, windows, days, holidays)
select %(name)s, areas.code, %(timezone)s, %(kind)s, %(length)s, %(start)s, %(windows)s, %(days)s, %(holidays)s
from areas
where areas.code = %(area)s
returning id

-- name: write_rota_members
-- Gives a rota its members, in order, in place of those it had.
with old as (
  delete from rota_members
  where rota_id = %(rota_id)s
    and position >= cardinality(%(staff_ids)s::bigint[])
)
insert into rota_members (rota_id, position, staff_id)
select %(rota_id)s, each.position - 1, each.staff_id
from unnest(%(staff_ids)s::bigint[]) with ordinality as each (staff_id, position)
on conflict (rota_id, position) do update
set staff_id = excluded.staff_id

-- name: hold_rotas
-- Which of these rotas are there? They cannot be removed meanwhile.
select id
from rotas
where id = any(%(rota_ids)s)
order by id
for share

-- name: insert_override
-- Lets somebody else have a rota's shift, where the rota is known.
insert into overrides (rota_id, from_at, to_at, staff_id)
select rotas.id, %(start)s, %(end)s, %(staff_id)s
from rotas
where rotas.id = %(rota_id)s
returning id

-- name: insert_pause
-- Pauses a member of a rota; nobody who is not one.
insert into rota_pauses (rota_id, staff_id, from_at, to_at)
select rotas.id, %(staff_id)s, %(start)s, %(end)s
from rotas
where rotas.id = %(rota_id)s
  and exists (
    select
    from rota_members
    where rota_members.rota_id = rotas.id
      and rota_members.staff_id = %(staff_id)s
  )
returning id

-- name: insert_policy
-- Begins a policy, where the area is known.
insert into policies (area, kinds, repeat)
select areas.code, %(kinds)s, %(repeat)s
from areas
where areas.code = %(area)s
returning id

-- name: write_policy_step
-- Adds a step to a policy.
insert into policy_steps (policy_id, position, after_s, rota_id, staff_id, channels, channel_delay_s, entry)
values (
  %(policy_id)s, %(position)s, %(after_s)s, %(rota_id)s, %(staff_id)s, %(channels)s, %(channel_delay_s)s, %(entry)s
)

-- name: set_policy_condition
-- For which severities a policy is, and at which hours.
update policies
set severities = %(severities)s,
    hours_from = %(hours_from)s,
    hours_to = %(hours_to)s,
    hours_timezone = %(hours_timezone)s
where id = %(policy_id)s

-- Restaffing ---------------------------------------------------------------------------------------------------------

-- name: set_staff
-- Writes a responder's new state, where the area is known; whether he wants no messages goes with the number.
update staff
set name = %(name)s,
    phone = %(phone)s,
    area = areas.code,
    language = %(language)s,
    opted_out_at = (select min(same.opted_out_at) from staff as same where same.phone = %(phone)s),
    phone_fault = case when staff.phone = %(phone)s then staff.phone_fault end,
    phone_fault_at = case when staff.phone = %(phone)s then staff.phone_fault_at end
from areas
where staff.id = %(staff_id)s
  and areas.code = %(area)s

-- name: remove_staff
-- Lets somebody go; his row stays, history names him.
update staff
set removed_at = %(now)s
where id = %(staff_id)s

-- name: set_rota
-- Writes a rota's new state, where the area is known.
update rotas
set name = %(name)s,
    area = areas.code,
    timezone = %(timezone)s,
    kind = %(kind)s,
    length = %(length)s,
    start = %(start)s,
    windows = %(windows)s,
    days = %(days)s,
    holidays = %(holidays)s
from areas
where rotas.id = %(rota_id)s
  and areas.code = %(area)s

-- name: delete_rota
delete from rotas
where id = %(rota_id)s

-- name: set_override
-- Writes an override's new state, where the rota is known.
update overrides
set rota_id = rotas.id,
    from_at = %(start)s,
    to_at = %(end)s,
    staff_id = %(staff_id)s
from rotas
where overrides.id = %(override_id)s
  and rotas.id = %(rota_id)s

-- name: delete_override
delete from overrides
where id = %(override_id)s

-- name: set_pause
update rota_pauses
set from_at = %(start)s,
    to_at = %(end)s
where id = %(pause_id)s

-- name: delete_pause
delete from rota_pauses
where id = %(pause_id)s

-- name: set_policy
-- Writes what a policy is for, where the area is known.
update policies
set area = areas.code,
    kinds = %(kinds)s,
    repeat = %(repeat)s
from areas
where policies.id = %(policy_id)s
  and areas.code = %(area)s

-- name: delete_policy_steps
delete from policy_steps
where policy_id = %(policy_id)s

-- name: delete_policy
delete from policies
where id = %(policy_id)s

-- Patrol rounds -------------------------------------------------------------------------------------------------------

-- name: insert_round
-- Begins a patrol round, where the area is known; without a name it is called like the area.
insert into patrol_rounds (area, name, staff_id, started_at, started_by)
select areas.code, coalesce(%(name)s, areas.name), %(staff_id)s, %(now)s, %(started_by)s
from areas
where areas.code = %(area)s
returning id

-- name: homes_with_camera
-- Into which homes of an area, and of all below it, can one look by video? By areas_below and homes_area.
select homes.id
from areas as here
join areas on starts_with(areas.path, here.path)
join homes on homes.area = areas.code
where here.code = %(area)s
  and homes.removed_at is null
  and exists (
    select
    from devices
    where devices.home_id = homes.id
      and devices.kind = 'camera'
      and devices.removed_at is null
  )
order by homes.id
limit %(limit)s

-- name: homes_in_area
-- Which of these homes lie in an area, or below it?
select homes.id
from areas as here
join areas on starts_with(areas.path, here.path)
join homes on homes.area = areas.code
where here.code = %(area)s
  and homes.id = any(%(home_ids)s)
  and homes.removed_at is null

-- name: write_round_homes
insert into patrol_round_homes (round_id, home_id)
select %(round_id)s, home_id
from unnest(%(home_ids)s::bigint[]) as each (home_id)

-- name: lock_round
-- The round as it stands, held until the end of the transaction; and does this home belong to it?
select patrol_rounds.started_at,
  exists (
    select
    from patrol_round_homes
    where patrol_round_homes.round_id = patrol_rounds.id
      and patrol_round_homes.home_id = %(home_id)s
  )
from patrol_rounds
where patrol_rounds.id = %(round_id)s
for update of patrol_rounds

-- name: insert_look
insert into looks (round_id, home_id, result, note, at, who)
values (%(round_id)s, %(home_id)s, %(result)s, %(note)s, %(at)s, %(who)s)
returning id

-- name: finish_round
-- A round is finished once every home has had a look; a home that was taken out of the registry is not waited for.
update patrol_rounds
set finished_at = %(now)s
where id = %(round_id)s
  and finished_at is null
  and not exists (
    select
    from patrol_round_homes
    join homes on homes.id = patrol_round_homes.home_id
    where patrol_round_homes.round_id = patrol_rounds.id
      and homes.removed_at is null
      and not exists (
        select
        from looks
        where looks.round_id = patrol_rounds.id
          and looks.home_id = patrol_round_homes.home_id
      )
  )

-- name: last_looks
-- What did the last two looks at a home find, whatever the round? By looks_home.
select id, result
from looks
where home_id = %(home_id)s
order by at desc, id desc
limit 2

-- name: open_alert_of_home
-- Which alert of that kind is open for a home? By alerts_home.
select id, area
from alerts
where home_id = %(home_id)s
  and kind = %(kind)s
  and state <> 'closed'
order by raised_at
limit 1
for update

-- Cover --------------------------------------------------------------------------------------------------------------

-- name: lock_cover
-- One look ahead at a time: two would warn twice of one hole.
select pg_advisory_xact_lock(hashtextextended('cover', 0))

-- name: steps_of_all_policies
-- Whom does each policy name?
select policies.id, policies.area, policy_steps.rota_id, policy_steps.staff_id
from policies
join policy_steps on policy_steps.policy_id = policies.id
order by policies.id, policy_steps.position

-- name: uncovered_open
-- Of which holes is a warning still standing? By uncovered_open.
select uncovered.id, uncovered.rota_id, uncovered.policy_id, uncovered.from_at, uncovered.to_at, uncovered.alert_id,
  alerts.state <> 'closed'
from uncovered
join alerts on alerts.id = uncovered.alert_id
where uncovered.ended_at is null
order by uncovered.id

-- name: area_above
-- Who answers one level up; at the top, the top itself.
select coalesce(parent, code)
from areas
where code = %(area)s

-- name: area_name
select name
from areas
where code = %(area)s

-- name: insert_uncovered
insert into uncovered (rota_id, policy_id, from_at, to_at, alert_id)
values (%(rota_id)s, %(policy_id)s, %(start)s, %(end)s, %(alert_id)s)

-- name: set_uncovered
-- A hole that is known may begin or end elsewhere by now.
update uncovered
set from_at = %(start)s,
    to_at = %(end)s
where id = %(id)s

-- name: end_uncovered
update uncovered
set ended_at = %(now)s
where id = %(id)s

-- Swaps --------------------------------------------------------------------------------------------------------------

-- name: hold_shifts
-- Nobody else changes who has a rota's shifts by a swap until the transaction ends.
select id
from rotas
where id = %(rota_id)s
for no key update

-- name: names_of
-- Who are these people? Those who have left too.
select id, name
from staff
where id = any(%(staff_ids)s)

-- name: insert_swap
insert into swaps (rota_id, from_at, to_at, asked_by, staff_id, asked_at, next_step_at)
values (%(rota_id)s, %(start)s, %(end)s, %(asked_by)s, %(staff_id)s, %(now)s, %(start)s)
returning id

-- name: rota_of_swap
select rota_id
from swaps
where id = %(swap_id)s

-- name: lock_swap
-- The swap as it stands, with the names of the two, held until the end of the transaction.
select swaps.id, swaps.state, swaps.rota_id, rotas.name, rotas.timezone, swaps.from_at, swaps.to_at, swaps.asked_by,
  asker.name, swaps.staff_id, taker.name
from swaps
join rotas on rotas.id = swaps.rota_id
join staff as asker on asker.id = swaps.asked_by
join staff as taker on taker.id = swaps.staff_id
where swaps.id = %(swap_id)s
for update of swaps

-- name: set_swap_asked
update swaps
set next_step_at = %(next_step_at)s
where id = %(swap_id)s

-- name: set_swap_asked_again
update swaps
set asked_again = true,
    next_step_at = %(next_step_at)s
where id = %(swap_id)s

-- name: set_swap_decided
update swaps
set state = %(state)s,
    decided_at = %(now)s,
    override_id = %(override_id)s,
    next_step_at = null
where id = %(swap_id)s

-- name: swaps_beside
-- Who else was asked for some of this time? By swaps_rota.
select id
from swaps
where rota_id = %(rota_id)s
  and asked_by = %(asked_by)s
  and state = 'asked'
  and from_at < %(end)s
  and to_at > %(start)s
order by id
for update

-- name: due_swaps
-- Which swaps are to be asked again, or over? By swaps_due; those another engine holds are passed over.
select id
from swaps
where next_step_at <= %(now)s
order by next_step_at
limit 100
for update skip locked

-- name: asked_last
-- Was the last that was written to a phone a question about a swap that is still open? By messages_recipient.
select latest.swap_id
from (
  select messages.swap_id
  from messages
  where messages.recipient = %(phone)s
    and messages.state not in ('queued', 'failed', 'canceled')
  order by messages.id desc
  limit 1
) as latest
join swaps on swaps.id = latest.swap_id
join staff on staff.id = swaps.staff_id
where swaps.state = 'asked'
  and staff.phone = %(phone)s

-- name: write_swap_message
insert into messages (
  swap_id, staff_id, recipient, channel, purpose, text, language, segments, severity, created_at, next_attempt_at,
  expires_at
)
values (
  %(swap_id)s, %(staff_id)s, %(recipient)s, 'sms', 'inform', %(text)s, %(language)s, %(segments)s, 'normal', %(now)s,
  %(now)s, %(expires_at)s
)

-- name: cancel_waiting_questions
-- What has not left yet and would no longer be true is not sent. By messages_swap.
update messages
set state = 'canceled',
    next_attempt_at = null
where swap_id = %(swap_id)s
  and state = 'queued'
  and next_attempt_at is not null

-- name: write_swap_timeline
insert into swap_timeline (swap_id, at, what, who, detail)
values (%(swap_id)s, %(at)s, %(what)s, %(who)s, %(detail)s)

-- Calendars ----------------------------------------------------------------------------------------------------------

-- name: rotas_of_staff
-- In which rotas may somebody have a shift after that time? By rota_members_staff; one may be lent by an override.
select rota_id
from rota_members
where staff_id = %(staff_id)s
union
select rota_id
from overrides
where staff_id = %(staff_id)s
  and to_at > %(at)s
order by rota_id

-- name: insert_calendar
insert into calendars (staff_id, rota_id, token_hash, made_by, created_at)
values (%(staff_id)s, %(rota_id)s, %(token_hash)s, %(made_by)s, %(now)s)
returning id

-- name: revoke_calendar
update calendars
set revoked_at = coalesce(revoked_at, %(now)s)
where id = %(calendar_id)s

-- name: calendar_of_token
-- Whose shifts may be read with that token, in which language and under which name? By the unique index on token_hash; no
-- more once it is revoked, or its maker's account is, or the person has left.
select calendars.staff_id, calendars.rota_id, coalesce(staff.name, rotas.name), staff.language
from calendars
join users on users.id = calendars.made_by
left join staff on staff.id = calendars.staff_id
left join rotas on rotas.id = calendars.rota_id
where calendars.token_hash = %(token_hash)s
  and calendars.revoked_at is null
  and users.disabled_at is null
  and staff.removed_at is null

-- Limits and digests -------------------------------------------------------------------------------------------------

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

-- Silences -----------------------------------------------------------------------------------------------------------

-- name: insert_silence
-- Begins a silence, where the area is known.
insert into silences (area, kinds, from_at, to_at, reason, created_by, created_at)
select areas.code, %(kinds)s, %(start)s, %(end)s, %(reason)s, %(who)s, %(now)s
from areas
where areas.code = %(area)s
returning id

-- name: end_silence
-- Ends a silence early.
update silences
set to_at = %(now)s
where id = %(silence_id)s
  and from_at < %(now)s
  and to_at > %(now)s

-- name: drop_silence
-- Takes away a silence that has not begun.
delete from silences
where id = %(silence_id)s
  and from_at >= %(now)s

-- name: wake_silenced
-- The alerts of a silence are due at once. By alerts_silenced.
update alerts
set next_step_at = %(now)s
where silence_id = %(silence_id)s
  and state in ('raised', 'notified')

-- Times of areas -----------------------------------------------------------------------------------------------------

-- name: write_answer_times
insert into answer_times (area, severity, accepted_s, en_route_s, arrived_s, asked_s)
values (%(area)s, %(severity)s, %(accepted_s)s, %(en_route_s)s, %(arrived_s)s, %(asked_s)s)
on conflict (area, severity) do update
set accepted_s = excluded.accepted_s,
    en_route_s = excluded.en_route_s,
    arrived_s = excluded.arrived_s,
    asked_s = excluded.asked_s

-- name: delete_answer_times
delete from answer_times
where area = %(area)s

-- name: write_digest_hour
insert into digest_hours (area, at_hour, timezone)
values (%(area)s, %(at_hour)s, %(timezone)s)
on conflict (area) do update
set at_hour = excluded.at_hour,
    timezone = excluded.timezone

-- name: delete_digest_hour
delete from digest_hours
where area = %(area)s

-- Unreached ----------------------------------------------------------------------------------------------------------

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

-- Unreachable --------------------------------------------------------------------------------------------------------

-- name: mark_phone_fault
-- What a provider said against a number, whoever uses it. By staff_phone.
update staff
set phone_fault = %(fault)s,
    phone_fault_at = coalesce(phone_fault_at, %(now)s)
where phone = %(phone)s

-- name: clear_phone_fault
update staff
set phone_fault = null,
    phone_fault_at = null
where phone = %(phone)s

-- name: staff_with_fault
-- Whose numbers fail? They cover nobody's absence.
select id
from staff
where phone_fault is not null
  and removed_at is null

-- name: reachable_staff_of_phone
-- Who uses that number and counts as one who can be told? By staff_phone.
select id
from staff
where phone = %(phone)s
  and removed_at is null
  and opted_out_at is null
  and phone_fault is null
order by id

-- name: policies_naming
-- In which areas' policies may somebody be told, by name, by a rota or in another's place, and for which kind?
select distinct policies.area, policies.kinds[1]
from policies
join policy_steps on policy_steps.policy_id = policies.id
where policy_steps.staff_id = %(staff_id)s
  or policy_steps.rota_id in (
    select rota_members.rota_id
    from rota_members
    where rota_members.staff_id = %(staff_id)s
    union all
    select overrides.rota_id
    from overrides
    where overrides.staff_id = %(staff_id)s
  )
order by policies.area

-- name: open_alert_about
-- Is such an alert about somebody open? By alerts_open_of_responder.
select id
from alerts
where staff_id = %(staff_id)s
  and kind = %(kind)s
  and state <> 'closed'

-- name: insert_alert_about
-- Opens an alert about a responder, due at once, one level above the area that counts on him.
insert into alerts (
  kind, severity, state, area, staff_id, text, raised_at, pressed_at, policy_started_at, next_step_at
)
select %(kind)s, %(severity)s, 'raised', coalesce(areas.parent, areas.code), %(staff_id)s, %(text)s, %(now)s, %(now)s,
  %(now)s, %(now)s
from areas
where areas.code = %(area)s
returning id, area

-- name: mended_responders
-- Which open alerts are about people with that number who can be told again?
select alerts.id, staff.name
from staff
join alerts on alerts.staff_id = staff.id
where staff.phone = %(phone)s
  and staff.opted_out_at is null
  and staff.phone_fault is null
  and alerts.kind = 'responder_unreachable'
  and alerts.state <> 'closed'
order by alerts.id

-- Own channels -------------------------------------------------------------------------------------------------------

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

-- Shift tests --------------------------------------------------------------------------------------------------------

-- name: areas_with_shift_test
-- Which areas want every phone tried when a shift begins?
select code, name
from areas
where shift_test
order by code

-- name: begin_shift_test
-- Notes that this shift's phone is tried; of several engines only one gets a row. By the primary key.
insert into shift_tests (area, staff_id, ends_at)
values (%(area)s, %(staff_id)s, %(ends_at)s)
on conflict do nothing
returning ends_at

-- name: prune_shift_tests
delete from shift_tests
where ends_at < %(before)s

-- Outages ------------------------------------------------------------------------------------------------------------

-- name: area_of_change
-- In which area did a device fall silent or was heard again, the longest ago? By device_changes_due; what another
-- process looks at is passed over.
select area
from device_changes
where look_at <= %(now)s
order by look_at
limit 1
for update skip locked

-- name: take_changes
-- Takes an area's changes out, also those that wait or are held: which devices changed, the newest last, held under which
-- outage? By device_changes_area.
with there as (
  select id
  from device_changes
  where area = %(area)s
  for update skip locked
), taken as (
  delete from device_changes
  using there
  where device_changes.id = there.id
  returning device_changes.id, device_changes.device_id, device_changes.outage_id
)
select device_id, outage_id
from taken
order by id

-- name: keep_changes
-- Puts back what is still to be looked at: at its time, or with the outage that it is held under.
insert into device_changes (device_id, area, at, state, look_at, outage_id)
select each.device_id, %(area)s, each.at, 'offline', each.look_at, each.outage_id
from unnest(%(device_ids)s::integer[], %(ats)s::timestamptz[], %(look_ats)s::timestamptz[], %(outage_ids)s::bigint[])
  as each (device_id, at, look_at, outage_id)

-- name: devices_heard_in
-- How does each device of an area stand that was ever heard? By homes_area and devices_home.
select devices.id, devices.uid, device_latest.state, device_latest.state_since, devices.kind, devices.patrol_every_s,
  devices.offline_after_s
from homes
join devices on devices.home_id = homes.id
join device_latest on device_latest.device_id = devices.id
where homes.area = %(area)s
  and homes.removed_at is null
  and devices.removed_at is null
  and device_latest.last_seen is not null
order by devices.id

-- name: open_warnings
-- Which warnings of silent devices are open in an area, or for one of these devices? Locked, in order. By alerts_open and
-- alerts_open_of_silent_device.
select id, device_uid
from alerts
where kind = %(kind)s
  and state <> 'closed'
  and device_uid is not null
  and (
    area = %(area)s
    or device_uid = any(array(select uid from devices where id = any(%(device_ids)s::integer[])))
  )
order by id
for update

-- name: open_outages
-- Which outages of an area are open, and since when? Locked, in order. By alerts_open.
select id, raised_at
from alerts
where kind = 'area_outage'
  and state <> 'closed'
  and area = %(area)s
  and home_id is null
order by id
for update

-- name: last_outage_closed
-- When was an area's last outage closed? By alerts_outages.
select max(closed_at)
from alerts
where kind = 'area_outage'
  and state = 'closed'
  and area = %(area)s
  and home_id is null
