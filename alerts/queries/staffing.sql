-- name: insert_staff
-- Registers a responder, where the area is known. A number that asked for no more messages gets none, whoever has it now.
insert into staff (name, phone, area, language, opted_out_at, created_at)
select %(name)s, %(phone)s, areas.code, %(language)s,
  (select min(same.opted_out_at) from staff as same where same.phone = %(phone)s), %(now)s
from areas
where areas.code = %(area)s
returning id

-- name: hold_staff
-- Which of these people are there? They cannot be removed meanwhile; in order, so that two writers never wait in a ring.
select id
from staff
where id = any(%(staff_ids)s)
  and removed_at is null
order by id
for share

-- name: insert_rota
-- Sets a rota up, where the area is known.
insert into rotas (name, area, timezone, kind, length, start, windows, days, holidays)
select %(name)s, areas.code, %(timezone)s, %(kind)s, %(length)s, %(start)s, %(windows)s, %(days)s, %(holidays)s
from areas
where areas.code = %(area)s
returning id

-- name: write_rota_members
-- Gives a rota its members, in order, in place of those it had.
with old as (
  delete from rota_members
  where rota_id = %(rota_id)s
    and position >= cardinality(%(staff_ids)s::bigint[])
)
insert into rota_members (rota_id, position, staff_id)
select %(rota_id)s, each.position - 1, each.staff_id
from unnest(%(staff_ids)s::bigint[]) with ordinality as each (staff_id, position)
on conflict (rota_id, position) do update
set staff_id = excluded.staff_id

-- name: hold_rotas
-- Which of these rotas are there? They cannot be removed meanwhile.
select id
from rotas
where id = any(%(rota_ids)s)
order by id
for share

-- name: insert_override
-- Lets somebody else have a rota's shift, where the rota is known.
insert into overrides (rota_id, from_at, to_at, staff_id)
select rotas.id, %(start)s, %(end)s, %(staff_id)s
from rotas
where rotas.id = %(rota_id)s
returning id

-- name: insert_pause
-- Pauses a member of a rota; nobody who is not one.
insert into rota_pauses (rota_id, staff_id, from_at, to_at)
select rotas.id, %(staff_id)s, %(start)s, %(end)s
from rotas
where rotas.id = %(rota_id)s
  and exists (
    select
    from rota_members
    where rota_members.rota_id = rotas.id
      and rota_members.staff_id = %(staff_id)s
  )
returning id

-- name: insert_policy
-- Begins a policy, where the area is known.
insert into policies (area, kinds, repeat)
select areas.code, %(kinds)s, %(repeat)s
from areas
where areas.code = %(area)s
returning id

-- name: write_policy_step
-- Adds a step to a policy.
insert into policy_steps (policy_id, position, after_s, rota_id, staff_id, channels, channel_delay_s, entry)
values (
  %(policy_id)s, %(position)s, %(after_s)s, %(rota_id)s, %(staff_id)s, %(channels)s, %(channel_delay_s)s, %(entry)s
)

-- name: set_policy_condition
-- For which severities a policy is, and at which hours.
update policies
set severities = %(severities)s,
    hours_from = %(hours_from)s,
    hours_to = %(hours_to)s,
    hours_timezone = %(hours_timezone)s
where id = %(policy_id)s
