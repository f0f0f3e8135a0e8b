-- name: hold_policy
-- Nobody else changes the policy until the transaction ends.
select id
from policies
where id = %(policy_id)s
for update

-- name: list_policies
-- Which policies are there within one's own area?
select policies.id
from policies
join areas on areas.code = policies.area
where areas.path like %(below)s
  and (%(area)s::text is null or starts_with(areas.path, %(area)s))
  and (%(kind)s::text is null or policies.kinds is null or %(kind)s = any(policies.kinds))
  and (%(after)s::bigint is null or policies.id > %(after)s)
order by policies.id
limit %(limit)s

-- name: policies_read
-- What are these policies? By primary key; `path` says who may see them.
select policies.id::text as id, policies.area, policies.kinds, policies.severities, policies.repeat,
  case when policies.hours_from is not null then jsonb_build_object(
    'from', to_char(policies.hours_from, 'HH24:MI'), 'to', to_char(policies.hours_to, 'HH24:MI'),
    'timezone', policies.hours_timezone
  ) end as hours,
  coalesce(steps.rows, '[]') as steps, areas.path
from policies
join areas on areas.code = policies.area
left join lateral (
  select jsonb_agg(
    jsonb_build_object(
      'after_s', policy_steps.after_s, 'rota', policy_steps.rota_id::text, 'staff', policy_steps.staff_id::text,
      'channels', to_jsonb(policy_steps.channels), 'channel_delay_s', policy_steps.channel_delay_s,
      'entry', policy_steps.entry
    )
    order by policy_steps.position
  ) as rows
  from policy_steps
  where policy_steps.policy_id = policies.id
) as steps on true
where policies.id = any(%(ids)s)
