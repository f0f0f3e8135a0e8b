-- name: set_staff
-- Writes a responder's new state, where the area is known; whether he wants no messages goes with the number.
update staff
set name = %(name)s,
    phone = %(phone)s,
    area = areas.code,
    language = %(language)s,
    opted_out_at = (select min(same.opted_out_at) from staff as same where same.phone = %(phone)s),
    phone_fault = case when staff.phone = %(phone)s then staff.phone_fault end,
    phone_fault_at = case when staff.phone = %(phone)s then staff.phone_fault_at end
from areas
where staff.id = %(staff_id)s
  and areas.code = %(area)s

-- name: remove_staff
-- Lets somebody go; his row stays, history names him.
update staff
set removed_at = %(now)s
where id = %(staff_id)s

-- name: set_rota
-- Writes a rota's new state, where the area is known.
update rotas
set name = %(name)s,
    area = areas.code,
    timezone = %(timezone)s,
    kind = %(kind)s,
    length = %(length)s,
    start = %(start)s,
    windows = %(windows)s,
    days = %(days)s,
    holidays = %(holidays)s
from areas
where rotas.id = %(rota_id)s
  and areas.code = %(area)s

-- name: delete_rota
delete from rotas
where id = %(rota_id)s

-- name: set_override
-- Writes an override's new state, where the rota is known.
update overrides
set rota_id = rotas.id,
    from_at = %(start)s,
    to_at = %(end)s,
    staff_id = %(staff_id)s
from rotas
where overrides.id = %(override_id)s
  and rotas.id = %(rota_id)s

-- name: delete_override
delete from overrides
where id = %(override_id)s

-- name: set_pause
update rota_pauses
set from_at = %(start)s,
    to_at = %(end)s
where id = %(pause_id)s

-- name: delete_pause
delete from rota_pauses
where id = %(pause_id)s

-- name: set_policy
-- Writes what a policy is for, where the area is known.
update policies
set area = areas.code,
    kinds = %(kinds)s,
    repeat = %(repeat)s
from areas
where policies.id = %(policy_id)s
  and areas.code = %(area)s

-- name: delete_policy_steps
delete from policy_steps
where policy_id = %(policy_id)s

-- name: delete_policy
delete from policies
where id = %(policy_id)s
