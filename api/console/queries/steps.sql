-- name: keep_phone_step
-- Is this step new? Two that send it at once wait for each other here: the second finds what the first wrote.
insert into phone_steps (user_id, key, step, at, received_at, result, note)
values (%(user_id)s, %(key)s, %(step)s, %(at)s, %(now)s, 'done', %(note)s)
on conflict do nothing
returning true

-- name: phone_step
-- What came of it the first time? By the primary key.
select result, state, words
from phone_steps
where user_id = %(user_id)s
  and key = %(key)s

-- name: set_phone_step
update phone_steps
set visit_id = %(visit_id)s,
    result = %(result)s,
    state = %(state)s,
    words = %(words)s
where user_id = %(user_id)s
  and key = %(key)s

-- name: visit_of_step
-- How far is the visit, and whose is it? Nothing of one that this user does not see.
select visits.id, visits.state, visits.staff_id, staff.name, visits.alert_id
from visits
left join areas on areas.code = visits.area
left join staff on staff.id = visits.staff_id
where visits.id = %(visit_id)s
  and (areas.path like %(below)s or (visits.area is null and %(unplaced)s))
