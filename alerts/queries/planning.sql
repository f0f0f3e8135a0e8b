-- name: insert_plan
insert into visit_plans (
  home_id, service, rule, start_time, minutes, timezone, from_day, until_day, staff_id, payer, fee, note, created_at,
  created_by, made_until
)
values (
  %(home_id)s, %(service)s, %(rule)s, %(start_time)s, %(minutes)s, %(timezone)s, %(from_day)s, %(until_day)s,
  %(staff_id)s, %(payer)s, %(fee)s, %(note)s, %(now)s, %(created_by)s, %(now)s
)
returning id

-- name: lock_plan
-- A plan that nobody else changes until the transaction ends. By primary key.
select id, home_id, service, rule, start_time, minutes, timezone, from_day, until_day, staff_id, payer, fee, note,
  paused_at, ended_at, made_until
from visit_plans
where id = %(plan_id)s
for update

-- name: exceptions_of_plan
-- Which of its days are otherwise? By primary key.
select occurrence, moved_to
from visit_plan_exceptions
where plan_id = %(plan_id)s

-- name: set_plan
-- Writes a plan's new state; what lies ahead is made anew.
update visit_plans
set service = %(service)s,
    rule = %(rule)s,
    start_time = %(start_time)s,
    minutes = %(minutes)s,
    timezone = %(timezone)s,
    from_day = %(from_day)s,
    until_day = %(until_day)s,
    staff_id = %(staff_id)s,
    payer = %(payer)s,
    fee = %(fee)s,
    note = %(note)s,
    paused_at = %(paused_at)s,
    paused_why = null,
    made_until = %(made_until)s
where id = %(plan_id)s

-- name: end_plan
update visit_plans
set ended_at = %(now)s
where id = %(plan_id)s

-- name: plan_stands_still
update visit_plans
set paused_at = %(now)s,
    paused_why = %(why)s
where id = %(plan_id)s

-- name: plans_due
-- Which plans have visits to be made? By visit_plans_due; those another engine holds are passed over.
select id
from visit_plans
where ended_at is null
  and paused_at is null
  and made_until < %(horizon)s
order by made_until, id
limit %(limit)s
for update skip locked

-- name: set_made_until
update visit_plans
set made_until = %(made_until)s
where id = %(plan_id)s

-- name: note_occurrence
-- Is this occurrence's visit still to be made? Only whoever gets a row makes it. By primary key.
insert into visit_plan_visits (plan_id, occurrence)
values (%(plan_id)s, %(occurrence)s)
on conflict do nothing
returning occurrence

-- name: set_visit_of_occurrence
update visit_plan_visits
set visit_id = %(visit_id)s
where plan_id = %(plan_id)s
  and occurrence = %(occurrence)s

-- name: visits_ahead_of_plan
-- Which of its visits lie ahead, and did somebody take each? By primary key; two weeks' worth.
select visit_plan_visits.occurrence, visits.id, visits.state
from visit_plan_visits
join visits on visits.id = visit_plan_visits.visit_id
where visit_plan_visits.plan_id = %(plan_id)s
  and coalesce(visits.due_to, visits.requested_at) > %(now)s
  and visits.state not in ('completed', 'followed_up', 'failed', 'cancelled')
  and (%(occurrence)s::timestamptz is null or visit_plan_visits.occurrence = %(occurrence)s)
order by visit_plan_visits.occurrence

-- name: forget_occurrences
delete from visit_plan_visits
where plan_id = %(plan_id)s
  and occurrence = any(%(occurrences)s)

-- name: keep_occurrences
update visit_plan_visits
set kept = true
where plan_id = %(plan_id)s
  and occurrence = any(%(occurrences)s)

-- name: kept_occurrences
-- On which instants did somebody keep a visit of the plan as it was before?
select coalesce(visits.due_from, visit_plan_visits.occurrence)
from visit_plan_visits
left join visits on visits.id = visit_plan_visits.visit_id
where visit_plan_visits.plan_id = %(plan_id)s
  and visit_plan_visits.kept

-- name: write_exception
insert into visit_plan_exceptions (plan_id, occurrence, moved_to)
values (%(plan_id)s, %(occurrence)s, %(moved_to)s)
on conflict (plan_id, occurrence) do update
set moved_to = excluded.moved_to

-- name: nobody_lives_there
-- Did all leave who lived in this home (or is the home itself gone)?
select homes.removed_at is not null
  or (
    exists (
      select
      from residents
      where residents.home_id = homes.id
    )
    and not exists (
      select
      from residents
      where residents.home_id = homes.id
        and residents.removed_at is null
        and residents.left_at is null
    )
  ),
  homes.area
from homes
where homes.id = %(home_id)s
