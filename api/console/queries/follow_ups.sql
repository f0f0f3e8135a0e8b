-- name: complaints_shown
-- Which complaints are there, the open ones first? By complaints_open, and complaints_area; without their words.
select complaints.id, complaints.area, homes.address, complaints.state, complaints.created_at, staff.name as staff
from complaints
join areas on areas.code = complaints.area
left join homes on homes.id = complaints.home_id
left join staff on staff.id = complaints.staff_id
where areas.path like %(below)s
  and (complaints.state <> 'confirmed') = %(going)s
order by complaints.id desc
limit %(limit)s
