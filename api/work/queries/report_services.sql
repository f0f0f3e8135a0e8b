-- name: service_rows
-- Which visits were asked for, which were done, and were those in time? By visits_area or visits_time. A visit for an alert has
-- the service '', one that nobody was given the staff ''.
select visits.id as visit_id, visits.home_id, alerts.resident_id, visits.requested_at as at,
  case when starts_with(areas.path, %(path)s)
    then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
  end as part,
  coalesce(visits.service, '') as service,
  coalesce(visits.staff_id::text, '') as staff,
  true as asked,
  visits.state in ('completed', 'followed_up') as done,
  visits.state = 'failed' as failed,
  visits.state = 'failed' and visits.fail_kind = 'nobody_home' as failed_nobody_home,
  visits.state = 'failed' and visits.fail_kind = 'refused' as failed_refused,
  visits.state = 'failed' and visits.fail_kind = 'no_access' as failed_no_access,
  visits.state = 'failed' and coalesce(visits.fail_kind, 'other') = 'other' as failed_other,
  visits.state = 'cancelled' as cancelled,
  visits.state not in ('completed', 'followed_up', 'failed', 'cancelled') as open,
  visits.state = 'declined' as declined,
  visits.state = 'put_off' as put_off,
  visits.state in ('completed', 'followed_up') and visits.due_to is not null as done_with_due,
  visits.state in ('completed', 'followed_up') and coalesce(visits.arrived_at <= visits.due_to, false) as done_on_time
from visits
left join areas on areas.code = visits.area
left join alerts on alerts.id = visits.alert_id
where visits.requested_at >= %(from)s
  and (%(to)s::timestamptz is null or visits.requested_at < %(to)s)
  and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))

-- name: names_of_services
-- What are the services called?
select code, name
from services

-- name: names_of_staff
-- What are these people called? Those who have left among them.
select id::text, name
from staff
where id::text = any(%(ids)s)
