-- name: visit_seen
-- Does this user see that visit, and whose is it?
select visits.state, visits.staff_id, visits.alert_id, visits.area
from visits
left join areas on areas.code = visits.area
where visits.id = %(visit_id)s
  and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))

-- name: open_visits
-- Who is on the way to whom, and whom does nobody go to yet? What was declined first: it waits for a dispatcher; then of
-- alerts, then by when they are due.
select visits.id, visits.alert_id, visits.state, visits.staff_id, staff.name as staff, visits.due_from, visits.due_to,
  visits.note, visits.requested_at, visits.accepted_at, visits.departed_at, visits.arrived_at, alerts.kind, alerts.test,
  alerts.severity, alerts.raised_at, services.name as service, services.name_en as service_en,
  residents.name as resident, homes.address, place.names as places, alerts.device_uid, visits.area
from visits
left join areas on areas.code = visits.area
left join alerts on alerts.id = visits.alert_id
left join services on services.code = visits.service
left join staff on staff.id = visits.staff_id
left join homes on homes.id = visits.home_id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = visits.home_id
    and (alerts.resident_id is null or residents.id = alerts.resident_id)
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
) as residents on true
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level in ('township', 'village')
) as place on true
where visits.state not in ('completed', 'followed_up', 'failed', 'cancelled')
  and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))
order by visits.state <> 'declined', visits.alert_id is null, coalesce(visits.due_from, visits.requested_at), visits.id
limit %(limit)s
