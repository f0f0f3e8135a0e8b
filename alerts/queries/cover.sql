-- name: lock_cover
-- One look ahead at a time: two would warn twice of one hole.
select pg_advisory_xact_lock(hashtextextended('cover', 0))

-- name: steps_of_all_policies
-- Whom does each policy name?
select policies.id, policies.area, policy_steps.rota_id, policy_steps.staff_id
from policies
join policy_steps on policy_steps.policy_id = policies.id
order by policies.id, policy_steps.position

-- name: uncovered_open
-- Of which holes is a warning still standing? By uncovered_open.
select uncovered.id, uncovered.rota_id, uncovered.policy_id, uncovered.from_at, uncovered.to_at, uncovered.alert_id,
  alerts.state <> 'closed'
from uncovered
join alerts on alerts.id = uncovered.alert_id
where uncovered.ended_at is null
order by uncovered.id

-- name: area_above
-- Who answers one level up; at the top, the top itself.
select coalesce(parent, code)
from areas
where code = %(area)s

-- name: area_name
select name
from areas
where code = %(area)s

-- name: insert_uncovered
insert into uncovered (rota_id, policy_id, from_at, to_at, alert_id)
values (%(rota_id)s, %(policy_id)s, %(start)s, %(end)s, %(alert_id)s)

-- name: set_uncovered
-- A hole that is known may begin or end elsewhere by now.
update uncovered
set from_at = %(start)s,
    to_at = %(end)s
where id = %(id)s

-- name: end_uncovered
update uncovered
set ended_at = %(now)s
where id = %(id)s
