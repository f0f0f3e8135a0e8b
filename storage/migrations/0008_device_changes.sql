-- Which devices fell silent or were heard again, for the rules that warn of it: they see changes, they look through nothing.

create table device_changes (
  id bigint generated always as identity primary key,
  device_id integer not null references devices (id),
  -- where its home stood then; a row outlives an area that is taken out of the tree, and is then looked at in vain
  area text not null,
  at timestamptz not null,
  state text not null check (state in ('online', 'late', 'offline', 'never')),
  -- when the rules look at it; null: it is held under an outage, and looked at whenever its area is
  look_at timestamptz,
  outage_id bigint references alerts (id),
  check (num_nonnulls(look_at, outage_id) = 1)
);
create index device_changes_due on device_changes (look_at) where look_at is not null;
create index device_changes_area on device_changes (area);
create index device_changes_outage on device_changes (outage_id) where outage_id is not null;

-- which warning of a device's silence is open
create index alerts_open_of_silent_device on alerts (device_uid) where kind = 'device_offline' and state <> 'closed';
-- when an area's last outage was over
create index alerts_outages on alerts (area, closed_at) where kind = 'area_outage';
