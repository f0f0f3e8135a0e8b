-- name: open_about_set
-- Which warnings of these kinds are open about a device? Locked, in order. By the partial index alerts_open.
select id
from alerts
where device_uid = %(uid)s
  and kind = any(%(kinds)s::text[])
  and state <> 'closed'
order by id
for update
