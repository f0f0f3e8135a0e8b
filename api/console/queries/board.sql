-- name: open_alerts
-- What waits? Critical first, then what nobody has taken, then the oldest. By the partial index alerts_open.
select alerts.id, alerts.kind, alerts.severity, alerts.state, alerts.test, alerts.count, alerts.raised_at,
  alerts.home_cancelled_at, alerts.next_step_at, alerts.text, alerts.device_uid, residents.name as resident,
  residents.birth_date, residents.category, homes.address, place.names as places,
  coalesce(taker.name, alerts.accepted_by_user) as taken_by, visits.state as visit_state, goer.name as visit_by,
  told.people as told, trouble.what as trouble
from (
  select alerts.id, alerts.kind, alerts.severity, alerts.state, alerts.test, alerts.count, alerts.raised_at,
    alerts.home_cancelled_at, alerts.next_step_at, alerts.text, alerts.device_uid, alerts.area, alerts.resident_id,
    alerts.home_id, alerts.accepted_by_staff, alerts.accepted_by_user
  from alerts
  left join areas on areas.code = alerts.area
  where alerts.state <> 'closed'
    and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
  order by array_position('{critical,high,normal,low}'::text[], alerts.severity),
    alerts.state not in ('raised', 'notified'), alerts.raised_at, alerts.id
  limit %(limit)s
) as alerts
left join areas on areas.code = alerts.area
left join residents on residents.id = alerts.resident_id
left join homes on homes.id = alerts.home_id
left join staff as taker on taker.id = alerts.accepted_by_staff
left join visits on visits.alert_id = alerts.id
  and visits.state not in ('completed', 'followed_up', 'failed', 'cancelled')
left join staff as goer on goer.id = visits.staff_id
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level in ('township', 'village')
) as place on true
left join lateral (
  select jsonb_agg(jsonb_build_object('name', last.name, 'channel', last.channel, 'state', last.state)
    order by last.id) as people
  from (
    select messages.id, staff.name, messages.channel, messages.state
    from messages
    join staff on staff.id = messages.staff_id
    where messages.alert_id = alerts.id
      and messages.purpose in ('tell', 'retell')
      and messages.state <> 'canceled'
    order by messages.id desc
    limit 2
  ) as last
) as told on true
left join lateral (
  select alert_timeline.what
  from alert_timeline
  where alert_timeline.alert_id = alerts.id
    and alert_timeline.what in ('told', 'told_retell', 'nobody_on_call', 'no_policy')
  order by alert_timeline.id desc
  limit 1
) as trouble on true
order by array_position('{critical,high,normal,low}'::text[], alerts.severity),
  alerts.state not in ('raised', 'notified'), alerts.raised_at, alerts.id

-- name: open_alert_counts
-- How many are open, how many critical ones has nobody taken?
select count(*),
  count(*) filter (where alerts.severity = 'critical' and alerts.state in ('raised', 'notified'))
from alerts
left join areas on areas.code = alerts.area
where alerts.state <> 'closed'
  and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))

-- name: lately_closed
-- What was closed in this shift? By the index alerts_time.
select alerts.id, alerts.kind, alerts.test, alerts.closed_at, alerts.outcome, residents.name as resident, homes.address,
  alerts.device_uid
from alerts
left join areas on areas.code = alerts.area
left join residents on residents.id = alerts.resident_id
left join homes on homes.id = alerts.home_id
where alerts.state = 'closed'
  and alerts.raised_at > %(since)s
  and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
order by alerts.closed_at desc
limit %(limit)s

-- name: any_home
-- Is there a single home in the registry?
select exists (
  select
  from homes
  where removed_at is null
)
