-- name: write_visit_timeline
-- A row of a visit's timeline; who does it without being logged in has no name.
insert into visit_timeline (visit_id, at, recorded_at, what, who, staff_id, channel, detail)
values (%(visit_id)s, %(at)s, %(now)s, %(what)s, %(who)s, %(staff_id)s, %(channel)s, %(detail)s)

-- name: set_visit_in_service
update visits
set state = 'in_service',
    started_at = %(at)s
where id = %(visit_id)s

-- name: set_visit_declined
-- Whoever had it does not go: nobody has it now.
update visits
set state = 'declined',
    staff_id = null,
    assigned_at = null,
    accepted_at = null,
    departed_at = null
where id = %(visit_id)s

-- name: set_visit_put_off
-- Another time; whoever keeps it is told where somebody else says so.
update visits
set state = 'put_off',
    due_from = %(due_from)s,
    due_to = %(due_to)s,
    accepted_at = null,
    departed_at = null,
    staff_id = case when %(keeps)s then staff_id end,
    assigned_at = case when %(keeps)s then assigned_at end,
    told_at = case when %(keeps)s and staff_id is distinct from %(by_staff)s::bigint then null else %(now)s::timestamptz end
where id = %(visit_id)s

-- name: set_visit_followed_up
update visits
set state = 'followed_up',
    followed_up_at = %(now)s
where id = %(visit_id)s

-- name: door_for_proof
-- What is known of the home, and does that code hang at another one's door? By primary key and homes_door_code.
select homes.door_code, homes.lat, homes.lon, exists (
  select
  from homes as others
  where others.door_code = %(code)s
    and others.id <> homes.id
)
from homes
where homes.id = %(home_id)s

-- name: visit_rules_up
-- How are visits given out here, by the nearest area up the tree that says so? By primary key.
select visit_rules.near_m, visit_rules.work_from, visit_rules.work_to, visit_rules.timezone, visit_rules.auto_assign,
  visit_rules.area
from areas as here
join areas as above on above.code = any(string_to_array(trim(both '/' from here.path), '/'))
join visit_rules on visit_rules.area = above.code
where here.code = %(area)s
order by length(above.path) desc
limit 1

-- name: set_visit_rules
insert into visit_rules (area, near_m, work_from, work_to, timezone, auto_assign, set_at)
values (%(area)s, %(near_m)s, %(work_from)s, %(work_to)s, %(timezone)s, %(auto_assign)s, %(now)s)
on conflict (area) do update
set near_m = excluded.near_m,
    work_from = excluded.work_from,
    work_to = excluded.work_to,
    timezone = excluded.timezone,
    auto_assign = excluded.auto_assign,
    set_at = excluded.set_at

-- name: unset_visit_rules
delete from visit_rules
where area = %(area)s
