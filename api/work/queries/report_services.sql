-- name: service_report
-- What was asked for, what was done, and was it in time? By visits_area or visits_time. A visit for an alert has the
-- service ''.
with asked as (
  select
    case when starts_with(areas.path, %(path)s)
      then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part,
    coalesce(visits.service, '') as service,
    visits.state,
    visits.state in ('completed', 'followed_up') and visits.due_to is not null as has_due,
    visits.state in ('completed', 'followed_up') and visits.arrived_at <= visits.due_to as on_time
  from visits
  left join areas on areas.code = visits.area
  where visits.requested_at >= %(from)s
    and (%(to)s::timestamptz is null or visits.requested_at < %(to)s)
    and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
)
select grouping(part, service) as level, part, service,
  count(*) as asked,
  count(*) filter (where state in ('completed', 'followed_up')) as done,
  count(*) filter (where state = 'failed') as failed,
  count(*) filter (where state = 'cancelled') as cancelled,
  count(*) filter (where state not in ('completed', 'followed_up', 'failed', 'cancelled')) as open,
  count(*) filter (where has_due) as done_with_due,
  count(*) filter (where on_time) as done_on_time
from asked
group by grouping sets ((), (part), (service))

-- name: names_of_services
-- What are the services called?
select code, name
from services
