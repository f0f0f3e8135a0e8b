-- name: visit_heading
-- Who and where is a visit for, and which alert is it of? By primary key and residents_home.
select residents.name as resident, place.names as places, alerts.kind, alerts.test
from visits
left join areas on areas.code = visits.area
left join alerts on alerts.id = visits.alert_id
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
where visits.id = %(visit_id)s

-- name: my_visit_at_door
-- Which of my open visits is at the door with that code? What I have begun first, then what is due first. By
-- homes_door_code and visits_before_staff.
select visits.id, homes.door_code
from homes
join visits on visits.home_id = homes.id
where homes.door_code = %(code)s
  and visits.staff_id = %(staff_id)s
  and visits.state not in ('completed', 'followed_up', 'failed', 'cancelled')
order by array_position('{in_service,arrived,en_route}'::text[], visits.state), visits.due_from nulls first, visits.id
limit 1
