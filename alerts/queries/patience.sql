-- name: write_answer_times
insert into answer_times (area, severity, accepted_s, en_route_s, arrived_s, asked_s)
values (%(area)s, %(severity)s, %(accepted_s)s, %(en_route_s)s, %(arrived_s)s, %(asked_s)s)
on conflict (area, severity) do update
set accepted_s = excluded.accepted_s,
    en_route_s = excluded.en_route_s,
    arrived_s = excluded.arrived_s,
    asked_s = excluded.asked_s

-- name: delete_answer_times
delete from answer_times
where area = %(area)s

-- name: write_digest_hour
insert into digest_hours (area, at_hour, timezone)
values (%(area)s, %(at_hour)s, %(timezone)s)
on conflict (area) do update
set at_hour = excluded.at_hour,
    timezone = excluded.timezone

-- name: delete_digest_hour
delete from digest_hours
where area = %(area)s
