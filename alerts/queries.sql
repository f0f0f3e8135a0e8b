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
select alerts.id, alerts.kind, alerts.state, alerts.test, alerts.area, alerts.home_id, alerts.resident_id,
  alerts.accepted_by_staff, alerts.accepted_by_user,
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
    next_step_at = %(now)s
where id = %(alert_id)s

-- name: set_due
-- An unanswered alert is due at that time, or sooner.
update alerts
set next_step_at = least(next_step_at, %(now)s)
where id = %(alert_id)s
  and state in ('raised', 'notified')

-- name: set_en_route
update alerts
set state = 'en_route',
    en_route_at = %(at)s,
    next_step_at = %(next_step_at)s
where id = %(alert_id)s

-- name: set_arrived
update alerts
set state = 'arrived',
    en_route_at = coalesce(en_route_at, %(at)s),
    arrived_at = %(at)s,
    next_step_at = %(next_step_at)s
where id = %(alert_id)s

-- name: set_closed
update alerts
set state = 'closed',
    closed_at = %(now)s,
    outcome = %(outcome)s,
    close_note = %(note)s,
    spoke_with = %(spoke_with)s,
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
    next_attempt_at = null
where alert_id = %(alert_id)s
  and state = 'queued'
  and next_attempt_at is not null

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
  assigned_at, accepted_at
)
values (
  %(alert_id)s, %(home_id)s, %(area)s, %(service)s, %(staff_id)s, %(state)s, %(due_from)s, %(due_to)s, %(note)s,
  %(now)s, %(requested_by)s,
  case when %(staff_id)s::bigint is not null then %(now)s::timestamptz end,
  case when %(state)s = 'accepted' then %(now)s::timestamptz end
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
    departed_at = null
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

-- name: service_exists
select exists (
  select
  from services
  where code = %(code)s
    and removed_at is null
)

-- On call ------------------------------------------------------------------------------------------------------------

-- name: policies_up
-- Which policies apply to an area and a kind of alert, the nearest first, one made for the kind before one for all?
select policies.id, policies.area, policies.repeat
from areas as here
join areas as above on starts_with(here.path, above.path)
join policies on policies.area = above.code
where here.code = %(area)s
  and (policies.kinds is null or %(kind)s = any(policies.kinds))
order by length(above.path) desc, (policies.kinds is null), policies.id desc

-- name: policy_steps
select policy_id, after_s, rota_id, staff_id, channels
from policy_steps
where policy_id = any(%(policy_ids)s)
order by policy_id, position

-- name: rotas_by_id
select rotas.id, rotas.timezone, rotas.kind, rotas.length, rotas.start,
  coalesce(array_agg(rota_members.staff_id order by rota_members.position)
    filter (where rota_members.staff_id is not null), '{}')
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
select id, kind, severity, state, area, home_id, device_uid, test, count, text, policy_area, round, step,
  next_step_at, retell_at, accepted_by_staff, raised_at
from alerts
where state <> 'closed'
  and due_at <= %(now)s
order by array_position('{critical,high,normal,low}'::text[], severity), raised_at
limit %(limit)s
for update skip locked

-- name: words_for_alerts
-- Who and where, for the words of a message: the resident's name, the address and the places above it.
select alerts.id, coalesce(residents.name, about.name), homes.address,
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

-- name: store_move
-- Where an unanswered alert stands after a step.
update alerts
set state = case when %(told)s then 'notified' else state end,
    notified_at = case when %(told)s then coalesce(notified_at, %(now)s) else notified_at end,
    told_at = case when %(told)s then %(now)s else told_at end,
    retell_at = case when %(told)s then null else retell_at end,
    policy_started_at = case
      when policy_area is distinct from %(policy_area)s or round <> %(round)s then %(now)s
      else policy_started_at
    end,
    policy_area = %(policy_area)s,
    round = %(round)s,
    step = %(step)s,
    next_step_at = %(next_step_at)s
where id = %(alert_id)s

-- name: store_retold
update alerts
set told_at = %(now)s,
    retell_at = null
where id = %(alert_id)s

-- name: store_follow_up
update alerts
set next_step_at = %(next_step_at)s
where id = %(alert_id)s

-- name: told_staff
-- Who has been told of an alert, by which channels?
select staff_id, array_agg(distinct channel order by channel)
from messages
where alert_id = %(alert_id)s
  and staff_id is not null
  and channel in ('sms', 'voice')
  and purpose in ('tell', 'retell')
  and state <> 'canceled'
group by staff_id

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
        and messages.state <> 'canceled'
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
insert into rotas (name, area, timezone, kind, length, start)
select %(name)s, areas.code, %(timezone)s, %(kind)s, %(length)s, %(start)s
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

-- name: insert_policy
-- Begins a policy, where the area is known.
insert into policies (area, kinds, repeat)
select areas.code, %(kinds)s, %(repeat)s
from areas
where areas.code = %(area)s
returning id

-- name: write_policy_step
-- Adds a step to a policy.
insert into policy_steps (policy_id, position, after_s, rota_id, staff_id, channels)
values (%(policy_id)s, %(position)s, %(after_s)s, %(rota_id)s, %(staff_id)s, %(channels)s)

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
    start = %(start)s
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
