-- name: area_named
-- Where does an area lie, and what is it called? By primary key.
select path, name
from areas
where code = %(code)s

-- name: home_in_sight
-- Does this user see that home? By primary key.
select homes.id, homes.area
from homes
join areas on areas.code = homes.area
where homes.id = %(home_id)s
  and homes.removed_at is null
  and areas.path like %(below)s

-- name: home_of_resident_in_sight
-- Does this user see that resident, and where does he live? By primary key.
select homes.id, homes.area
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
where residents.id = %(resident_id)s
  and residents.removed_at is null
  and areas.path like %(below)s

-- name: take_time
-- A report reads more than a page does.
set local statement_timeout = '120s'

-- name: roots
-- Which areas stand at the top of the tree?
select code, name, path
from areas
where parent is null
order by code

-- name: areas_right_below
-- Which areas lie right below one, or at the top of the tree? By areas_parent.
select code, name
from areas
where parent is not distinct from %(code)s
order by code
