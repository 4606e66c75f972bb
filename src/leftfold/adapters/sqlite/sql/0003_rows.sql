-- Which generations of which tables of rows are here; one of each name and version may be the active one. The rows are
-- in the table name__version_generation: key, row (JSON text), shard, and the columns that follow from the row.
create table tables (
    name text not null,
    version integer not null,
    generation integer not null,
    shape text not null,
    active integer not null check (active in (0, 1)),
    primary key (name, version, generation)
) strict, without rowid;

create unique index tables_active on tables (name, version) where active;

-- How far followers of the log are, and who may move them on. Times are microseconds since 1970 in UTC.
create table checkpoints (
    name text primary key,
    position integer not null check (position >= 0),
    event_id text,
    token integer not null,
    owner text,
    until integer,
    moved_at integer not null,
    note text
) strict, without rowid;

-- The last token that was given to a claim; it grows, even when checkpoints are forgotten.
create table tokens (last integer not null) strict;

insert into tokens values (0);
