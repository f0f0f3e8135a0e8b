-- name: response_rows
-- Which help calls were told, accepted, reached and closed, and how fast? By alerts_area or alerts_time.
with calls as (
  select alerts.id as alert_id, alerts.home_id, alerts.resident_id, alerts.raised_at as at, alerts.test, alerts.state,
    case when starts_with(areas.path, %(path)s)
      then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part,
    -- tests are counted, and left out of every other figure
    case when not alerts.test and alerts.notified_at is not null
      then extract(epoch from greatest(alerts.notified_at - alerts.raised_at, interval '0'))::float8
    end as told_s,
    case when not alerts.test and alerts.accepted_at is not null
      then extract(epoch from greatest(alerts.accepted_at - alerts.raised_at, interval '0'))::float8
    end as accepted_s,
    case when not alerts.test and alerts.arrived_at is not null
      then extract(epoch from greatest(alerts.arrived_at - alerts.raised_at, interval '0'))::float8
    end as arrived_s,
    case when not alerts.test and alerts.closed_at is not null
      then extract(epoch from greatest(alerts.closed_at - alerts.raised_at, interval '0'))::float8
    end as closed_s,
    first_message.failed as first_failed,
    exists (
      select
      from help_calls
      where help_calls.alert_id = alerts.id
        and help_calls.what = 'help'
        and help_calls.resent > 0
    ) as was_resent
  from alerts
  left join areas on areas.code = alerts.area
  left join lateral (
    select messages.state in ('undelivered', 'failed', 'busy', 'no-answer') as failed
    from messages
    where messages.alert_id = alerts.id
      and messages.purpose = 'tell'
    order by messages.id
    limit 1
  ) as first_message on true
  where alerts.kind = 'help'
    and alerts.raised_at >= %(from)s
    and (%(to)s::timestamptz is null or alerts.raised_at < %(to)s)
    and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
)
select calls.*,
  not test as alerts,
  test as tests,
  not test and state <> 'closed' as open,
  told_s is not null as told,
  accepted_s is not null as accepted,
  coalesce(accepted_s <= 60, false) as accepted_within_60_s,
  coalesce(accepted_s <= 180, false) as accepted_within_180_s,
  arrived_s is not null as arrived,
  coalesce(arrived_s <= 2700, false) as arrived_within_45_min,
  coalesce(arrived_s <= 3600, false) as arrived_within_60_min,
  closed_s is not null as closed,
  not test and first_failed is not null as first_messages,
  not test and coalesce(first_failed, false) as first_messages_failed,
  not test and was_resent as resent,
  not test and (was_resent or coalesce(first_failed, false)) as first_time_failures
from calls

-- name: alarm_rates
-- Of how many alerts was each responder told, and how many were that in his busiest ten minutes? An alert counts once in
-- each ten minutes in which he was told of it. By messages_time.
with told as (
  select messages.staff_id, date_bin('10 minutes', messages.created_at, timestamptz '2000-01-03 00:00+00') as ten_minutes,
    count(distinct messages.alert_id) as alerts
  from messages
  join alerts on alerts.id = messages.alert_id
  left join areas on areas.code = alerts.area
  where messages.purpose = 'tell'
    and messages.staff_id is not null
    and messages.state not in ('canceled', 'failed', 'undelivered')
    and messages.created_at >= %(from)s
    and (%(to)s::timestamptz is null or messages.created_at < %(to)s)
    and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  group by 1, 2
)
select staff.id::text as staff, staff.name, sum(told.alerts)::bigint as alarms, max(told.alerts) as busiest_10_min,
  count(*) as periods, count(*) filter (where told.alerts > %(flood)s) as floods
from told
join staff on staff.id = told.staff_id
group by staff.id, staff.name
order by max(told.alerts) desc, sum(told.alerts) desc, staff.id

-- name: watched_alarm_rates
-- Of how many alerts that were raised where he sees them did each user have the board open, how long was that, and how
-- many were they in his busiest ten minutes? An alert counts once, however many windows he had. By watches_time, alerts_time
-- and alert_timeline_alert; `slack` is how late a home's own clock may make an alert's time.
with watched as (
  select watches.user_id, users.username, coalesce(seen.path, '/') as sees, greatest(watches.began_at, %(from)s) as began_at,
    least(watches.seen_at + %(beat)s::interval, %(end)s) as ended_at
  from watches
  join users on users.id = watches.user_id
  left join areas as seen on seen.code = users.area
  where watches.seen_at + %(beat)s::interval > %(from)s
    and watches.began_at < %(end)s
), spans as (
  select user_id, sum(extract(epoch from upper(span) - lower(span))) as watched_s
  from (
    select user_id, unnest(range_agg(tstzrange(began_at, ended_at))) as span
    from watched
    group by user_id
  ) as whole
  group by user_id
), raised as (
  select alerts.id, alert_timeline.at, areas.path
  from alerts
  join alert_timeline on alert_timeline.alert_id = alerts.id
  left join areas on areas.code = alerts.area
  where alert_timeline.what in ('raised', 'reopened')
    and alert_timeline.at >= %(from)s
    and alert_timeline.at < %(end)s
    and alerts.raised_at >= %(from)s::timestamptz - %(slack)s::interval
    and alerts.raised_at < %(end)s::timestamptz + %(slack)s::interval
    and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
), shown as (
  select watched.user_id, date_bin('10 minutes', raised.at, timestamptz '2000-01-03 00:00+00') as ten_minutes,
    count(distinct raised.id) as alerts
  from raised
  join watched
    on raised.at >= watched.began_at
   and raised.at < watched.ended_at
   and (starts_with(raised.path, watched.sees) or (raised.path is null and watched.sees = '/'))
  group by 1, 2
)
select users.username, spans.watched_s::float as watched_s, coalesce(sum(shown.alerts), 0)::bigint as alarms,
  coalesce(max(shown.alerts), 0) as busiest_10_min, count(shown.alerts) as periods,
  count(*) filter (where shown.alerts > %(flood)s) as floods
from spans
join users on users.id = spans.user_id
left join shown on shown.user_id = spans.user_id
group by users.id, users.username, spans.watched_s
order by busiest_10_min desc, alarms desc, users.username
