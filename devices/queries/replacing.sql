-- name: speak_through
-- Which devices speak through a hub? Nobody else changes them until the transaction ends.
select uid
from devices
where hub_uid = %(hub)s
  and removed_at is null
order by uid
for update

-- name: mark_replaced
-- Writes down which device a new one came in place of.
update devices
set replaces = %(old)s
where uid = %(new)s

-- name: move_to_hub
-- Lets what spoke through one hub speak through another; topics below the old one's base lie below the new one's.
update devices
set hub_uid = %(new)s,
    topic = case
      when %(new_topic)s::text is not null and starts_with(devices.topic, old.topic || '/')
        then %(new_topic)s::text || substr(devices.topic, length(old.topic) + 1)
      else devices.topic
    end
from devices as old
where devices.hub_uid = %(old)s
  and devices.removed_at is null
  and old.uid = %(old)s

-- name: forget_found_by
-- Forgets what a hub named and nobody let in. By discovered_age_of_hub.
delete from discovered
where coalesce(hub_uid, '') = %(hub)s
