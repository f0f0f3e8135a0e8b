-- name: round_in_sight
-- Does this user see that patrol round? By primary key.
select patrol_rounds.id, patrol_rounds.area
from patrol_rounds
join areas on areas.code = patrol_rounds.area
where patrol_rounds.id = %(round_id)s
  and areas.path like %(below)s

-- Lists ---------------------------------------------------------------------------------------------------------------

-- name: round_page
-- Which patrol rounds come next, the newest first? By patrol_rounds_area.
select patrol_rounds.id, patrol_rounds.started_at
from patrol_rounds
join areas on areas.code = patrol_rounds.area
where areas.path like %(below)s
  and (%(within)s::text is null or starts_with(areas.path, %(within)s))
  and (%(staff_id)s::bigint is null or patrol_rounds.staff_id = %(staff_id)s)
  and (%(from)s::timestamptz is null or patrol_rounds.started_at >= %(from)s)
  and (%(to)s::timestamptz is null or patrol_rounds.started_at < %(to)s)
  and (
    %(after_at)s::timestamptz is null
    or (patrol_rounds.started_at, patrol_rounds.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)
  )
order by patrol_rounds.started_at desc, patrol_rounds.id desc
limit %(limit)s

-- name: rounds_read
-- What do these patrol rounds look like? By primary keys.
select patrol_rounds.id::text as id, patrol_rounds.area, patrol_rounds.name, patrol_rounds.staff_id::text as staff,
  staff.name as staff_name, patrol_rounds.started_at, patrol_rounds.started_by, patrol_rounds.finished_at,
  (
    select coalesce(array_agg(patrol_round_homes.home_id::text order by patrol_round_homes.home_id), '{}')
    from patrol_round_homes
    where patrol_round_homes.round_id = patrol_rounds.id
  ) as homes
from patrol_rounds
left join staff on staff.id = patrol_rounds.staff_id
where patrol_rounds.id = any(%(ids)s)

-- name: looks_of_rounds
-- What was seen on these patrol rounds, in the order of the looks? By looks_round.
select id::text as id, round_id::text as round, home_id::text as home, result, note, at, who
from looks
where round_id = any(%(ids)s)
order by at, looks.id
