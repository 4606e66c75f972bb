-- For lists and counts, which so read nothing else. While the index is made, who writes work waits.
create index work_status on :schema.work (queue, status, id);
