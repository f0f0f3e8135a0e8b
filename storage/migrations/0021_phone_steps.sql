-- What came of the steps that a staff member's phone kept while there was no line: asked again, the answer is the first one.

create table phone_steps (
  user_id bigint not null references users (id) on delete cascade,
  -- the phone's own, made when the step was taken
  key uuid not null,
  -- null: there is no such visit for him
  visit_id bigint references visits (id),
  step text not null,
  -- the time that the phone gave it
  at timestamptz not null,
  received_at timestamptz not null,
  -- `already`: the visit had gone that far by another way
  result text not null check (result in ('done', 'already', 'refused')),
  -- how far the visit was then
  state text,
  -- what the phone showed of it
  words text,
  note text,
  primary key (user_id, key)
);
create index phone_steps_visit on phone_steps (visit_id);
