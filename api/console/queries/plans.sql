-- name: plans_shown
-- Which plans go on, of whom, for what, and by whom? By primary key; of one home by visit_plans_home.
select visit_plans.id, visit_plans.home_id, homes.area, homes.address, place.names as places, resident.name as resident,
  services.name as service, services.name_en as service_en, visit_plans.rule, visit_plans.start_time, visit_plans.minutes,
  visit_plans.timezone, visit_plans.from_day, visit_plans.until_day, staff.name as staff, visit_plans.payer,
  visit_plans.fee::text as fee, visit_plans.note, visit_plans.paused_at, visit_plans.paused_why, visit_plans.ended_at
from visit_plans
join homes on homes.id = visit_plans.home_id
join areas on areas.code = homes.area
join services on services.code = visit_plans.service
left join staff on staff.id = visit_plans.staff_id
left join lateral (
  select residents.name
  from residents
  where residents.home_id = homes.id
    and residents.removed_at is null
    and residents.left_at is null
  order by residents.id
  limit 1
) as resident on true
left join lateral (
  select string_agg(above.name, ' ' order by length(above.path)) as names
  from areas as above
  where above.code = any(string_to_array(trim(both '/' from areas.path), '/'))
    and above.level in ('township', 'village')
) as place on true
where areas.path like %(below)s
  and (%(plan_id)s::bigint is not null or visit_plans.ended_at is null)
  and (%(plan_id)s::bigint is null or visit_plans.id = %(plan_id)s)
  and (%(home_id)s::bigint is null or visit_plans.home_id = %(home_id)s)
  and visit_plans.id > %(after)s
order by visit_plans.id
limit %(limit)s

-- name: services_to_choose
-- What can a visit be for? By primary key.
select code, name, name_en
from services
where removed_at is null
order by code
