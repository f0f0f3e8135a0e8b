-- name: standing_held
-- How does the resident stand? Held until the end of the transaction.
select risk, worse_since, left_at, left_why, created_at
from residents
where id = %(resident_id)s
  and removed_at is null
for update

-- name: resident_past
-- What was changed of a resident, the newest first? By resident_history_resident.
select id, at, who, why, field, was, became
from resident_history
where resident_id = %(resident_id)s
  and (%(after)s::bigint is null or id < %(after)s)
order by id desc
limit %(limit)s
