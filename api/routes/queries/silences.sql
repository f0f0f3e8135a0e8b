-- name: hold_silence
-- Nobody else ends the silence until the transaction ends.
select id
from silences
where id = %(silence_id)s
for update

-- name: list_silences
-- Which silences are there that are not over by then, in one's own area?
select silences.id
from silences
join areas on areas.code = silences.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(from)s::timestamptz is null or silences.to_at > %(from)s)
  and (%(after)s::bigint is null or silences.id > %(after)s)
order by silences.id
limit %(limit)s

-- name: silences_read
-- What are these silences, and how many open alerts does each hold now? By primary key and alerts_silenced; `path` says
-- who may see them.
select silences.id::text as id, silences.area, silences.kinds, silences.from_at as "from", silences.to_at as "to",
  silences.reason, silences.created_by, silences.created_at,
  (
    select count(*)
    from alerts
    where alerts.silence_id = silences.id
      and alerts.state <> 'closed'
  ) as alerts,
  areas.path
from silences
join areas on areas.code = silences.area
where silences.id = any(%(ids)s)
