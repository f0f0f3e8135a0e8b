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
    and residents.left_at is null
  order by residents.id
  limit 1
) as resident on true
where devices.uid = %(uid)s
  and devices.removed_at is null

-- name: hold_caller
-- Where does a caller stand, who lives there, in which language, and do other presses of that place wait until the
-- transaction ends? One row, without a place for a device that is not registered. By the unique index on uid.
with place as (
  select homes.id as home_id, homes.area, resident.id as resident_id, resident.language
  from devices
  join homes on homes.id = devices.home_id
  left join lateral (
    select residents.id, residents.language
    from residents
    where residents.home_id = homes.id
      and residents.removed_at is null
      and residents.left_at is null
    order by residents.id
    limit 1
  ) as resident on true
  where devices.uid = %(uid)s
    and devices.removed_at is null
)
select place.home_id, place.area, place.resident_id, place.language,
  pg_advisory_xact_lock(
    hashtextextended(coalesce('help:home:' || place.home_id, 'help:device:' || %(uid)s), 0)
  )
from (select 1) as always
left join place on true

-- name: open_help_alert_of_caller
-- Which help alert is open for a caller's home, or for an unregistered caller? By the two partial unique indexes.
select id, state, test, told_at, count
from alerts
where kind = 'help'
  and state <> 'closed'
  and (
    home_id = (select home_id from devices where uid = %(uid)s and removed_at is null)
    or (
      home_id is null
      and device_uid = %(uid)s
      and not exists (select from devices where uid = %(uid)s and removed_at is null)
    )
  )
for update

-- name: place_of_home
-- In which area is a home, and who lives there first?
select homes.id, homes.area, resident.id
from homes
left join lateral (
  select residents.id
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
    and residents.left_at is null
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
-- Opens an alert that is due at once, with the first line of its timeline and what open pages are told by, and joins the
-- call to it that raised it, where one did. One statement: a press waits for it. Nobody is woken yet.
with opened as (
  insert into alerts (
    kind, severity, state, area, home_id, resident_id, device_uid, test, text, raised_at, pressed_at,
    policy_started_at, next_step_at
  )
  values (
    %(kind)s, %(severity)s, 'raised', %(area)s, %(home_id)s, %(resident_id)s, %(device_uid)s, %(test)s, %(text)s,
    %(raised_at)s, %(now)s, %(now)s, %(now)s
  )
  returning id, area
), written as (
  insert into alert_timeline (alert_id, at, what, who, detail)
  select id, %(now)s, 'raised', %(who)s, %(detail)s
  from opened
), shown as (
  insert into stream_log (at, event, area, ref)
  select %(now)s, 'alert', area, id::text
  from opened
), called as (
  update help_calls
  set alert_id = opened.id
  from opened
  where help_calls.device_uid = %(device_uid)s
    and help_calls.call_id = %(call_id)s
    and help_calls.what = 'help'
)
select id
from opened

-- name: join_call_to_alert
-- Notes which alert a help call or a cancelling is about. By the primary key.
update help_calls
set alert_id = %(alert_id)s
where device_uid = %(device_uid)s
  and call_id = %(call_id)s
  and what = %(what)s

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

-- name: is_real_after_all
-- What was told as a test is a call for help: where nobody has it yet, the policy of real ones begins, at once; whoever took
-- the test hears of it, and is asked as for a call.
update alerts
set next_step_at = case
      when state in ('raised', 'notified') then %(now)s
      else least(next_step_at, %(ask_at)s)
    end,
    retell_at = case when state in ('raised', 'notified') then null else %(now)s::timestamptz end,
    policy_area = case when state in ('raised', 'notified') then null else policy_area end,
    policy_id = case when state in ('raised', 'notified') then null else policy_id end,
    round = case when state in ('raised', 'notified') then 0 else round end,
    step = case when state in ('raised', 'notified') then 0 else step end
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
    arrived_at = null,
    asked_at = null,
    next_step_at = %(now)s
where id = %(alert_id)s

-- name: set_due
-- An unanswered alert is due at that time, or sooner: by a person's wish, so that neither snooze nor silence holds it.
update alerts
set next_step_at = least(next_step_at, %(now)s),
    snoozed_until = null,
    told_anyway = true
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

-- name: wake_all
-- Lets whoever waits for new alerts look: open pages, and the engine.
select pg_notify('anju_stream', ''), pg_notify('anju_due', '')

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
    and state in ('completed', 'followed_up')
)
