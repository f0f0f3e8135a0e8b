-- Early warnings: which device or home is to be looked at and when, what stands against it, and what an area or a home wants
-- otherwise than is usual.

-- When do the rules look at a device or a home? Rows are only added (by whoever changes something, and by the look itself
-- for the next time) and taken by the look: nobody waits for anybody.
create table device_looks (
  id bigint generated always as identity primary key,
  device_id integer not null references devices (id) on delete cascade,
  look_at timestamptz not null
);
create index device_looks_due on device_looks (look_at);
create index device_looks_device on device_looks (device_id);

create table home_looks (
  id bigint generated always as identity primary key,
  home_id bigint not null references homes (id) on delete cascade,
  look_at timestamptz not null
);
create index home_looks_due on home_looks (look_at);
create index home_looks_home on home_looks (home_id);

-- A cause that a rule found: since when, and the alert that it raised once it had lasted. The row ends with the cause, so that
-- a warning that a person closed does not come again for the same one.
create table warnings (
  id bigint generated always as identity primary key,
  rule text not null,
  device_id integer references devices (id) on delete cascade,
  home_id bigint references homes (id) on delete cascade,
  since timestamptz not null,
  -- since when the cause seems to be gone; it comes back at times
  gone_since timestamptz,
  alert_id bigint references alerts (id),
  constraint warning_is_about_one_thing check (num_nonnulls(device_id, home_id) = 1),
  constraint what_is_gone_was_told check (gone_since is null or alert_id is not null)
);
create unique index warnings_of_device on warnings (device_id, rule) where device_id is not null;
create unique index warnings_of_home on warnings (home_id, rule) where home_id is not null;

-- What counts as too much or too little, where that is not as usual; a later, narrower scope writes over a wider one.
-- An area with all below it (null: everywhere), there a kind of device (null: all); or one home; or one device.
create table warning_thresholds (
  id bigint generated always as identity primary key,
  rule text not null,
  area text references areas (code) on delete cascade,
  device_kind text check (device_kind in ('button', 'pendant', 'camera', 'hub', 'sensor')),
  home_id bigint references homes (id) on delete cascade,
  device_id integer references devices (id) on delete cascade,
  -- only what differs, by the names of the rule
  own jsonb not null default '{}' check (jsonb_typeof(own) = 'object'),
  -- null: as in the wider scope
  enabled boolean,
  constraint thresholds_are_for_one_scope check (
    num_nonnulls(area, home_id, device_id) <= 1 and (device_kind is null or num_nonnulls(home_id, device_id) = 0)
  )
);
create unique index warning_thresholds_scope on warning_thresholds (
  rule, coalesce(area, ''), coalesce(device_kind, ''), coalesce(home_id, 0), coalesce(device_id, 0)
);

-- How much of its days and nights somebody was seen at a home; the day is the installation's, from morning to morning.
create table home_days (
  home_id bigint not null references homes (id) on delete cascade,
  day date not null,
  day_pings integer not null,
  day_seen integer not null check (day_seen <= day_pings),
  night_pings integer not null,
  night_seen integer not null check (night_seen <= night_pings),
  primary key (home_id, day)
);
create index home_days_age on home_days using brin (day);

alter table device_latest
  -- since when what the camera sees of people is the same
  add column presence_since timestamptz,
  -- when it last said that somebody fell; null: it said since that nobody lies there
  add column fell_at timestamptz;

-- Whatever is registered or changed is looked at: at once, and from then on at its own times.
create function look_at_device() returns trigger language plpgsql as $$
begin
  insert into device_looks (device_id, look_at) select id, '-infinity' from written;
  insert into home_looks (home_id, look_at) select distinct home_id, '-infinity'::timestamptz from written;
  return null;
end
$$;
create trigger devices_looked_at after insert on devices
  referencing new table as written for each statement execute function look_at_device();
create trigger devices_looked_at_anew after update on devices
  referencing new table as written for each statement execute function look_at_device();
-- where a device stood before
create function look_at_old_home() returns trigger language plpgsql as $$
begin
  insert into home_looks (home_id, look_at) select distinct home_id, '-infinity'::timestamptz from written;
  return null;
end
$$;
create trigger devices_looked_at_before after update on devices
  referencing old table as written for each statement execute function look_at_old_home();

create function look_at_home() returns trigger language plpgsql as $$
begin
  insert into home_looks (home_id, look_at) select id, '-infinity' from written;
  return null;
end
$$;
create trigger homes_looked_at_anew after update on homes
  referencing new table as written for each statement execute function look_at_home();

-- What a device says is looked at where it may matter to a rule: whatever writes it, and without a look at most messages.
create function look_at_changed_device() returns trigger language plpgsql as $$
begin
  insert into device_looks (device_id, look_at) values (new.device_id, '-infinity');
  return null;
end
$$;
create trigger device_latest_looked_at after update on device_latest
  for each row when (
    (old.state in ('online', 'late')) <> (new.state in ('online', 'late'))
    or old.battery is distinct from new.battery
    or floor(old.temperature) is distinct from floor(new.temperature)
    or old.picture is distinct from new.picture
    or old.fw is distinct from new.fw
    or old.firmware_outdated <> new.firmware_outdated
    or (old.flapping_since is null) <> (new.flapping_since is null)
    -- heard without its patrol for so long, or patrolling again after that
    or (
      new.last_seen - new.last_patrol_at > interval '30 minutes'
      and old.last_seen - old.last_patrol_at <= interval '30 minutes'
    )
    or new.last_patrol_at - old.last_patrol_at > interval '30 minutes'
  ) execute function look_at_changed_device();

-- Who comes or goes ends a warning of the home; of what is not warned of, the look's own time is early enough.
create function look_at_warned_home() returns trigger language plpgsql as $$
begin
  insert into home_looks (home_id, look_at)
  select devices.home_id, '-infinity'
  from devices
  where devices.id = new.device_id
    and exists (select from warnings where warnings.home_id = devices.home_id);
  return null;
end
$$;
create trigger device_latest_home_looked_at after update on device_latest
  for each row when (
    old.presence_since is distinct from new.presence_since
    -- a sensor that only feels movement
    or new.presence_since is null and old.last_presence_at is distinct from new.last_presence_at
  ) execute function look_at_warned_home();

insert into device_looks (device_id, look_at) select id, '-infinity' from devices where removed_at is null;
insert into home_looks (home_id, look_at) select id, '-infinity' from homes where removed_at is null;

-- which warnings of a device, and of a home, are open
create index alerts_open_of_device on alerts (device_uid, kind) where device_uid is not null and state <> 'closed';
create index alerts_open_of_home on alerts (home_id, kind) where home_id is not null and state <> 'closed';
