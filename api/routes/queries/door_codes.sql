-- name: door_code_read
-- Which code hangs at the door of a home that one sees? By primary key.
select homes.door_code, homes.door_code_at, homes.area
from homes
join areas on areas.code = homes.area
where homes.id = %(home_id)s
  and homes.removed_at is null
  and areas.path like %(below)s

-- name: set_door_code
-- Chance alone, as the first one was.
update homes
set door_code = upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 12)),
    door_code_at = %(now)s
where id = %(home_id)s

-- name: door_codes_of_area
-- Which codes hang at the doors of an area and all below it, village by village? By areas_below and homes_area.
select homes.door_code, homes.id
from homes
join areas on areas.code = homes.area
where starts_with(areas.path, %(path)s)
  and homes.removed_at is null
order by areas.path, homes.id
limit %(limit)s
