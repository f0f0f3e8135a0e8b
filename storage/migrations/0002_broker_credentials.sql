-- What the broker is told of a device, and what the roles count of themselves.

-- bcrypt, as brokers keep it, of 160 random bits: the lowest cost is enough, nobody guesses those. Nothing was ever stored
-- in the column before: no device had been given a password.
alter table devices drop column password_hash;
alter table devices add column password_hash text check (password_hash like '$2_$%');

-- The broker follows the registry: whoever writes a device's credentials wakes it.
create function tell_broker() returns trigger language plpgsql as $$
begin
  perform pg_notify('anju_devices', '');
  return null;
end
$$;
create trigger devices_tell_broker after insert or delete or update of uid, password_hash, kind, topic, removed_at on devices
  for each statement execute function tell_broker();

-- Messages stored, batches failed: what each role counted since it started, for /metrics.
alter table role_beats add column counters jsonb not null default '{}';

-- Numbers the changes of credentials, taken after their commit: the broker says up to which one it has read the registry.
create sequence broker_changes;
