-- name: areas_with_shift_test
-- Which areas want every phone tried when a shift begins?
select code, name
from areas
where shift_test
order by code

-- name: begin_shift_test
-- Notes that this shift's phone is tried; of several engines only one gets a row. By the primary key.
insert into shift_tests (area, staff_id, ends_at)
values (%(area)s, %(staff_id)s, %(ends_at)s)
on conflict do nothing
returning ends_at

-- name: prune_shift_tests
delete from shift_tests
where ends_at < %(before)s
