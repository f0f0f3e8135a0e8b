-- Which device a home's device came in place of: the history of a home goes on there.
alter table devices add column replaces text references devices (uid);
-- what came in place of a device that was taken out
create index devices_in_place_of on devices (replaces) where replaces is not null;
