-- name: insert_round
-- Begins a patrol round, where the area is known; without a name it is called like the area.
insert into patrol_rounds (area, name, staff_id, started_at, started_by)
select areas.code, coalesce(%(name)s, areas.name), %(staff_id)s, %(now)s, %(started_by)s
from areas
where areas.code = %(area)s
returning id

-- name: homes_with_camera
-- Into which homes of an area, and of all below it, can one look by video? By areas_below and homes_area.
select homes.id
from areas as here
join areas on starts_with(areas.path, here.path)
join homes on homes.area = areas.code
where here.code = %(area)s
  and homes.removed_at is null
  and exists (
    select
    from devices
    where devices.home_id = homes.id
      and devices.kind = 'camera'
      and devices.removed_at is null
  )
order by homes.id
limit %(limit)s

-- name: homes_in_area
-- Which of these homes lie in an area, or below it?
select homes.id
from areas as here
join areas on starts_with(areas.path, here.path)
join homes on homes.area = areas.code
where here.code = %(area)s
  and homes.id = any(%(home_ids)s)
  and homes.removed_at is null

-- name: write_round_homes
insert into patrol_round_homes (round_id, home_id)
select %(round_id)s, home_id
from unnest(%(home_ids)s::bigint[]) as each (home_id)

-- name: lock_round
-- The round as it stands, held until the end of the transaction; and does this home belong to it?
select patrol_rounds.started_at,
  exists (
    select
    from patrol_round_homes
    where patrol_round_homes.round_id = patrol_rounds.id
      and patrol_round_homes.home_id = %(home_id)s
  )
from patrol_rounds
where patrol_rounds.id = %(round_id)s
for update of patrol_rounds

-- name: insert_look
insert into looks (round_id, home_id, result, note, at, who)
values (%(round_id)s, %(home_id)s, %(result)s, %(note)s, %(at)s, %(who)s)
returning id

-- name: finish_round
-- A round is finished once every home has had a look; a home that was taken out of the registry is not waited for.
update patrol_rounds
set finished_at = %(now)s
where id = %(round_id)s
  and finished_at is null
  and not exists (
    select
    from patrol_round_homes
    join homes on homes.id = patrol_round_homes.home_id
    where patrol_round_homes.round_id = patrol_rounds.id
      and homes.removed_at is null
      and not exists (
        select
        from looks
        where looks.round_id = patrol_rounds.id
          and looks.home_id = patrol_round_homes.home_id
      )
  )

-- name: last_looks
-- What did the last two looks at a home find, whatever the round? By looks_home.
select id, result
from looks
where home_id = %(home_id)s
order by at desc, id desc
limit 2

-- name: open_alert_of_home
-- Which alert of that kind is open for a home? By alerts_home.
select id, area
from alerts
where home_id = %(home_id)s
  and kind = %(kind)s
  and state <> 'closed'
order by raised_at
limit 1
for update
