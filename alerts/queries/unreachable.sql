-- name: mark_phone_fault
-- What a provider said against a number, whoever uses it. By staff_phone.
update staff
set phone_fault = %(fault)s,
    phone_fault_at = coalesce(phone_fault_at, %(now)s)
where phone = %(phone)s

-- name: clear_phone_fault
update staff
set phone_fault = null,
    phone_fault_at = null
where phone = %(phone)s

-- name: staff_with_fault
-- Whose numbers fail? They cover nobody's absence.
select id
from staff
where phone_fault is not null
  and removed_at is null

-- name: reachable_staff_of_phone
-- Who uses that number and counts as one who can be told? By staff_phone.
select id
from staff
where phone = %(phone)s
  and removed_at is null
  and opted_out_at is null
  and phone_fault is null
order by id

-- name: policies_naming
-- In which areas' policies may somebody be told, by name, by a rota or in another's place, and for which kind?
select distinct policies.area, policies.kinds[1]
from policies
join policy_steps on policy_steps.policy_id = policies.id
where policy_steps.staff_id = %(staff_id)s
  or policy_steps.rota_id in (
    select rota_members.rota_id
    from rota_members
    where rota_members.staff_id = %(staff_id)s
    union all
    select overrides.rota_id
    from overrides
    where overrides.staff_id = %(staff_id)s
  )
order by policies.area

-- name: open_alert_about
-- Is such an alert about somebody open? By alerts_open_of_responder.
select id
from alerts
where staff_id = %(staff_id)s
  and kind = %(kind)s
  and state <> 'closed'

-- name: insert_alert_about
-- Opens an alert about a responder, due at once, one level above the area that counts on him.
insert into alerts (
  kind, severity, state, area, staff_id, text, raised_at, pressed_at, policy_started_at, next_step_at
)
select %(kind)s, %(severity)s, 'raised', coalesce(areas.parent, areas.code), %(staff_id)s, %(text)s, %(now)s, %(now)s,
  %(now)s, %(now)s
from areas
where areas.code = %(area)s
returning id, area

-- name: mended_responders
-- Which open alerts are about people with that number who can be told again?
select alerts.id, staff.name
from staff
join alerts on alerts.staff_id = staff.id
where staff.phone = %(phone)s
  and staff.opted_out_at is null
  and staff.phone_fault is null
  and alerts.kind = 'responder_unreachable'
  and alerts.state <> 'closed'
order by alerts.id
