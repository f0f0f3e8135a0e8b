-- name: insert_complaint
insert into complaints (area, home_id, resident_id, visit_id, staff_id, who, text, created_at, created_by)
values (
  coalesce(%(area)s, (
    select homes.area
    from homes
    where homes.id = %(home_id)s
  )),
  %(home_id)s, %(resident_id)s, %(visit_id)s, %(staff_id)s, %(who)s, %(text)s, %(now)s, %(created_by)s
)
returning id

-- name: set_alert_of_complaint
update complaints
set alert_id = %(alert_id)s
where id = %(complaint_id)s

-- name: lock_alert_of_complaint
-- The alert before what hangs on it, everywhere: two transactions must not wait for each other in a ring.
select alerts.id
from alerts
where alerts.id = (
  select complaints.alert_id
  from complaints
  where complaints.id = %(complaint_id)s
)
for update

-- name: lock_complaint
select state, answered_by, alert_id
from complaints
where id = %(complaint_id)s
for update

-- name: answer_complaint
update complaints
set state = 'answered',
    answer = %(answer)s,
    answered_at = %(now)s,
    answered_by = %(by)s
where id = %(complaint_id)s

-- name: confirm_complaint
update complaints
set state = 'confirmed',
    confirmed_at = %(now)s,
    confirmed_by = %(by)s
where id = %(complaint_id)s

-- name: reopen_complaint
-- Not put right: it is to be answered anew. What was answered stays readable until then.
update complaints
set state = 'open',
    answered_at = null,
    answered_by = null
where id = %(complaint_id)s
