-- What was a resident before? Every change of what he is and where he lives, by whoever made it and why; never changed itself.
create table resident_history (
  id bigint generated always as identity primary key,
  resident_id bigint not null references residents (id) on delete cascade,
  at timestamptz not null,
  -- null: nobody who was logged in
  who text,
  why text,
  field text not null,
  was text,
  became text
);
create index resident_history_resident on resident_history (resident_id, id);
create trigger resident_history_is_a_record before update or truncate on resident_history
  for each statement execute function refuse_change();

-- Written by the row itself, so that no way of changing it is forgotten; who and why come with the transaction.
create function keep_resident_history() returns trigger language plpgsql as $$
begin
  insert into resident_history (resident_id, at, who, why, field, was, became)
  select new.id, coalesce(nullif(current_setting('anju.at', true), '')::timestamptz, transaction_timestamp()),
    nullif(current_setting('anju.who', true), ''), nullif(current_setting('anju.why', true), ''),
    each.field, each.was, each.became
  from (
    values
      ('name', old.name, new.name),
      ('home', old.home_id::text, new.home_id::text),
      ('category', array_to_string(old.category, ','), array_to_string(new.category, ',')),
      ('risk', old.risk, new.risk),
      ('worse_since', old.worse_since::text, new.worse_since::text),
      ('left_at', old.left_at::text, new.left_at::text),
      ('left_why', old.left_why, new.left_why),
      ('removed_at', old.removed_at::text, new.removed_at::text)
  ) as each (field, was, became)
  where each.was is distinct from each.became;
  return null;
end
$$;
create trigger residents_have_a_history after update on residents
  for each row execute function keep_resident_history();
