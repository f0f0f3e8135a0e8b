-- Who had the board open, and when: how many alarms an operator was shown is what ISA-18.2 measures.

create table watches (
  id bigint generated always as identity primary key,
  user_id bigint not null references users (id) on delete cascade,
  began_at timestamptz not null,
  -- the line to the page was there so long at least
  seen_at timestamptz not null,
  check (seen_at >= began_at)
);
create index watches_time on watches (seen_at);
