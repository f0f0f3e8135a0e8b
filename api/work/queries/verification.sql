-- name: visit_steps
-- What was done with a visit, in the order in which it became known? By visit_timeline_visit.
select at, recorded_at, what, who, staff_id::text as staff, channel, detail
from visit_timeline
where visit_id = %(visit_id)s
order by id

-- name: visit_verified
-- What does a visit prove beside its own columns: who lives there, what the service is called, who told of the arrival?
-- By primary key, residents_home and visit_timeline_visit.
select homes.lat, homes.lon, visits.arrived_check, visits.completed_check, services.name, services.name_en,
  visits.served is not null as fixed, people.residents, told.who as told_by, told.channel,
  case when told.what is not null then told.by_himself end as himself
from visits
left join homes on homes.id = visits.home_id
left join services on services.code = visits.service
left join alerts on alerts.id = visits.alert_id
left join lateral (
  select jsonb_agg(jsonb_build_object('id', residents.id::text, 'name', residents.name) order by residents.id) as residents
  from residents
  where (residents.id = any(visits.served) or (
      visits.served is null
      and residents.home_id = visits.home_id
      and residents.removed_at is null
      and residents.left_at is null
    ))
    and (alerts.resident_id is null or residents.id = alerts.resident_id)
) as people on true
left join lateral (
  select visit_timeline.what, visit_timeline.who, visit_timeline.channel,
    coalesce((visit_timeline.detail ->> 'himself')::boolean, false) as by_himself
  from visit_timeline
  where visit_timeline.visit_id = visits.id
    and visit_timeline.what = 'arrived'
  order by visit_timeline.id desc
  limit 1
) as told on true
where visits.id = %(visit_id)s
