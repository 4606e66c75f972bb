-- What is held is few items, for each worker holds no more than it carries on, and is found apart from what rests: so an
-- item that is begun, carried on and ended under one lease is in one index at a time. When it rests it is listed by
-- status, and is among what is due when it has a time.
drop index work_due;
drop index work_status;
create index work_held on work (queue, wake_at, id) where owner is not null;
create index work_due on work (queue, wake_at, id) where owner is null and wake_at is not null;

-- For lists and counts, which so read nothing else of what rests.
create index work_status on work (queue, status, id) where owner is null;
