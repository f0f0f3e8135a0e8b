-- How people are told, and what is known of a way that does not reach them.

-- What a provider last said against a number; null: nothing. It goes with the number.
alter table staff add column phone_fault text check (phone_fault in ('bad', 'no_sms'));
alter table staff add column phone_fault_at timestamptz;
create index staff_with_fault on staff (id) where phone_fault is not null;

-- Whom an alert is about, where that is a responder and not a home; at most one open of a kind each.
alter table alerts add column staff_id bigint references staff (id);
create unique index alerts_open_of_responder on alerts (staff_id, kind) where staff_id is not null and state <> 'closed';

-- A person's own ways beside his telephone. The address is a secret: who knows it can write there.
create table staff_channels (
  id bigint generated always as identity primary key,
  staff_id bigint not null references staff (id),
  kind text not null check (kind in ('email', 'chat', 'push')),
  name text not null check (length(name) between 1 and 200),
  address text not null check (length(address) between 1 and 4000),
  -- from when to when, by the clock of that zone, only help is told this way; both or none
  quiet_from time,
  quiet_to time,
  timezone text not null,
  created_at timestamptz not null,
  -- since when, and why, it does not work; null: nothing is known against it
  failed_at timestamptz,
  failure text,
  check ((quiet_from is null) = (quiet_to is null))
);
create index staff_channels_staff on staff_channels (staff_id, id);

alter table messages add column staff_channel bigint references staff_channels (id) on delete set null;
-- the provider's id of a first sending that failed: this is the second, and there is no third
alter table messages add column earlier_sid text;
alter table messages drop constraint messages_channel_check;
alter table messages add constraint messages_channel_check check (channel in ('sms', 'voice', 'email', 'chat', 'push'))
  not valid;
alter table messages validate constraint messages_channel_check;
create index messages_of_channel on messages (staff_channel) where staff_channel is not null;

-- Whether the area wants every responder's phone tried when his shift begins; and whose was.
alter table areas add column shift_test boolean not null default false;
create table shift_tests (
  area text not null references areas (code) on delete cascade on update cascade,
  staff_id bigint not null references staff (id),
  ends_at timestamptz not null,
  primary key (area, staff_id, ends_at)
);
