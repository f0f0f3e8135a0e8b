-- Test calls: when a home's or an area's presses are announced as tests, how often each button is to be tried, and when it
-- last was. And what Mosquitto is told of a device.

-- For at most two hours: a press that is taken for a test is told as one, and nobody hurries.
create table test_windows (
  id bigint generated always as identity primary key,
  area text references areas (code) on delete cascade,
  home_id bigint references homes (id),
  from_at timestamptz not null,
  to_at timestamptz not null,
  created_by text not null,
  created_at timestamptz not null,
  constraint test_window_is_of_one_place check (num_nonnulls(area, home_id) = 1),
  constraint test_window_is_short check (from_at < to_at and to_at <= from_at + interval '2 hours')
);
-- which are not over: few, whatever was announced in all the years before
create index test_windows_end on test_windows (to_at);

-- How often each button of an area and all below it is to be tried, where that differs from what is usual.
create table test_periods (
  area text primary key references areas (code) on delete cascade,
  every_days integer not null check (every_days between 1 and 366)
);

-- When a press of it last went the whole way: a person took the alert up, and closed it. Null: not since it stands there.
alter table devices add column last_test_at timestamptz;

-- since when each button is untried, the longest first
create index devices_untried on devices (coalesce(last_test_at, placed_at, created_at), uid)
  where removed_at is null and kind in ('button', 'pendant');

-- The same password as in password_hash, as Mosquitto keeps it: PBKDF2-SHA512 instead of bcrypt. Null where the password is
-- older than this column: only a new one can be written here.
alter table devices add column mosquitto_hash text check (mosquitto_hash like '$7$%');

-- Whoever writes the one and knows nothing of the other (the version before) must not leave an old password behind.
create function forget_mosquitto_hash() returns trigger language plpgsql as $$
begin
  if new.password_hash is distinct from old.password_hash and new.mosquitto_hash is not distinct from old.mosquitto_hash
  then
    new.mosquitto_hash := null;
  end if;
  return new;
end
$$;
create trigger devices_forget_mosquitto_hash before update of password_hash on devices
  for each row execute function forget_mosquitto_hash();
