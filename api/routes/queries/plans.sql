-- name: list_plans
-- Which plans go on, in one's own area? By primary key, of one home by visit_plans_home.
select visit_plans.id
from visit_plans
join homes on homes.id = visit_plans.home_id
join areas on areas.code = homes.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(home_id)s::bigint is null or visit_plans.home_id = %(home_id)s)
  and (%(ended)s or visit_plans.ended_at is null)
  and (%(after)s::bigint is null or visit_plans.id > %(after)s)
order by visit_plans.id
limit %(limit)s

-- name: plans_read
-- What are these plans? By primary key; `path` says who may see them.
select visit_plans.id::text as id, visit_plans.home_id::text as home, homes.area, visit_plans.service, visit_plans.rule,
  visit_plans.start_time as start, visit_plans.minutes, visit_plans.timezone, visit_plans.from_day as "from",
  visit_plans.until_day as until, visit_plans.staff_id::text as staff, visit_plans.payer,
  visit_plans.fee::text as fee, visit_plans.note, visit_plans.paused_at is not null as paused, visit_plans.paused_why,
  visit_plans.ended_at, visit_plans.created_at, visit_plans.created_by, areas.path
from visit_plans
join homes on homes.id = visit_plans.home_id
join areas on areas.code = homes.area
where visit_plans.id = any(%(ids)s)

-- name: visits_of_occurrences
-- Which visits were made for these occurrences, and how does each stand? By primary key.
select visit_plan_visits.occurrence, visits.id::text, visits.state
from visit_plan_visits
join visits on visits.id = visit_plan_visits.visit_id
where visit_plan_visits.plan_id = %(plan_id)s
  and visit_plan_visits.occurrence = any(%(occurrences)s)
