-- name: coverage_rows
-- Who was seen? Homes of the registry at the end of the time with each of their residents then (one row without, where nobody
-- lives there); the first row of a home has the home's figures. A home's pings are asked for until one shows somebody, by the
-- series' key, its looks by looks_home, its visits by visits_done_home, what was noted by care_contacts_resident.
with seen as (
  select homes.id as home_id,
    case when starts_with(areas.path, %(path)s)
      then coalesce(nullif(split_part(substr(areas.path, length(%(path)s) + 1), '/', 1), ''), %(code)s)
    end as part,
    camera.seen is not null as by_camera,
    look.seen is not null as by_look,
    visit.seen is not null as by_visit
  from homes
  join areas on areas.code = homes.area
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
), living as (
  select seen.*, residents.id as resident_id, coalesce(call.seen, false) as spoken_with,
    bool_or(coalesce(call.seen, false)) over (partition by seen.home_id) as by_call,
    row_number() over (partition by seen.home_id order by residents.id) = 1 as is_first
  from seen
  left join residents
    on residents.home_id = seen.home_id
   and (%(to)s::timestamptz is null or residents.created_at < %(to)s)
   and (residents.removed_at is null or residents.removed_at >= %(to)s)
   and (residents.left_at is null or residents.left_at >= %(to)s)
  left join lateral (
    select true as seen
    from care_contacts
    where care_contacts.resident_id = residents.id
      and care_contacts.home_id = seen.home_id
      and care_contacts.at >= %(from)s
      and care_contacts.at < coalesce(%(to)s, timestamptz 'infinity')
    limit 1
  ) as call on true
)
select home_id, resident_id, part, null::timestamptz as at,
  is_first as homes,
  is_first and (by_camera or by_look or by_visit or by_call) as homes_seen,
  is_first and not (by_camera or by_look or by_visit or by_call) as homes_not_seen,
  is_first and by_camera as homes_seen_by_camera,
  is_first and by_look as homes_seen_by_look,
  is_first and by_visit as homes_seen_by_visit,
  is_first and by_call as homes_seen_by_call,
  resident_id is not null as residents,
  resident_id is not null and (by_camera or by_look or by_visit or spoken_with) as residents_seen,
  resident_id is not null and not (by_camera or by_look or by_visit or spoken_with) as residents_not_seen
from living
