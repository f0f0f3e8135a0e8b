-- What lists and reports of an area or a period ask for, closed alerts and ended visits among them.

create index alerts_area on alerts (area, raised_at);
create index visits_time on visits (requested_at);
create index visits_done_at_home on visits (home_id, completed_at) where state = 'completed';
