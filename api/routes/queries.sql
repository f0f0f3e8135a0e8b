-- What a caller may name ---------------------------------------------------------------------------------------------

-- name: area_path
-- Where does an area lie? By primary key.
select path
from areas
where code = %(code)s

-- name: home_path
-- In which area does a home stand? By primary key.
select areas.path
from homes
join areas on areas.code = homes.area
where homes.id = %(home_id)s
  and homes.removed_at is null

-- name: device_path
-- In which area does a device stand? By the unique index on uid.
select areas.path
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
where devices.uid = %(uid)s
  and devices.removed_at is null

-- name: staff_paths
-- To which areas do these people belong? By primary key.
select staff.id, areas.path
from staff
join areas on areas.code = staff.area
where staff.id = any(%(staff_ids)s)
  and staff.removed_at is null

-- name: rota_paths
-- To which areas do these rotas belong? By primary key.
select rotas.id, areas.path
from rotas
join areas on areas.code = rotas.area
where rotas.id = any(%(rota_ids)s)

-- Areas --------------------------------------------------------------------------------------------------------------

-- name: hold_area
-- Nobody else changes or names the area until the transaction ends.
select code
from areas
where code = %(code)s
for update

-- name: list_areas
-- Which areas lie within one's own, each before those below it? By the unique index on path.
select areas.path, areas.code
from areas
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(parent)s::text is null or areas.parent = %(parent)s)
  and (%(level)s::text is null or areas.level = %(level)s)
  and (%(q)s::text is null or starts_with(lower(areas.name), lower(%(q)s)))
  and (%(after)s::text is null or areas.path > %(after)s)
order by areas.path
limit %(limit)s

-- name: areas_read
-- What are these areas? By primary key.
select code as id, code, name, level, parent, shift_test, path
from areas
where code = any(%(ids)s)

-- name: set_shift_test
-- Whether every phone is tried when a shift begins here.
update areas
set shift_test = %(shift_test)s
where code = %(code)s

-- name: uses_of_area
-- What still lies in an area or names it? Also what is over: it has to say where it was.
select 'areas below it', count(*), (array_agg(code order by code))[1:5]
from areas
where parent = %(code)s
having count(*) > 0
union all
select 'homes (removed ones count)', count(*), (array_agg(id::text order by id))[1:5]
from homes
where area = %(code)s
having count(*) > 0
union all
select 'staff (former ones count)', count(*), (array_agg(id::text order by id))[1:5]
from staff
where area = %(code)s
having count(*) > 0
union all
select 'users (removed ones count)', count(*), (array_agg(id::text order by id))[1:5]
from users
where area = %(code)s
having count(*) > 0
union all
select 'rotas', count(*), (array_agg(id::text order by id))[1:5]
from rotas
where area = %(code)s
having count(*) > 0
union all
select 'policies', count(*), (array_agg(id::text order by id))[1:5]
from policies
where area = %(code)s
having count(*) > 0
union all
select 'alerts', count(*), (array_agg(id::text order by id))[1:5]
from alerts
where area = %(code)s
having count(*) > 0
union all
select 'visits', count(*), (array_agg(id::text order by id))[1:5]
from visits
where area = %(code)s
having count(*) > 0
union all
select 'patrol rounds', count(*), (array_agg(id::text order by id))[1:5]
from patrol_rounds
where area = %(code)s
having count(*) > 0

-- Homes --------------------------------------------------------------------------------------------------------------

-- name: hold_home
-- Nobody else changes or names the home until the transaction ends.
select id
from homes
where id = %(home_id)s
  and removed_at is null
for update

-- name: list_homes
-- Which homes stand within one's own area, in the order in which they were registered?
select homes.id
from homes
join areas on areas.code = homes.area
where areas.path like %(below)s
  and homes.removed_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(q)s::text is null or strpos(lower(homes.address), lower(%(q)s)) > 0)
  and (%(after)s::bigint is null or homes.id > %(after)s)
order by homes.id
limit %(limit)s

-- name: homes_read
-- What are these homes? By primary key; `path` says who may see them.
select homes.id::text as id, homes.address, homes.area, homes.lat, homes.lon, homes.key_note, homes.created_at, areas.path
from homes
join areas on areas.code = homes.area
where homes.id = any(%(ids)s)
  and homes.removed_at is null

-- name: uses_of_home
-- Who lives in a home still, what stands there, what goes on there?
select 'residents', count(*), (array_agg(id::text order by id))[1:5]
from residents
where home_id = %(home_id)s
  and removed_at is null
having count(*) > 0
union all
select 'devices', count(*), (array_agg(uid order by uid))[1:5]
from devices
where home_id = %(home_id)s
  and removed_at is null
having count(*) > 0
union all
select 'open alerts', count(*), (array_agg(id::text order by id))[1:5]
from alerts
where home_id = %(home_id)s
  and state <> 'closed'
having count(*) > 0
union all
select 'open visits', count(*), (array_agg(id::text order by id))[1:5]
from visits
where home_id = %(home_id)s
  and state not in ('completed', 'failed', 'cancelled')
having count(*) > 0

-- Residents ----------------------------------------------------------------------------------------------------------

-- name: hold_resident
-- Nobody else changes the resident until the transaction ends.
select id
from residents
where id = %(resident_id)s
  and removed_at is null
for update

-- name: list_residents
-- Who lives within one's own area, in the order in which they were registered?
select residents.id
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
where areas.path like %(below)s
  and residents.removed_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(home_id)s::bigint is null or residents.home_id = %(home_id)s)
  and (%(category)s::text is null or %(category)s = any(residents.category))
  and (%(q)s::text is null or starts_with(lower(residents.name), lower(%(q)s)))
  and (%(after)s::bigint is null or residents.id > %(after)s)
order by residents.id
limit %(limit)s

-- name: residents_read
-- Who are these residents? By primary key; `path` says who may see them.
select residents.id::text as id, residents.name, residents.home_id::text as home, homes.area, residents.birth_date,
  residents.phone, residents.sex, residents.category, residents.notes, residents.contacts, residents.language,
  residents.created_at, areas.path
from residents
join homes on homes.id = residents.home_id
join areas on areas.code = homes.area
where residents.id = any(%(ids)s)
  and residents.removed_at is null

-- Devices ------------------------------------------------------------------------------------------------------------

-- name: hold_device
-- Nobody else changes or names the device until the transaction ends.
select uid
from devices
where uid = %(uid)s
  and removed_at is null
for update

-- name: list_devices
-- Which devices stand within one's own area, in the order of their uids?
select devices.uid
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
left join device_latest on device_latest.device_id = devices.id
where areas.path like %(below)s
  and devices.removed_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(home_id)s::bigint is null or devices.home_id = %(home_id)s)
  and (%(kind)s::text is null or devices.kind = %(kind)s)
  and (%(hub)s::text is null or devices.hub_uid = %(hub)s)
  and (%(state)s::text is null or coalesce(device_latest.state, 'never') = %(state)s)
  and (
    %(problem)s::text is null
    or devices.id in (select device_id from device_latest where problems <> '{}' and %(problem)s = any(problems))
  )
  and (%(q)s::text is null or starts_with(lower(devices.uid), lower(%(q)s)))
  and (%(after)s::text is null or devices.uid > %(after)s)
order by devices.uid
limit %(limit)s

-- name: uses_of_device
-- Which devices speak through a hub?
select 'devices that speak through it', count(*), (array_agg(uid order by uid))[1:5]
from devices
where hub_uid = %(uid)s
  and removed_at is null
having count(*) > 0

-- name: device_events
-- What was a device heard to say in its home, newest first? By the unique index of events, backwards.
select events.time as at, events.kind, events.received_at, events.battery, events.rssi, events.persons,
  events.presence, events.temperature, events.message_id, events.extra
from devices
join events on events.device_id = devices.id
where devices.uid = %(uid)s
  and devices.removed_at is null
  and (devices.placed_at is null or events.received_at >= devices.placed_at)
  and events.time >= %(from)s
  and events.time < %(to)s
  and (%(kind)s::smallint is null or events.kind = %(kind)s)
  and (
    %(after)s::timestamptz is null
    or (events.time, events.kind, events.message_id) < (%(after)s, %(after_kind)s::smallint, %(after_id)s::text)
  )
order by events.time desc, events.kind desc, events.message_id desc
limit %(limit)s

-- name: device_series
-- How did a reading of a device run, in buckets of one width, oldest first? By the unique index of events.
select bucket as at, min(value), max(value), avg(value), count(value)
from (
  select date_bin(%(width)s, events.time, %(origin)s) as bucket,
    case %(metric)s::text
      when 'battery' then events.battery::double precision
      when 'rssi' then events.rssi::double precision
      when 'temperature' then round(events.temperature::numeric, 2)::double precision
      when 'persons' then events.persons::double precision
      when 'presence' then events.presence::integer::double precision
    end as value
  from devices
  join events on events.device_id = devices.id
  where devices.uid = %(uid)s
    and devices.removed_at is null
    and (devices.placed_at is null or events.received_at >= devices.placed_at)
    and events.time >= %(from)s
    and events.time < %(to)s
) as readings
where value is not null
group by bucket
order by bucket
limit %(limit)s

-- Staff --------------------------------------------------------------------------------------------------------------

-- name: hold_member
-- Nobody else changes or names the responder until the transaction ends.
select id
from staff
where id = %(staff_id)s
  and removed_at is null
for update

-- name: list_staff
-- Who works within one's own area, in the order in which they were registered?
select staff.id
from staff
join areas on areas.code = staff.area
where areas.path like %(below)s
  and staff.removed_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(q)s::text is null or starts_with(lower(staff.name), lower(%(q)s)))
  and (%(after)s::bigint is null or staff.id > %(after)s)
order by staff.id
limit %(limit)s

-- name: staff_read
-- Who are these people? By primary key; `path` says who may see them.
select staff.id::text as id, staff.name, staff.phone, staff.area, staff.language, staff.opted_out_at, staff.created_at,
  areas.path
from staff
join areas on areas.code = staff.area
where staff.id = any(%(ids)s)
  and staff.removed_at is null

-- name: uses_of_staff
-- Who counts on somebody still?
select 'rotas', count(*), (array_agg(rota_id::text order by rota_id))[1:5]
from (select distinct rota_id from rota_members where staff_id = %(staff_id)s) as member_of
having count(*) > 0
union all
select 'policies', count(*), (array_agg(policy_id::text order by policy_id))[1:5]
from (select distinct policy_id from policy_steps where staff_id = %(staff_id)s) as told_by
having count(*) > 0
union all
select 'overrides that are not over', count(*), (array_agg(id::text order by id))[1:5]
from overrides
where staff_id = %(staff_id)s
  and to_at > %(now)s
having count(*) > 0
union all
select 'swaps that are not decided', count(*), (array_agg(id::text order by id))[1:5]
from swaps
where %(staff_id)s in (asked_by, staff_id)
  and state = 'asked'
having count(*) > 0
union all
select 'open alerts', count(*), (array_agg(id::text order by id))[1:5]
from alerts
where accepted_by_staff = %(staff_id)s
  and state <> 'closed'
having count(*) > 0
union all
select 'open visits', count(*), (array_agg(id::text order by id))[1:5]
from visits
where staff_id = %(staff_id)s
  and state not in ('completed', 'failed', 'cancelled')
having count(*) > 0
union all
select 'users', count(*), (array_agg(id::text order by id))[1:5]
from users
where staff_id = %(staff_id)s
  and disabled_at is null
having count(*) > 0

-- Services -----------------------------------------------------------------------------------------------------------

-- name: hold_service
-- Nobody else changes or names the service until the transaction ends.
select code
from services
where code = %(code)s
  and removed_at is null
for update

-- name: list_services
-- What can a visit be for? By primary key.
select code
from services
where removed_at is null
  and (%(q)s::text is null or starts_with(lower(name), lower(%(q)s)))
  and (%(after)s::text is null or code > %(after)s)
order by code
limit %(limit)s

-- name: services_read
-- What are these services? By primary key.
select code as id, code, name, name_en, usual_minutes
from services
where code = any(%(ids)s)
  and removed_at is null

-- name: insert_service
-- Adds a service, or one that was removed again.
insert into services (code, name, name_en, usual_minutes)
values (%(code)s, %(name)s, %(name_en)s, %(usual_minutes)s)
on conflict (code) do update
set name = excluded.name,
    name_en = excluded.name_en,
    usual_minutes = excluded.usual_minutes,
    removed_at = null
where services.removed_at is not null

-- name: set_service
-- Writes a service's new state.
update services
set name = %(name)s,
    name_en = %(name_en)s,
    usual_minutes = %(usual_minutes)s
where code = %(code)s

-- name: remove_service
-- No new visit is for it; those that were keep its name.
update services
set removed_at = %(now)s
where code = %(code)s

-- name: uses_of_service
-- Which visits are still for a service?
select 'open visits', count(*), (array_agg(id::text order by id))[1:5]
from visits
where service = %(code)s
  and state not in ('completed', 'failed', 'cancelled')
having count(*) > 0

-- Rotas, overrides, policies -----------------------------------------------------------------------------------------

-- name: hold_rota
-- Nobody else changes or names the rota until the transaction ends.
select id
from rotas
where id = %(rota_id)s
for update

-- name: list_rotas
-- Which rotas are there within one's own area?
select rotas.id
from rotas
join areas on areas.code = rotas.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(q)s::text is null or starts_with(lower(rotas.name), lower(%(q)s)))
  and (%(after)s::bigint is null or rotas.id > %(after)s)
order by rotas.id
limit %(limit)s

-- name: rotas_read
-- What are these rotas? By primary key; `path` says who may see them.
select rotas.id::text as id, rotas.name, rotas.area, rotas.timezone, rotas.kind, rotas.length, rotas.start,
  coalesce(members.ids, '{}') as members, rotas.windows, rotas.days, rotas.holidays, areas.path
from rotas
join areas on areas.code = rotas.area
left join lateral (
  select array_agg(rota_members.staff_id::text order by rota_members.position) as ids
  from rota_members
  where rota_members.rota_id = rotas.id
) as members on true
where rotas.id = any(%(ids)s)

-- name: uses_of_rota
-- Which policies tell whoever has a rota's shift?
select 'policies', count(*), (array_agg(policy_id::text order by policy_id))[1:5]
from (select distinct policy_id from policy_steps where rota_id = %(rota_id)s) as told_by
having count(*) > 0

-- name: hold_override
-- Nobody else changes the override until the transaction ends.
select id
from overrides
where id = %(override_id)s
for update

-- name: list_overrides
-- Which overrides are there of rotas within one's own area, over which time?
select overrides.id
from overrides
join rotas on rotas.id = overrides.rota_id
join areas on areas.code = rotas.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(rota_id)s::bigint is null or overrides.rota_id = %(rota_id)s)
  and (%(staff_id)s::bigint is null or overrides.staff_id = %(staff_id)s)
  and (%(from)s::timestamptz is null or overrides.to_at > %(from)s)
  and (%(to)s::timestamptz is null or overrides.from_at < %(to)s)
  and (%(after)s::bigint is null or overrides.id > %(after)s)
order by overrides.id
limit %(limit)s

-- name: overrides_read
-- What are these overrides? By primary key; `path` says who may see them.
select overrides.id::text as id, overrides.rota_id::text as rota, overrides.from_at as "from", overrides.to_at as "to",
  overrides.staff_id::text as staff, rotas.area, areas.path
from overrides
join rotas on rotas.id = overrides.rota_id
join areas on areas.code = rotas.area
where overrides.id = any(%(ids)s)

-- name: names_of_staff
-- Who are these people, and can they be told? By primary key; those who have left too.
select id, name, removed_at is null and opted_out_at is null
from staff
where id = any(%(staff_ids)s)

-- name: list_pauses
-- Which pauses do a rota's members have? By rota_pauses_rota.
select rota_pauses.id
from rota_pauses
join rotas on rotas.id = rota_pauses.rota_id
join areas on areas.code = rotas.area
where areas.path like %(below)s
  and rota_pauses.rota_id = %(rota_id)s
  and (%(after)s::bigint is null or rota_pauses.id > %(after)s)
order by rota_pauses.id
limit %(limit)s

-- name: hold_pause
-- Nobody else changes the pause until the transaction ends.
select id
from rota_pauses
where id = %(pause_id)s
for update

-- name: pauses_read
-- What are these pauses? By primary key; `path` says who may see them.
select rota_pauses.id::text as id, rota_pauses.rota_id::text as rota, rota_pauses.staff_id::text as staff,
  rota_pauses.from_at as "from", rota_pauses.to_at as "to", rotas.area, areas.path
from rota_pauses
join rotas on rotas.id = rota_pauses.rota_id
join areas on areas.code = rotas.area
where rota_pauses.id = any(%(ids)s)

-- name: list_swaps
-- Which swaps are there, the newest first, of rotas within one's own area, and those that one has a part in oneself?
select swaps.id
from swaps
join rotas on rotas.id = swaps.rota_id
join areas on areas.code = rotas.area
where (areas.path like %(below)s or %(me)s::bigint in (swaps.asked_by, swaps.staff_id))
  and (%(rota_id)s::bigint is null or swaps.rota_id = %(rota_id)s)
  and (%(staff_id)s::bigint is null or %(staff_id)s in (swaps.asked_by, swaps.staff_id))
  and (%(state)s::text is null or swaps.state = %(state)s)
  and (%(after)s::bigint is null or swaps.id < %(after)s)
order by swaps.id desc
limit %(limit)s

-- name: swaps_read
-- What are these swaps, and what happened to them? By primary key and swap_timeline_swap; `path` says who may see them.
select swaps.id::text as id, swaps.rota_id::text as rota, swaps.from_at as "from", swaps.to_at as "to",
  swaps.asked_by::text as asked_by, swaps.staff_id::text as staff, swaps.state, swaps.asked_at, swaps.decided_at,
  swaps.override_id::text as override, rotas.area, coalesce(happened.rows, '[]') as timeline, areas.path
from swaps
join rotas on rotas.id = swaps.rota_id
join areas on areas.code = rotas.area
left join lateral (
  select jsonb_agg(
    jsonb_build_object(
      'at', swap_timeline.at, 'what', swap_timeline.what, 'who', swap_timeline.who, 'detail', swap_timeline.detail
    )
    order by swap_timeline.id
  ) as rows
  from swap_timeline
  where swap_timeline.swap_id = swaps.id
) as happened on true
where swaps.id = any(%(ids)s)

-- name: list_calendars
-- Which calendars did one make oneself, or, as one who staffs the area, did anybody make there? Not those that are revoked.
select calendars.id
from calendars
left join staff on staff.id = calendars.staff_id
left join rotas on rotas.id = calendars.rota_id
join areas on areas.code = coalesce(staff.area, rotas.area)
where calendars.revoked_at is null
  and (calendars.made_by = %(me)s or (%(all)s and areas.path like %(below)s))
  and (%(after)s::bigint is null or calendars.id > %(after)s)
order by calendars.id
limit %(limit)s

-- name: calendars_read
-- What are these calendars? By primary key; `path` says who may see them.
select calendars.id::text as id, calendars.staff_id::text as staff, calendars.rota_id::text as rota,
  calendars.made_by::text as made_by, calendars.created_at, coalesce(staff.area, rotas.area) as area, areas.path
from calendars
left join staff on staff.id = calendars.staff_id
left join rotas on rotas.id = calendars.rota_id
join areas on areas.code = coalesce(staff.area, rotas.area)
where calendars.id = any(%(ids)s)
  and calendars.revoked_at is null

-- name: hold_policy
-- Nobody else changes the policy until the transaction ends.
select id
from policies
where id = %(policy_id)s
for update

-- name: list_policies
-- Which policies are there within one's own area?
select policies.id
from policies
join areas on areas.code = policies.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(kind)s::text is null or policies.kinds is null or %(kind)s = any(policies.kinds))
  and (%(after)s::bigint is null or policies.id > %(after)s)
order by policies.id
limit %(limit)s

-- name: policies_read
-- What are these policies? By primary key; `path` says who may see them.
select policies.id::text as id, policies.area, policies.kinds, policies.severities, policies.repeat,
  case when policies.hours_from is not null then jsonb_build_object(
    'from', to_char(policies.hours_from, 'HH24:MI'), 'to', to_char(policies.hours_to, 'HH24:MI'),
    'timezone', policies.hours_timezone
  ) end as hours,
  coalesce(steps.rows, '[]') as steps, areas.path
from policies
join areas on areas.code = policies.area
left join lateral (
  select jsonb_agg(
    jsonb_build_object(
      'after_s', policy_steps.after_s, 'rota', policy_steps.rota_id::text, 'staff', policy_steps.staff_id::text,
      'channels', to_jsonb(policy_steps.channels), 'channel_delay_s', policy_steps.channel_delay_s,
      'entry', policy_steps.entry
    )
    order by policy_steps.position
  ) as rows
  from policy_steps
  where policy_steps.policy_id = policies.id
) as steps on true
where policies.id = any(%(ids)s)

-- Users --------------------------------------------------------------------------------------------------------------

-- name: lock_users
-- Makes changes of users wait for each other: two administrators must not take the last two seats away at once.
select pg_advisory_xact_lock(hashtextextended('users', 2))

-- name: list_users
-- Who may log in within one's own area? Who sees everything is seen by his like only.
select users.id
from users
left join areas on areas.code = users.area
where (areas.path like %(below)s or (users.area is null and %(everything)s))
  and users.disabled_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(role)s::text is null or users.role = %(role)s)
  and (%(q)s::text is null or starts_with(lower(users.username), lower(%(q)s)))
  and (%(after)s::bigint is null or users.id > %(after)s)
order by users.id
limit %(limit)s

-- name: users_read
-- Who are these users? By primary key; `path` says who may see them (null: he sees everything).
select users.id::text as id, users.username, users.role, users.area, users.staff_id::text as staff, users.language,
  users.created_at, areas.path
from users
left join areas on areas.code = users.area
where users.id = any(%(ids)s)
  and users.disabled_at is null

-- name: insert_user
-- Adds a user, unless somebody has or had that name: the audit log knows people by it.
insert into users (username, password_hash, role, area, staff_id, language, created_at)
values (%(username)s, %(password_hash)s, %(role)s, %(area)s, %(staff_id)s, %(language)s, %(now)s)
on conflict (username) do nothing
returning id

-- name: set_user
-- Writes what a user may do and where.
update users
set role = %(role)s,
    area = %(area)s,
    staff_id = %(staff_id)s,
    language = %(language)s
where id = %(user_id)s

-- name: disable_user
-- Takes a user's log-in away; his name stays his.
update users
set disabled_at = %(now)s
where id = %(user_id)s

-- name: admins_over_everything
-- Who may do everything everywhere, but for this user?
select count(*)
from users
where role = 'admin'
  and area is null
  and disabled_at is null
  and id <> %(user_id)s

-- name: user_by_name
-- Who logs in by that name? By the unique index on username.
select id
from users
where username = %(username)s

-- Silences, limits, times of areas -----------------------------------------------------------------------------------

-- name: hold_silence
-- Nobody else ends the silence until the transaction ends.
select id
from silences
where id = %(silence_id)s
for update

-- name: list_silences
-- Which silences are there that are not over by then, in one's own area?
select silences.id
from silences
join areas on areas.code = silences.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(from)s::timestamptz is null or silences.to_at > %(from)s)
  and (%(after)s::bigint is null or silences.id > %(after)s)
order by silences.id
limit %(limit)s

-- name: silences_read
-- What are these silences, and how many open alerts does each hold now? By primary key and alerts_silenced; `path` says
-- who may see them.
select silences.id::text as id, silences.area, silences.kinds, silences.from_at as "from", silences.to_at as "to",
  silences.reason, silences.created_by, silences.created_at,
  (
    select count(*)
    from alerts
    where alerts.silence_id = silences.id
      and alerts.state <> 'closed'
  ) as alerts,
  areas.path
from silences
join areas on areas.code = silences.area
where silences.id = any(%(ids)s)

-- name: times_of_areas
-- Which areas within one's own have their own times, or their own hour for low alerts?
select areas.code, digest_hours.at_hour, digest_hours.timezone,
  coalesce(
    (
      select jsonb_object_agg(
        answer_times.severity,
        jsonb_build_object(
          'accepted_s', answer_times.accepted_s, 'en_route_s', answer_times.en_route_s,
          'arrived_s', answer_times.arrived_s, 'asked_s', answer_times.asked_s
        )
      )
      from answer_times
      where answer_times.area = areas.code
    ),
    '{}'
  )
from areas
left join digest_hours on digest_hours.area = areas.code
where areas.path like %(below)s
  and (%(code)s::text is null or areas.code = %(code)s)
  and (
    digest_hours.area is not null
    or exists (
      select
      from answer_times
      where answer_times.area = areas.code
    )
  )
order by areas.path

-- Own channels -------------------------------------------------------------------------------------------------------

-- name: own_channels_read
-- By which ways of his own is somebody told? By staff_channels_staff.
select id, kind, name, address, quiet_from, quiet_to, timezone, created_at, failed_at, failure
from staff_channels
where staff_id = %(staff_id)s
order by id
