-- name: rotas_of_staff
-- In which rotas may somebody have a shift after that time? By rota_members_staff; one may be lent by an override.
select rota_id
from rota_members
where staff_id = %(staff_id)s
union
select rota_id
from overrides
where staff_id = %(staff_id)s
  and to_at > %(at)s
order by rota_id

-- name: insert_calendar
insert into calendars (staff_id, rota_id, token_hash, made_by, created_at)
values (%(staff_id)s, %(rota_id)s, %(token_hash)s, %(made_by)s, %(now)s)
returning id

-- name: revoke_calendar
update calendars
set revoked_at = coalesce(revoked_at, %(now)s)
where id = %(calendar_id)s

-- name: calendar_of_token
-- Whose shifts may be read with that token, in which language and under which name? By the unique index on token_hash; no
-- more once it is revoked, or its maker's account is, or the person has left.
select calendars.staff_id, calendars.rota_id, coalesce(staff.name, rotas.name), staff.language
from calendars
join users on users.id = calendars.made_by
left join staff on staff.id = calendars.staff_id
left join rotas on rotas.id = calendars.rota_id
where calendars.token_hash = %(token_hash)s
  and calendars.revoked_at is null
  and users.disabled_at is null
  and staff.removed_at is null
