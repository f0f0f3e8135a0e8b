-- Somebody has passed it on by hand: no silence holds it any more.
alter table alerts add column told_anyway boolean not null default false;
-- Which shift's text is a message?
create index digests_message on digests (message_id);
