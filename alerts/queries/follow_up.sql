-- name: visits_to_follow_up
-- Which visits are over that nobody looked at yet, is somebody to be asked how each was, and who? By visits_to_follow_up;
-- whether he was asked lately by follow_ups_home. Those another engine holds are passed over.
select visits.id, visits.home_id, visits.area,
  coalesce(services.follow_up, visits.alert_id is null)
    and not exists (
      select
      from alerts
      where alerts.id = visits.alert_id
        and (alerts.test or visits.service is null)
    ),
  resident.id, resident.phone, coalesce(resident.contacts, '[]'), resident.language,
  exists (
    select
    from follow_ups
    where follow_ups.home_id = visits.home_id
      and follow_ups.resident_id is not distinct from resident.id
      and follow_ups.created_at > %(since)s
  )
from visits
left join services on services.code = visits.service
left join lateral (
  select residents.id, residents.phone, residents.contacts, residents.language
  from residents
  where residents.home_id = visits.home_id
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
) as resident on true
where visits.state = 'completed'
  and not visits.follow_up_seen
order by visits.id
limit %(limit)s
for update of visits skip locked

-- name: follow_up_was_seen
update visits
set follow_up_seen = true
where id = any(%(visit_ids)s)

-- name: follow_up_opted_out
select exists (
  select
  from follow_up_opt_outs
  where phone = %(phone)s
)

-- name: insert_follow_up
insert into follow_ups (visit_id, home_id, resident_id, area, way, state, phone, language, created_at, due_at)
values (
  %(visit_id)s, %(home_id)s, %(resident_id)s, %(area)s, %(way)s, 'waiting', %(phone)s, %(language)s, %(now)s, %(due_at)s
)
on conflict (visit_id) do nothing

-- name: follow_ups_due
-- Who is to be asked by a text now? By follow_ups_due; those another engine holds are passed over.
select follow_ups.id, follow_ups.phone, follow_ups.language, services.name, services.name_en
from follow_ups
join visits on visits.id = follow_ups.visit_id
left join services on services.code = visits.service
where follow_ups.state = 'waiting'
  and follow_ups.due_at <= %(now)s
order by follow_ups.due_at
limit %(limit)s
for update of follow_ups skip locked

-- name: postpone_follow_up
update follow_ups
set due_at = %(due_at)s
where id = %(follow_up_id)s

-- name: follow_up_asked
update follow_ups
set state = 'asked',
    asked_at = %(now)s,
    message_id = %(message_id)s
where id = %(follow_up_id)s

-- name: follow_up_of_phone
-- What was this number asked last, and has not answered? By follow_ups_asked.
select follow_ups.id, follow_ups.visit_id, follow_ups.home_id, follow_ups.resident_id, follow_ups.area,
  follow_ups.language, (
    select residents.name
    from residents
    where residents.id = follow_ups.resident_id
  ), (
    select visits.staff_id
    from visits
    where visits.id = follow_ups.visit_id
  )
from follow_ups
where follow_ups.phone = %(phone)s
  and follow_ups.state = 'asked'
  and follow_ups.asked_at > %(since)s
order by follow_ups.asked_at desc
limit 1
for update

-- name: open_follow_up_of_visit
-- The follow-up of a visit, where it waits for an answer. By its unique visit.
select follow_ups.id, follow_ups.visit_id, follow_ups.home_id, follow_ups.resident_id, follow_ups.area,
  follow_ups.language, (
    select residents.name
    from residents
    where residents.id = follow_ups.resident_id
  ), (
    select visits.staff_id
    from visits
    where visits.id = follow_ups.visit_id
  )
from follow_ups
where follow_ups.visit_id = %(visit_id)s
  and follow_ups.state <> 'answered'
for update

-- name: hold_visit_to_follow_up
select state
from visits
where id = %(visit_id)s
for update

-- name: begin_follow_up_by_hand
-- Somebody rang before anybody was asked: there is a row to write the answer into.
insert into follow_ups (visit_id, home_id, resident_id, area, way, state, language, created_at)
select visits.id, visits.home_id, resident.id, visits.area, 'call', 'waiting', coalesce(resident.language, %(locale)s), %(now)s
from visits
left join lateral (
  select residents.id, residents.language
  from residents
  where residents.home_id = visits.home_id
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
) as resident on true
where visits.id = %(visit_id)s
  and visits.home_id is not null
on conflict (visit_id) do nothing

-- name: follow_up_answered
update follow_ups
set state = 'answered',
    due_at = null,
    satisfied = %(satisfied)s,
    note = coalesce(%(note)s, note),
    answered_at = %(now)s,
    answered_by = %(answered_by)s
where id = %(follow_up_id)s

-- name: ring_instead
-- What he wrote is for a person to read, or he wants no texts: somebody rings.
update follow_ups
set way = 'call',
    state = 'waiting',
    due_at = null,
    note = coalesce(%(note)s, note)
where id = %(follow_up_id)s

-- name: set_follow_up_seen
update visits
set follow_up_seen = true
where id = %(visit_id)s
  and not follow_up_seen

-- name: follow_up_opt_out
insert into follow_up_opt_outs (phone, at)
values (%(phone)s, %(now)s)
on conflict do nothing

-- name: follow_up_opt_in
delete from follow_up_opt_outs
where phone = %(phone)s
