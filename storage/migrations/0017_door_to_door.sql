-- What door-to-door care knows beside the main thread: how closely somebody is watched over, and how a visit may stand.

-- null: as his categories and his age say
alter table residents
  add column risk text check (risk in ('high', 'medium', 'low')),
  -- a change for the worse: until he was seen, he is to be seen within a day
  add column worse_since timestamptz,
  -- died, or moved away: he is nobody's duty any more, and his history stays
  add column left_at timestamptz,
  add column left_why text check (left_why in ('died', 'moved_away', 'other')),
  add check ((left_at is null) = (left_why is null));

alter table visits
  drop constraint visits_state_check,
  add constraint visits_state_check check (state in (
    'requested', 'assigned', 'accepted', 'en_route', 'arrived', 'in_service', 'completed', 'followed_up',
    'declined', 'put_off', 'failed', 'cancelled'
  )),
  drop constraint visits_check2,
  add constraint visits_staff_check check (
    state in ('requested', 'declined', 'put_off', 'cancelled', 'failed') or staff_id is not null
  );
