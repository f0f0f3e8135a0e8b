-- Whoever is sent by somebody else is told so: until then the visit waits here.
alter table visits add column told_at timestamptz;
-- nobody is told of what was before
update visits set told_at = requested_at;
create index visits_untold on visits (id)
  where told_at is null and staff_id is not null and state in ('assigned', 'accepted');
