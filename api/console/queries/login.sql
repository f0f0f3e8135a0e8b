-- name: set_language
-- A user's language, for every browser he will use.
update users
set language = %(language)s
where id = %(user_id)s
