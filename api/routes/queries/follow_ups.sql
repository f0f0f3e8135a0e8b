-- name: list_follow_ups
-- Whom to ring, in one's own area: who cannot be asked by a text, wrote words, or has not answered. By follow_ups_open.
select follow_ups.id
from follow_ups
join areas on areas.code = follow_ups.area
where follow_ups.state <> 'answered'
  and (
    (follow_ups.way = 'call' and follow_ups.state = 'waiting')
    or (follow_ups.state = 'asked' and follow_ups.asked_at < %(silent_since)s)
    or %(all)s
  )
  and areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(after)s::bigint is null or follow_ups.id > %(after)s)
order by follow_ups.id
limit %(limit)s

-- name: follow_ups_read
-- What are these follow-ups? By primary key; `path` says who may see them.
select follow_ups.id::text as id, follow_ups.visit_id::text as visit, follow_ups.home_id::text as home, follow_ups.area,
  follow_ups.resident_id::text as resident, residents.name as resident_name, homes.address as home_address,
  case when follow_ups.phone is null then coalesce(residents.phone, residents.contacts -> 0 ->> 'phone') else follow_ups.phone end
    as phone,
  follow_ups.way, follow_ups.state, visits.service, services.name as service_name, services.name_en as service_name_en,
  visits.completed_at, staff.name as staff_name, follow_ups.asked_at, follow_ups.satisfied, follow_ups.note,
  follow_ups.answered_at, follow_ups.answered_by, areas.path
from follow_ups
join visits on visits.id = follow_ups.visit_id
left join services on services.code = visits.service
left join staff on staff.id = visits.staff_id
left join residents on residents.id = follow_ups.resident_id
left join homes on homes.id = follow_ups.home_id
left join areas on areas.code = follow_ups.area
where follow_ups.id = any(%(ids)s)

-- name: follow_up_of_visit
-- Which follow-up does a visit have, and where is it? By the unique visit.
select follow_ups.id
from follow_ups
where follow_ups.visit_id = %(visit_id)s

-- name: place_of_visit
-- Where and for whom was a visit, and who made it? By primary key; `path` says who may see it.
select visits.id, visits.home_id, visits.area, visits.staff_id, areas.path
from visits
left join areas on areas.code = visits.area
where visits.id = %(visit_id)s

-- name: set_service_follow_up
update services
set follow_up = %(wanted)s
where code = %(code)s
  and removed_at is null
returning follow_up

-- name: list_complaints
-- Which complaints are there, in one's own area? By primary key; those still open by complaints_open.
select complaints.id
from complaints
join areas on areas.code = complaints.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(states)s::text[] is null or complaints.state = any(%(states)s))
  and (%(after)s::bigint is null or complaints.id > %(after)s)
order by complaints.id
limit %(limit)s

-- name: complaints_read
-- What are these complaints? By primary key; `path` says who may see them.
select complaints.id::text as id, complaints.area, complaints.home_id::text as home, homes.address as home_address,
  complaints.resident_id::text as resident, complaints.visit_id::text as visit, complaints.staff_id::text as staff,
  staff.name as staff_name, complaints.who, complaints.text, complaints.state, complaints.alert_id::text as alert,
  complaints.created_at, complaints.created_by, complaints.answer, complaints.answered_at, complaints.answered_by,
  complaints.confirmed_at, complaints.confirmed_by, areas.path
from complaints
left join areas on areas.code = complaints.area
left join homes on homes.id = complaints.home_id
left join staff on staff.id = complaints.staff_id
where complaints.id = any(%(ids)s)
