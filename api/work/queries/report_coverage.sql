-- name: coverage
-- Who was seen? Homes and residents of the registry at the end of the time; a home's pings are asked for until one shows
-- somebody, by the series' key, its looks by looks_home, its visits by visits_done_home.
with seen as (
  select
    case when starts_with(areas.path, %(path)s)
      then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part,
    living.residents,
    camera.seen is not null as by_camera,
    look.seen is not null as by_look,
    visit.seen is not null as by_visit
  from homes
  join areas on areas.code = homes.area
  cross join lateral (
    select count(*) as residents
    from residents
    where residents.home_id = homes.id
      and (%(to)s::timestamptz is null or residents.created_at < %(to)s)
      and (residents.removed_at is null or residents.removed_at >= %(to)s)
  ) as living
  left join lateral (
    select true as seen
    from devices
    join device_latest on device_latest.device_id = devices.id
    join events on events.device_id = devices.id
    where devices.home_id = homes.id
      -- a camera that never said whether anybody is there need not be asked for every minute of a month
      and num_nonnulls(device_latest.presence, device_latest.persons) > 0
      and events.kind = 1
      and (events.presence or events.persons > 0)
      and events.time >= %(from)s
      and events.time < coalesce(%(to)s, timestamptz 'infinity')
      and (devices.placed_at is null or events.time >= devices.placed_at)
    limit 1
  ) as camera on true
  left join lateral (
    select true as seen
    from looks
    where looks.home_id = homes.id
      and looks.result = 'well'
      and looks.at >= %(from)s
      and looks.at < coalesce(%(to)s, timestamptz 'infinity')
    limit 1
  ) as look on true
  left join lateral (
    select true as seen
    from visits
    where visits.home_id = homes.id
      and visits.state in ('completed', 'followed_up')
      and visits.completed_at >= %(from)s
      and visits.completed_at < coalesce(%(to)s, timestamptz 'infinity')
    limit 1
  ) as visit on true
  where (%(to)s::timestamptz is null or homes.created_at < %(to)s)
    and (homes.removed_at is null or homes.removed_at >= %(to)s)
    and areas.path like %(below)s
    and (%(within)s::text is null or starts_with(areas.path, %(within)s))
)
select grouping(part) as is_total, part,
  count(*) as homes,
  count(*) filter (where by_camera or by_look or by_visit) as homes_seen,
  count(*) filter (where not (by_camera or by_look or by_visit)) as homes_not_seen,
  count(*) filter (where by_camera) as homes_seen_by_camera,
  count(*) filter (where by_look) as homes_seen_by_look,
  count(*) filter (where by_visit) as homes_seen_by_visit,
  coalesce(sum(residents), 0)::bigint as residents,
  coalesce(sum(residents) filter (where by_camera or by_look or by_visit), 0)::bigint as residents_seen,
  coalesce(sum(residents) filter (where not (by_camera or by_look or by_visit)), 0)::bigint as residents_not_seen
from seen
group by grouping sets ((), (part))
