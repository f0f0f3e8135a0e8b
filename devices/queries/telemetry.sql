-- name: known_devices
-- Which of these uids are registered, and how often each is to speak? By the unique index on uid.
select devices.uid, devices.id, devices.kind, devices.patrol_every_s, devices.offline_after_s, device_latest.usual_gap_s
from devices
left join device_latest on device_latest.device_id = devices.id
where devices.uid = any(%(uids)s)
  and devices.removed_at is null

-- name: store_events
-- Stores a batch of events, ignoring what is there already; how many were new?
-- An undated message's time is its receipt's, so its id is looked up in undated_messages instead of the series' key.
with said as (
  select *
  from unnest(
    %(times)s::timestamptz[], %(device_ids)s::integer[], %(kinds)s::smallint[], %(batteries)s::smallint[],
    %(rssis)s::smallint[], %(persons)s::smallint[], %(presences)s::boolean[], %(temperatures)s::real[],
    %(message_ids)s::text[], %(receiveds)s::timestamptz[], %(extras)s::jsonb[], %(undateds)s::boolean[]
  ) as each (time, device_id, kind, battery, rssi, persons, presence, temperature, message_id, received_at, extra, undated)
), first_heard as (
  insert into undated_messages (device_id, kind, message_id, received_at)
  select device_id, kind, message_id, received_at
  from said
  where undated
  on conflict do nothing
  returning device_id, kind, message_id
), stored as (
  insert into events (
    time, device_id, kind, battery, rssi, persons, presence, temperature, message_id, received_at, extra
  )
  select time, device_id, kind, battery, rssi, persons, presence, temperature, message_id, received_at, extra
  from said
  where not undated
     or exists (
       select from first_heard
       where first_heard.device_id = said.device_id
         and first_heard.kind = said.kind
         and first_heard.message_id = said.message_id
     )
  on conflict do nothing
  returning 1
)
select count(*)
from stored

-- name: update_latest
-- Brings the latest state of each device of a batch up; tells open pages of those whose state changed, and the rules of
-- those that fell silent or were heard again. `to_judge`: something changed that could be a problem, or the end of one.
with heard as (
  select *
  from unnest(
    %(device_ids)s::integer[], %(onlines)s::boolean[], %(heards)s::timestamptz[], %(firsts)s::real[],
    %(patrols)s::timestamptz[], %(batterys)s::smallint[], %(rssis)s::smallint[], %(personss)s::smallint[],
    %(presences)s::boolean[], %(temperatures)s::real[], %(fws)s::text[], %(models)s::text[], %(pictures)s::text[],
    %(on_purposes)s::boolean[], %(pings)s::integer[], %(lags)s::real[], %(boots)s::timestamptz[],
    %(occupieds)s::timestamptz[], %(linkqualities)s::smallint[]
  ) as each (
    device_id, online, heard_at, first_after_s, patrol_at, battery, rssi, persons, presence, temperature, fw, model, picture,
    on_purpose, pings, lag_s, booted_at, occupied_at, linkquality
  )
), before as (
  select device_latest.device_id, device_latest.state, heard.online, heard.heard_at, heard.first_after_s, heard.patrol_at,
    heard.battery, heard.rssi, heard.persons, heard.presence, heard.temperature, heard.fw, heard.model, heard.picture,
    heard.on_purpose, heard.pings, heard.booted_at, heard.occupied_at,
    case heard.online when true then 'online' when false then 'offline' else device_latest.state end as state_now,
    -- it went offline, or was heard again
    heard.online is not null and (device_latest.state = 'offline') = heard.online as turned,
    -- a quarter of what is new: one bad message is no bad line
    coalesce(device_latest.rssi_smooth + (heard.rssi - device_latest.rssi_smooth) / 4, heard.rssi, device_latest.rssi_smooth)
      as rssi_smooth,
    coalesce(
      round(device_latest.linkquality + (heard.linkquality - device_latest.linkquality) / 4.0)::smallint,
      heard.linkquality, device_latest.linkquality
    ) as linkquality,
    -- What is delivered late makes a clock look slow, never fast: the smallest lag is believed at once, a greater one only
    -- from messages that came in time and apart, a minute of it a message. No queue holds anything for a week.
    case
      when heard.lag_s is null then device_latest.clock_skew_s
      when device_latest.clock_skew_s is null or heard.lag_s < device_latest.clock_skew_s or heard.lag_s > 604800
        then heard.lag_s
      when heard.heard_at > device_latest.expected_by or heard.heard_at < device_latest.last_seen + interval '30 seconds'
        then device_latest.clock_skew_s
      else device_latest.clock_skew_s + least((heard.lag_s - device_latest.clock_skew_s) / 4, 60)
    end as clock_skew_s
  from device_latest
  join heard using (device_id)
  order by device_latest.device_id
  for update of device_latest
), changed as (
  update device_latest
  set state = before.state_now,
      state_since = case when before.state_now <> before.state then %(now)s else device_latest.state_since end,
      said_offline = coalesce(not before.online, device_latest.said_offline),
      off_on_purpose = case
        when before.online is null then device_latest.off_on_purpose
        else not before.online and coalesce(before.on_purpose, false)
      end,
      last_seen = coalesce(greatest(device_latest.last_seen, before.heard_at), device_latest.last_seen),
      expected_by = case
        when before.online is false then null
        else coalesce(before.heard_at + before.first_after_s * interval '1 second', device_latest.expected_by)
      end,
      last_patrol_at = coalesce(before.patrol_at, device_latest.last_patrol_at),
      last_presence_at = greatest(
        device_latest.last_presence_at,
        before.occupied_at,
        case when before.presence or before.persons > 0 then before.patrol_at end
      ),
      battery = coalesce(before.battery, device_latest.battery),
      rssi = coalesce(before.rssi, device_latest.rssi),
      rssi_smooth = before.rssi_smooth,
      linkquality = before.linkquality,
      persons = coalesce(before.persons, device_latest.persons),
      presence = coalesce(before.presence, device_latest.presence),
      presence_since = case
        when before.presence <> device_latest.presence
          or before.persons <> device_latest.persons
          or device_latest.presence_since is null and coalesce(before.presence, before.persons > 0) is not null
          then coalesce(before.patrol_at, before.heard_at)
        else device_latest.presence_since
      end,
      temperature = coalesce(before.temperature, device_latest.temperature),
      fw = coalesce(before.fw, device_latest.fw),
      model = coalesce(before.model, device_latest.model),
      picture = coalesce(before.picture, device_latest.picture),
      clock_skew_s = before.clock_skew_s,
      -- an earlier start than is known mends a late message's; a later one is another start
      booted_at = case
        when before.booted_at between device_latest.booted_at - interval '1 minute' and device_latest.booted_at + interval '1 minute'
          then device_latest.booted_at
        else coalesce(before.booted_at, device_latest.booted_at)
      end,
      reboots_today = device_latest.reboots_today
        + case when before.booted_at > device_latest.booted_at + interval '1 minute' then 1 else 0 end,
      pings_today = device_latest.pings_today + coalesce(before.pings, 1),
      battery_min_today = least(device_latest.battery_min_today, before.battery),
      -- silence counts only while we listened
      gap_max_today_s = case
        when device_latest.last_seen >= (select up_since from role_beats where role = 'gateway-bulk')
          then greatest(
            device_latest.gap_max_today_s, date_part('epoch', before.heard_at - device_latest.last_seen)::integer
          )
        else device_latest.gap_max_today_s
      end,
      -- before it was first heard nothing counts
      today_since = case when before.state = 'never' then %(now)s else device_latest.today_since end,
      offline_today_s = case
        when before.turned and before.online
          then device_latest.offline_today_s + offline_s(device_latest.state_since, device_latest.today_since, %(now)s)
        else device_latest.offline_today_s
      end,
      changes_today = case
        when before.turned then device_latest.changes_today + 1
        else device_latest.changes_today
      end,
      restless = case
        when before.turned
          then restlessness(device_latest.restless, device_latest.restless_at, %(now)s) + 1
        else device_latest.restless
      end,
      restless_at = case
        when before.turned then %(now)s
        else device_latest.restless_at
      end,
      to_judge = device_latest.to_judge
        or before.state_now <> before.state
        or before.online is false and coalesce(before.on_purpose, false) <> device_latest.off_on_purpose
        or before.battery is not null and before.battery is distinct from device_latest.battery
        or before.fw is not null and before.fw is distinct from device_latest.fw
        or before.model is not null and before.model is distinct from device_latest.model
        or before.picture is not null and before.picture is distinct from device_latest.picture
        or (before.rssi_smooth <= %(rssi_weak)s) is distinct from (device_latest.rssi_smooth <= %(rssi_weak)s)
        or (before.rssi_smooth < %(rssi_well)s) is distinct from (device_latest.rssi_smooth < %(rssi_well)s)
        or (before.linkquality <= %(linkquality_weak)s)
          is distinct from (device_latest.linkquality <= %(linkquality_weak)s)
        or (before.linkquality < %(linkquality_well)s)
          is distinct from (device_latest.linkquality < %(linkquality_well)s)
        or (abs(before.clock_skew_s) > %(clock_wrong)s)
          is distinct from (abs(device_latest.clock_skew_s) > %(clock_wrong)s)
        or (abs(before.clock_skew_s) > %(clock_right)s)
          is distinct from (abs(device_latest.clock_skew_s) > %(clock_right)s)
  from before
  where device_latest.device_id = before.device_id
  returning device_latest.device_id, device_latest.state, before.state as state_before
), moved as (
  select changed.device_id, changed.state, changed.state_before, devices.uid, homes.area
  from changed
  join devices on devices.id = changed.device_id
  join homes on homes.id = devices.home_id
  where changed.state <> changed.state_before
), told as (
  insert into stream_log (at, event, area, ref)
  select %(now)s, 'device', area, uid
  from moved
  returning 1
), noted as (
  insert into device_changes (device_id, area, at, state, look_at)
  select device_id, area, %(now)s, state, %(now)s
  from moved
  where (state = 'offline') <> (state_before = 'offline')
), uncounted as (
  insert into fleet_stale (area)
  select distinct area
  from moved
)
select case when exists (select from told) then pg_notify('anju_stream', '') end
