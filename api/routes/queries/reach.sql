-- name: area_path
-- Where does an area lie? By primary key.
select path
from areas
where code = %(code)s

-- name: home_path
-- In which area does a home stand? By primary key.
select areas.path
from homes
join areas on areas.code = homes.area
where homes.id = %(home_id)s
  and homes.removed_at is null

-- name: device_path
-- In which area does a device stand? By the unique index on uid.
select areas.path
from devices
join homes on homes.id = devices.home_id
join areas on areas.code = homes.area
where devices.uid = %(uid)s
  and devices.removed_at is null

-- name: staff_paths
-- To which areas do these people belong? By primary key.
select staff.id, areas.path
from staff
join areas on areas.code = staff.area
where staff.id = any(%(staff_ids)s)
  and staff.removed_at is null

-- name: rota_paths
-- To which areas do these rotas belong? By primary key.
select rotas.id, areas.path
from rotas
join areas on areas.code = rotas.area
where rotas.id = any(%(rota_ids)s)
