-- name: hold_home_of_request
-- Where is this home? Nobody else makes a visit by a press for it until the transaction ends.
select area
from homes
where id = %(home_id)s
for no key update

-- name: open_request
-- Which visit that this home asked for by a press is not over, for the same service? By visits_home.
select visits.id
from visits
where visits.home_id = %(home_id)s
  and visits.service is not distinct from %(service)s::text
  and visits.state in ('requested', 'assigned', 'accepted', 'en_route', 'declined', 'put_off')
  and exists (
    select
    from visit_requests
    where visit_requests.visit_id = visits.id
  )
order by visits.id
limit 1

-- name: insert_open_request
-- A visit that nobody knows the service of.
insert into visits (home_id, area, state, note, requested_at)
values (%(home_id)s, %(area)s, 'requested', %(note)s, %(now)s)
returning id

-- name: tell_homes_of_visits
-- Which homes are to hear that somebody comes? By visit_requests_untold: only wishes that are open. Of several, the newest
-- speaks. A visit that ended without anybody has nothing to say.
with due as (
  select visit_requests.device_uid, visit_requests.request_id, visit_requests.visit_id, visit_requests.received_at,
    visits.state
  from visit_requests
  join visits on visits.id = visit_requests.visit_id
  where visit_requests.told_at is null
    and (
      visits.state in ('failed', 'cancelled')
      or (visits.staff_id is not null and visits.state not in ('requested', 'declined', 'put_off'))
    )
  order by visit_requests.visit_id, visit_requests.received_at
  limit %(limit)s
  for update of visit_requests skip locked
), told as (
  update visit_requests
  set told_at = %(now)s
  from due
  where visit_requests.device_uid = due.device_uid
    and visit_requests.request_id = due.request_id
  returning 1
), written as (
  insert into home_replies (device_uid, call_id, state, aloud, at, about)
  select device_uid, request_id, 'accepted',
    row_number() over (partition by device_uid order by received_at desc, request_id) = 1, %(now)s, 'visit'
  from due
  where state not in ('failed', 'cancelled')
  order by received_at
  returning 1
), woken as (
  select pg_notify('anju_home', '')
  from written
  limit 1
)
select (
  select count(*)
  from told
), (
  select count(*)
  from woken
)
