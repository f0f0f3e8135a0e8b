-- name: quarantined
-- What could not be read, the newest first; older than the last one seen.
select id, topic, substring(payload from 1 for 600) as payload, size, reason, device_uid, alert_id, received_at
from quarantine
where %(before)s::bigint is null
   or id < %(before)s
order by id desc
limit %(limit)s
