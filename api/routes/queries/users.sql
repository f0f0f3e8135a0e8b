-- name: lock_users
-- Makes changes of users wait for each other: two administrators must not take the last two seats away at once.
select pg_advisory_xact_lock(hashtextextended('users', 2))

-- name: list_users
-- Who may log in within one's own area? Who sees everything is seen by his like only.
select users.id
from users
left join areas on areas.code = users.area
where (areas.path like %(below)s or (users.area is null and %(everything)s))
  and users.disabled_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(role)s::text is null or users.role = %(role)s)
  and (%(q)s::text is null or starts_with(lower(users.username), lower(%(q)s)))
  and (%(after)s::bigint is null or users.id > %(after)s)
order by users.id
limit %(limit)s

-- name: users_read
-- Who are these users? By primary key; `path` says who may see them (null: he sees everything).
select users.id::text as id, users.username, users.role, users.area, users.staff_id::text as staff, users.language,
  users.created_at, areas.path
from users
left join areas on areas.code = users.area
where users.id = any(%(ids)s)
  and users.disabled_at is null

-- name: insert_user
-- Adds a user, unless somebody has or had that name: the audit log knows people by it.
insert into users (username, password_hash, role, area, staff_id, language, created_at)
values (%(username)s, %(password_hash)s, %(role)s, %(area)s, %(staff_id)s, %(language)s, %(now)s)
on conflict (username) do nothing
returning id

-- name: set_user
-- Writes what a user may do and where.
update users
set role = %(role)s,
    area = %(area)s,
    staff_id = %(staff_id)s,
    language = %(language)s
where id = %(user_id)s

-- name: disable_user
-- Takes a user's log-in away; his name stays his.
update users
set disabled_at = %(now)s
where id = %(user_id)s

-- name: admins_over_everything
-- Who may do everything everywhere, but for this user?
select count(*)
from users
where role = 'admin'
  and area is null
  and disabled_at is null
  and id <> %(user_id)s

-- name: user_by_name
-- Who logs in by that name? By the unique index on username.
select id
from users
where username = %(username)s
