-- What is kept so that the devices of the market are heard: which press was counted, and what waits to be let in.

-- One row a device whose vendor sends presses: what a next message is compared with, so that a press counts once.
create table vendor_presses (
  device_uid text not null,
  -- of what is not registered behind a hub: what the hub calls it; device_uid is then the hub's
  address text not null default '',
  -- when the first message of the last press came
  pressed_at timestamptz,
  -- whether the call for help stands, where the vendor reports it as a state
  alarm_on boolean,
  -- the last messages of presses: which could be the same press, or the same message, once more
  recent jsonb not null default '[]' check (jsonb_typeof(recent) = 'array'),
  changed_at timestamptz not null,
  primary key (device_uid, address)
);
-- those of nobody registered are forgotten after a while
create index vendor_presses_of_strangers on vendor_presses (changed_at) where address <> '';

-- Devices that a hub or a discovery named and nobody has registered yet: they wait for approval.
create table discovered (
  id bigint generated always as identity primary key,
  format text not null,
  -- through whom it was heard; null: a discovery named it, or it stands for itself
  hub_uid text references devices (uid),
  -- what its hub or the discovery calls it
  address text not null,
  -- the base topic of its own, where it does not speak through whoever named it
  topic text,
  name text not null,
  -- a guess in the registry's words
  kind text check (kind in ('button', 'pendant', 'camera', 'hub', 'sensor')),
  model text,
  maker text,
  fw text,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  dismissed_at timestamptz,
  -- a little of what it last said, to know it by
  said jsonb not null default '{}' check (jsonb_typeof(said) = 'object')
);
create unique index discovered_once on discovered (format, coalesce(hub_uid, ''), address);
-- what goes first where too many are named, of one hub and in all
create index discovered_age_of_hub on discovered (coalesce(hub_uid, ''), last_seen);
create index discovered_age on discovered (last_seen);

-- What each lane's further sessions at the broker are subscribed to: the broker keeps a session's subscriptions and does
-- not tell them, and one forgotten there would go on collecting messages.
create table broker_subscriptions (
  lane text not null,
  session integer not null check (session >= 0),
  filter text not null,
  primary key (lane, filter)
);

-- What a camera says of its own picture, and whether silence was meant: somebody switched the device off.
alter table device_latest add column picture text check (picture in ('shown', 'frozen', 'dark'));
alter table device_latest add column off_on_purpose boolean not null default false;

-- What may be said at the broker depends on the format as well.
create trigger devices_tell_broker_of_format after update of format on devices
  for each statement execute function tell_broker();

-- The gateway follows the registry: whoever changes how a device is reached wakes it.
create function tell_addresses() returns trigger language plpgsql as $$
begin
  perform pg_notify('anju_addresses', '');
  return null;
end
$$;
create trigger devices_tell_addresses
  after insert or delete or update of uid, kind, format, topic, hub_uid, patrol_every_s, offline_after_s, removed_at on devices
  for each statement execute function tell_addresses();
