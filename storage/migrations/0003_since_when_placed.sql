-- Since when a device has stood in its home; null: always. What it said before tells of the people of another home.
alter table devices add column placed_at timestamptz;
