-- What has to go on, when it is due, and who does it now. Times are microseconds since 1970 in UTC; a moment that had
-- passed already when it was written is the one of the write, and where somebody holds it, wake_at is the end of the lease.
create table work (
    id text primary key,
    queue text not null,
    status text not null,
    state text not null,
    token integer not null check (token > 0),
    owner text,
    wake_at integer,
    created_at integer not null,
    changed_at integer not null
) strict;

-- What never becomes due by itself is not in it.
create index work_due on work (queue, wake_at, id) where wake_at is not null;

-- For lists and counts, which so read nothing else.
create index work_status on work (queue, status, id);
