-- name: visit_in_sight
-- Does this user see that visit, and whose is it? By primary key.
select visits.id, visits.area, visits.state, visits.alert_id, visits.staff_id, staff.name
from visits
left join areas on areas.code = visits.area
left join staff on staff.id = visits.staff_id
where visits.id = %(visit_id)s
  and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))

-- name: hold_visit
-- Holds a visit until the end of the transaction.
select id
from visits
where id = %(visit_id)s
for update

-- name: was_given_visit
-- Was somebody given the visit of this alert, open or done? By visits_alert.
select exists (
  select
  from visits
  where alert_id = %(alert_id)s
    and staff_id = %(staff_id)s
    and state not in ('failed', 'cancelled')
)

-- name: visit_page
-- Which visits come next, the ones asked for last first? By visits_time, visits_area, visits_staff or visits_alert.
select visits.id, visits.requested_at
from visits
left join areas on areas.code = visits.area
where (areas.path like %(below)s or (visits.area is null and %(unplaced)s))
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(states)s::text[] is null or visits.state = any(%(states)s))
  and (%(staff_id)s::bigint is null or visits.staff_id = %(staff_id)s)
  and (%(alert_id)s::bigint is null or visits.alert_id = %(alert_id)s)
  and (%(from)s::timestamptz is null or visits.requested_at >= %(from)s)
  and (%(to)s::timestamptz is null or visits.requested_at < %(to)s)
  and (
    %(after_at)s::timestamptz is null
    or (visits.requested_at, visits.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)
  )
order by visits.requested_at desc, visits.id desc
limit %(limit)s
