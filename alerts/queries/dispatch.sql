-- name: insert_visit
insert into visits (
  alert_id, home_id, area, service, staff_id, state, due_from, due_to, note, payer, fee, requested_at, requested_by,
  assigned_at, accepted_at, told_at
)
values (
  %(alert_id)s, %(home_id)s, %(area)s, %(service)s, %(staff_id)s, %(state)s, %(due_from)s, %(due_to)s, %(note)s,
  %(payer)s, %(fee)s, %(now)s, %(requested_by)s,
  case when %(staff_id)s::bigint is not null then %(now)s::timestamptz end,
  case when %(state)s = 'accepted' then %(now)s::timestamptz end,
  -- he knows who took it himself, or was told of the alert and let an operator answer for him
  case
    when %(staff_id)s = %(by_staff)s::bigint
      or exists (
        select
        from messages
        where messages.alert_id = %(alert_id)s
          and messages.staff_id = %(staff_id)s
          and messages.state <> 'canceled'
      ) then %(now)s::timestamptz
  end
)
returning id

-- name: lock_visit
-- The visit as it stands, and when its last step was taken; held until the end of the transaction. As for lock_alert, the
-- name is no join's.
select visits.id, visits.state, visits.staff_id, visits.alert_id, visits.home_id, visits.area,
  (
    select staff.name
    from staff
    where staff.id = visits.staff_id
  ),
  greatest(
    visits.departed_at, visits.arrived_at, visits.started_at, visits.completed_at,
    least(visits.accepted_at, visits.requested_at), visits.requested_at
  )
from visits
where visits.id = %(visit_id)s
for update

-- name: lock_alert_of_visit
-- The alert before its visit, everywhere: two transactions must not wait for each other in a ring.
select alerts.id
from alerts
where alerts.id = (
  select visits.alert_id
  from visits
  where visits.id = %(visit_id)s
)
for update

-- name: goes_for_alert
-- Was somebody given the open visit of this alert? By visits_alert.
select exists (
  select
  from visits
  where alert_id = %(alert_id)s
    and staff_id = %(staff_id)s
    and state not in ('completed', 'followed_up', 'failed', 'cancelled')
)

-- name: open_visit_of_alert
select id
from visits
where alert_id = %(alert_id)s
  and state not in ('completed', 'followed_up', 'failed', 'cancelled')

-- name: set_visit_assigned
update visits
set state = 'assigned',
    staff_id = %(staff_id)s,
    assigned_at = %(now)s,
    accepted_at = null,
    departed_at = null,
    told_at = case when %(staff_id)s = %(by_staff)s::bigint then %(now)s::timestamptz end
where id = %(visit_id)s

-- name: set_visit_accepted
update visits
set state = 'accepted',
    accepted_at = %(now)s
where id = %(visit_id)s

-- name: set_visit_departed
update visits
set state = 'en_route',
    departed_at = %(at)s
where id = %(visit_id)s

-- name: set_visit_arrived
-- He is there, for those who live there now (by residents_home).
update visits
set state = 'arrived',
    departed_at = coalesce(departed_at, %(at)s),
    arrived_at = %(at)s,
    arrived_proof = %(proof)s,
    arrived_check = %(check)s,
    served = (
      select array_agg(residents.id order by residents.id)
      from residents
      where residents.home_id = visits.home_id
        and residents.removed_at is null
        and residents.left_at is null
    ),
    elsewhere = %(elsewhere)s
where id = %(visit_id)s

-- name: set_visit_completed
update visits
set state = 'completed',
    completed_at = %(at)s,
    ended_at = %(now)s,
    completed_proof = %(proof)s,
    completed_check = %(check)s,
    elsewhere = elsewhere or %(elsewhere)s,
    payer = coalesce(%(payer)s, payer),
    fee = coalesce(%(fee)s::numeric, fee),
    outcome = %(outcome)s
where id = %(visit_id)s

-- name: set_visit_ended
update visits
set state = %(state)s,
    ended_at = %(now)s,
    fail_kind = %(kind)s,
    fail_reason = %(reason)s
where id = %(visit_id)s

-- name: claim_untold_visits
-- Who was sent by somebody else and has not been told? By visits_not_told; those another engine holds are passed over.
select visits.id, visits.alert_id, staff.id, staff.phone, coalesce(staff.language, %(locale)s),
  coalesce(alerts.severity, 'normal'), resident.name,
  nullif(concat_ws(' ', place.names, homes.address), '')
from visits
join staff on staff.id = visits.staff_id
left join alerts on alerts.id = visits.alert_id
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
) as resident on true
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as here
  join areas as above on starts_with(here.path, above.path)
  where here.code = visits.area
    and above.level in ('township', 'village')
) as place on true
where visits.told_at is null
  and visits.staff_id is not null
  and visits.state in ('assigned', 'accepted', 'put_off')
order by visits.id
limit %(limit)s
for update of visits skip locked

-- name: set_visits_told
update visits
set told_at = %(now)s
where id = any(%(ids)s)

-- name: service_exists
select exists (
  select
  from services
  where code = %(code)s
    and removed_at is null
)
