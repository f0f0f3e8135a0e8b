-- name: count_care_due
-- How many are overdue, and how many are due soon, by area? By care_states_due and homes_area.
select areas.code, areas.name, count(*) filter (where care_states.due_at <= %(now)s) as overdue,
  count(*) filter (where care_states.due_at > %(now)s) as due_soon
from care_states
join homes on homes.id = care_states.home_id
join areas on areas.code = homes.area
where care_states.due_at <= %(until)s
  and areas.path like %(below)s
group by areas.code, areas.name
order by overdue desc, due_soon desc, areas.code
limit %(limit)s

-- name: services_to_ask_for
-- What can a visit be for? By primary key.
select code, name, name_en
from services
where removed_at is null
order by code
limit 100
