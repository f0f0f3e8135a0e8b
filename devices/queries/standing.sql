-- name: who_changes
-- Says who makes the changes of this transaction, why, and when: what is kept of a resident's past names them.
select set_config('anju.who', %(who)s, true), set_config('anju.why', %(why)s, true), set_config('anju.at', %(at)s, true)

-- name: set_standing
-- Writes how closely a resident is watched over, and whether he is there at all.
update residents
set risk = %(risk)s,
    worse_since = %(worse_since)s,
    left_at = %(left_at)s,
    left_why = %(left_why)s
where id = %(resident_id)s
