-- name: hold_shifts
-- Nobody else changes who has a rota's shifts by a swap until the transaction ends.
select id
from rotas
where id = %(rota_id)s
for no key update

-- name: names_of
-- Who are these people? Those who have left too.
select id, name
from staff
where id = any(%(staff_ids)s)

-- name: insert_swap
insert into swaps (rota_id, from_at, to_at, asked_by, staff_id, asked_at, next_step_at)
values (%(rota_id)s, %(start)s, %(end)s, %(asked_by)s, %(staff_id)s, %(now)s, %(start)s)
returning id

-- name: rota_of_swap
select rota_id
from swaps
where id = %(swap_id)s

-- name: lock_swap
-- The swap as it stands, with the names of the two, held until the end of the transaction.
select swaps.id, swaps.state, swaps.rota_id, rotas.name, rotas.timezone, swaps.from_at, swaps.to_at, swaps.asked_by,
  asker.name, swaps.staff_id, taker.name
from swaps
join rotas on rotas.id = swaps.rota_id
join staff as asker on asker.id = swaps.asked_by
join staff as taker on taker.id = swaps.staff_id
where swaps.id = %(swap_id)s
for update of swaps

-- name: set_swap_asked
update swaps
set next_step_at = %(next_step_at)s
where id = %(swap_id)s

-- name: set_swap_asked_again
update swaps
set asked_again = true,
    next_step_at = %(next_step_at)s
where id = %(swap_id)s

-- name: set_swap_decided
update swaps
set state = %(state)s,
    decided_at = %(now)s,
    override_id = %(override_id)s,
    next_step_at = null
where id = %(swap_id)s

-- name: swaps_beside
-- Who else was asked for some of this time? By swaps_rota.
select id
from swaps
where rota_id = %(rota_id)s
  and asked_by = %(asked_by)s
  and state = 'asked'
  and from_at < %(end)s
  and to_at > %(start)s
order by id
for update

-- name: due_swaps
-- Which swaps are to be asked again, or over? By swaps_due; those another engine holds are passed over.
select id
from swaps
where next_step_at <= %(now)s
order by next_step_at
limit 100
for update skip locked

-- name: asked_last
-- Was the last that was written to a phone a question about a swap that is still open? By messages_recipient.
select latest.swap_id
from (
  select messages.swap_id
  from messages
  where messages.recipient = %(phone)s
    and messages.state not in ('queued', 'failed', 'canceled')
  order by messages.id desc
  limit 1
) as latest
join swaps on swaps.id = latest.swap_id
join staff on staff.id = swaps.staff_id
where swaps.state = 'asked'
  and staff.phone = %(phone)s

-- name: write_swap_message
insert into messages (
  swap_id, staff_id, recipient, channel, purpose, text, language, segments, severity, created_at, next_attempt_at,
  expires_at
)
values (
  %(swap_id)s, %(staff_id)s, %(recipient)s, 'sms', 'inform', %(text)s, %(language)s, %(segments)s, 'normal', %(now)s,
  %(now)s, %(expires_at)s
)

-- name: cancel_waiting_questions
-- What has not left yet and would no longer be true is not sent. By messages_swap.
update messages
set state = 'canceled',
    next_attempt_at = null
where swap_id = %(swap_id)s
  and state = 'queued'
  and next_attempt_at is not null

-- name: write_swap_timeline
insert into swap_timeline (swap_id, at, what, who, detail)
values (%(swap_id)s, %(at)s, %(what)s, %(who)s, %(detail)s)
