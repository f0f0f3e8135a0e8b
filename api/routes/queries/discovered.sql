-- name: list_discovered
-- What waits to be let in, within one's own area by the home of the hub that it was heard through; without a hub it is for
-- those who see everything. The newest first.
select discovered.id
from discovered
left join devices as hub on hub.uid = discovered.hub_uid
left join homes on homes.id = hub.home_id
left join areas on areas.code = homes.area
where (areas.path like %(below)s or (discovered.hub_uid is null and %(unplaced)s))
  and hub.removed_at is null
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(hub)s::text is null or discovered.hub_uid = %(hub)s)
  and (discovered.dismissed_at is not null) = %(dismissed)s
  and (%(after)s::bigint is null or discovered.id < %(after)s)
order by discovered.id desc
limit %(limit)s

-- name: discovered_read
-- What are these? By primary key; `path` says who may see them, null where no hub does.
select discovered.id::text as id, discovered.format, discovered.hub_uid as hub, hub.home_id::text as home,
  homes.area, homes.address as home_address, discovered.address, discovered.topic, discovered.name, discovered.kind,
  discovered.model, discovered.maker, discovered.fw, discovered.first_seen, discovered.last_seen,
  discovered.dismissed_at, discovered.said, areas.path
from discovered
left join devices as hub on hub.uid = discovered.hub_uid
left join homes on homes.id = hub.home_id
left join areas on areas.code = homes.area
where discovered.id = any(%(ids)s)
  and hub.removed_at is null

-- name: hold_discovered
-- Nobody else lets it in or dismisses it until the transaction ends.
select id
from discovered
where id = %(discovered_id)s
for update

-- name: dismiss_discovered
-- Takes it off the list; that it is heard again does not bring it back.
update discovered
set dismissed_at = %(now)s
where id = %(discovered_id)s
  and dismissed_at is null

-- name: recall_discovered
-- Puts it back on the list.
update discovered
set dismissed_at = null
where id = %(discovered_id)s
  and dismissed_at is not null

-- name: let_in_discovered
-- It is a device of the registry now.
delete from discovered
where id = %(discovered_id)s

-- name: uids_begun_with
-- Which uids begin so, those of removed devices too?
select uid
from devices
where starts_with(uid, %(begins)s)
