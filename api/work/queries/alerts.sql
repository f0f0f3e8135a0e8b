-- name: alert_in_sight
-- Does this user see that alert, and in which area is it? By primary key.
select alerts.id, alerts.area
from alerts
left join areas on areas.code = alerts.area
where alerts.id = %(alert_id)s
  and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))

-- name: alert_page
-- Which alerts come next: open ones before closed ones, of both the newest first? By alerts_open, alerts_time or
-- alerts_area, whichever is narrower.
select id, closed, raised_at
from (
  (
    select alerts.id, 0 as closed, alerts.raised_at
    from alerts
    left join areas on areas.code = alerts.area
    where alerts.state <> 'closed'
      and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
      and (%(within)s::text is null or starts_with(areas.path, %(within)s))
      and (%(states)s::text[] is null or alerts.state = any(%(states)s))
      and (%(kinds)s::text[] is null or alerts.kind = any(%(kinds)s))
      and (%(from)s::timestamptz is null or alerts.raised_at >= %(from)s)
      and (%(to)s::timestamptz is null or alerts.raised_at < %(to)s)
      and (
        %(after_closed)s::integer is null
        or (%(after_closed)s = 0 and (alerts.raised_at, alerts.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
      )
    order by alerts.raised_at desc, alerts.id desc
    limit %(limit)s
  )
  union all
  (
    select alerts.id, 1, alerts.raised_at
    from alerts
    left join areas on areas.code = alerts.area
    where alerts.state = 'closed'
      and (areas.path like %(below)s or (alerts.area is null and %(unplaced)s))
      and (%(within)s::text is null or starts_with(areas.path, %(within)s))
      and (%(states)s::text[] is null or alerts.state = any(%(states)s))
      and (%(kinds)s::text[] is null or alerts.kind = any(%(kinds)s))
      and (%(from)s::timestamptz is null or alerts.raised_at >= %(from)s)
      and (%(to)s::timestamptz is null or alerts.raised_at < %(to)s)
      and (
        %(after_closed)s::integer is distinct from 1
        or (alerts.raised_at, alerts.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)
      )
    order by alerts.raised_at desc, alerts.id desc
    limit %(limit)s
  )
) as either
order by closed, raised_at desc, id desc
limit %(limit)s
