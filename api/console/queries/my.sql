-- name: my_visits
-- Where am I to go? What I have begun first, then calls for help, then by when it is due. By visits_staff.
select id, alert_id
from visits
where staff_id = %(staff_id)s
  and state not in ('requested', 'declined', 'completed', 'followed_up', 'failed', 'cancelled')
order by array_position('{in_service,arrived,en_route}'::text[], state), alert_id is null,
  coalesce(due_from, requested_at), id
limit 50

-- name: my_calls
-- Which alerts wait for my answer?
select alerts.id
from alerts
where alerts.state in ('raised', 'notified')
  and exists (
    select
    from messages
    where messages.alert_id = alerts.id
      and messages.staff_id = %(staff_id)s
      and messages.purpose in ('tell', 'retell')
      and messages.state <> 'canceled'
  )
  and coalesce((
    select alert_timeline.what
    from alert_timeline
    where alert_timeline.alert_id = alerts.id
      and (
        (alert_timeline.what = 'declined' and alert_timeline.who = %(name)s)
        or (alert_timeline.what in ('told', 'told_retell') and alert_timeline.detail ->> 'name' = %(name)s)
      )
    order by alert_timeline.id desc
    limit 1
  ), '') <> 'declined'
order by array_position('{critical,high,normal,low}'::text[], alerts.severity), alerts.raised_at
limit 20

-- name: my_swaps
-- What am I asked to take, and have not answered? By swaps_asked_of.
select swaps.id, rotas.name as rota, rotas.area, staff.name as asker, swaps.from_at as start, swaps.to_at as "end"
from swaps
join rotas on rotas.id = swaps.rota_id
join staff on staff.id = swaps.asked_by
where swaps.staff_id = %(staff_id)s
  and swaps.state = 'asked'
  and swaps.from_at > %(now)s
order by swaps.from_at, swaps.id

-- name: was_asked
-- Was I the one who was asked?
select 1
from swaps
where id = %(swap_id)s
  and staff_id = %(staff_id)s

-- name: my_alerts_without_visit
-- Which alerts have I taken that need no visit?
select alerts.id
from alerts
where alerts.accepted_by_staff = %(staff_id)s
  and alerts.state <> 'closed'
  and not exists (
    select
    from visits
    where visits.alert_id = alerts.id
      and visits.staff_id = %(staff_id)s
      and visits.state not in ('completed', 'followed_up', 'failed', 'cancelled')
  )
order by alerts.raised_at
limit 20

-- name: visit_file
-- A visit on demand, for whoever goes.
select visits.id, visits.state, visits.due_from, visits.due_to, visits.note, visits.requested_at, visits.accepted_at,
  visits.departed_at, visits.arrived_at, services.name as service, services.name_en as service_en,
  residents.name as resident, residents.birth_date, residents.phone, residents.notes, residents.contacts, homes.address,
  homes.key_note, homes.lat, homes.lon, place.names as places
from visits
left join areas on areas.code = visits.area
left join services on services.code = visits.service
left join homes on homes.id = visits.home_id
left join lateral (
  select residents.name, residents.birth_date, residents.phone, residents.notes, residents.contacts
  from residents
  where residents.home_id = visits.home_id
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
