-- How well does a device do, from day to day? Facts beside its latest state, a row for each of its days, and what the fleet's
-- page counts. Every column has a constant default: the version before writes around them.

alter table device_latest
  -- the longest silence of its ordinary days, in seconds: learnt; null: not known
  add column usual_gap_s integer check (usual_gap_s > 0),
  -- how far its clock is behind ours, in seconds; negative: ahead
  add column clock_skew_s real,
  add column booted_at timestamptz,
  -- when somebody was last seen or felt by it
  add column last_presence_at timestamptz,
  -- the day its battery will be empty, by the forecast made on battery_day; null: not known
  add column battery_flat_on date,
  add column battery_day date,
  -- smoothed, as rssi_smooth is: one bad message is no bad line
  add column linkquality smallint,
  add column rssi_smooth real,
  -- how often it went offline or came back lately; each change counts one, and half as much half an hour later
  add column restless real not null default 0,
  add column restless_at timestamptz,
  add column flapping_since timestamptz,
  add column firmware_outdated boolean not null default false,
  -- what is wrong with it, by the names of the warnings; kept up by the sweep where `to_judge` says that something changed
  add column problems text[] not null default '{}',
  add column to_judge boolean not null default false,
  -- since when the present day is counted (null: not heard yet), and its counts so far
  add column today_since timestamptz,
  add column offline_today_s integer not null default 0,
  add column pings_today integer not null default 0,
  add column reboots_today smallint not null default 0,
  add column changes_today smallint not null default 0,
  add column battery_min_today smallint,
  add column gap_max_today_s integer;

-- Partial: every ping writes a row anew, and an index without a condition would grow with each.
create index device_latest_to_judge on device_latest (device_id) where to_judge;
create index device_latest_ailing on device_latest (device_id) where problems <> '{}';
create index device_latest_flapping on device_latest (device_id) where flapping_since is not null;

-- who stands behind a hub
create index devices_behind_hub on devices (hub_uid) where hub_uid is not null;

-- The finished days of each device, in the installation's time zone. What is neither online nor offline of a day: before it was first heard, or ours.
create table device_days (
  device_id integer not null references devices (id),
  day date not null,
  online_s integer not null check (online_s >= 0),
  offline_s integer not null check (offline_s >= 0),
  -- seconds in which we did not listen: they count for nobody and against nobody
  ours_down_s integer not null check (ours_down_s >= 0),
  pings integer not null,
  reboots smallint not null,
  went_offline smallint not null,
  battery_min smallint,
  battery_last smallint,
  rssi_avg smallint,
  linkquality_avg smallint,
  gap_max_s integer,
  primary key (device_id, day)
);
create index device_days_age on device_days using brin (day);

-- The same of all devices of a kind that stood in an area that day: what availability is read from.
create table fleet_days (
  area text not null,
  day date not null,
  kind text not null,
  devices integer not null,
  -- how many of them said anything
  heard integer not null,
  online_s bigint not null,
  offline_s bigint not null,
  ours_down_s bigint not null,
  primary key (area, day, kind)
);

-- When did we not listen? A beat after a gap writes it down.
create table ingest_outages (
  id bigint generated always as identity primary key,
  role text not null,
  down_from timestamptz not null,
  down_until timestamptz not null,
  check (down_from < down_until)
);
create index ingest_outages_time on ingest_outages (down_until);

-- For how many seconds between two instants did the readings' lane not listen?
create function ours_down_s(since timestamptz, until timestamptz) returns integer
language sql stable as $$
  select coalesce(sum(extract(epoch from least(down_until, until) - greatest(down_from, since)))::integer, 0)
  from ingest_outages
  where role = 'gateway-bulk'
    and down_until > since
    and down_from < until
$$;

-- How many seconds of a silence that began at `since` belong to the day that is counted from `day_since` on?
create function offline_s(since timestamptz, day_since timestamptz, until timestamptz) returns integer
language sql stable as $$
  select greatest(
    0,
    extract(epoch from until - greatest(since, day_since))::integer - ours_down_s(greatest(since, day_since), until)
  )
$$;

-- How restless is a device at an instant that was so restless when it last changed? Half as much each half hour.
create function restlessness(restless real, since timestamptz, until timestamptz) returns real
language sql immutable as $$
  select case
    when since is null then 0
    else restless * power(0.5, least(extract(epoch from until - since), 86400) / 1800)
  end::real
$$;

-- How far has a pass over all devices come that is done once a day, a batch at a time?
create table daily_passes (
  name text primary key,
  day date not null,
  after_id integer not null,
  finished_at timestamptz
);

-- What firmware is wanted? The nearest area's holds (null: everywhere), then the model's before the kind's before all's.
create table wanted_firmware (
  id bigint generated always as identity primary key,
  area text references areas (code),
  kind text check (kind in ('button', 'pendant', 'camera', 'hub', 'sensor')),
  model text check (length(model) between 1 and 200),
  version text not null check (length(version) between 1 and 100),
  set_at timestamptz not null
);
create unique index wanted_firmware_scope on wanted_firmware (coalesce(area, ''), coalesce(kind, ''), coalesce(model, ''));

-- How many devices of an area are of a kind and in a state ('state:offline') or have a problem ('battery_low')?
create table fleet_figures (
  area text not null,
  kind text not null,
  what text not null,
  devices integer not null,
  primary key (area, kind, what)
);

-- Which areas' figures are to be counted anew? Only added to, and taken by who counts: nobody waits for anybody.
create table fleet_stale (
  id bigint generated always as identity primary key,
  area text not null
);
insert into fleet_stale (area) select distinct area from homes;

create function fleet_is_stale() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'devices' then
    insert into fleet_stale (area)
    select distinct homes.area
    from homes
    join written on written.home_id = homes.id;
  else
    insert into fleet_stale (area)
    select distinct area
    from written;
  end if;
  return null;
end
$$;
create trigger devices_counted after insert on devices
  referencing new table as written for each statement execute function fleet_is_stale();
create trigger devices_counted_anew after update on devices
  referencing new table as written for each statement execute function fleet_is_stale();
create trigger devices_counted_before after update on devices
  referencing old table as written for each statement execute function fleet_is_stale();
create trigger homes_counted_anew after update on homes
  referencing new table as written for each statement execute function fleet_is_stale();
create trigger homes_counted_before after update on homes
  referencing old table as written for each statement execute function fleet_is_stale();
