-- name: insert_silence
-- Begins a silence, where the area is known.
insert into silences (area, kinds, from_at, to_at, reason, created_by, created_at)
select areas.code, %(kinds)s, %(start)s, %(end)s, %(reason)s, %(who)s, %(now)s
from areas
where areas.code = %(area)s
returning id

-- name: end_silence
-- Ends a silence early.
update silences
set to_at = %(now)s
where id = %(silence_id)s
  and from_at < %(now)s
  and to_at > %(now)s

-- name: drop_silence
-- Takes away a silence that has not begun.
delete from silences
where id = %(silence_id)s
  and from_at >= %(now)s

-- name: wake_silenced
-- The alerts of a silence are due at once. By alerts_silenced.
update alerts
set next_step_at = %(now)s
where silence_id = %(silence_id)s
  and state in ('raised', 'notified')
