-- Names of streams and tags, each written once: events and tags hold its number, which is never changed.
create table names (
    number integer primary key,
    name text not null unique
) strict;

-- The log. Position, version and recorded_at are given by the writer under BEGIN IMMEDIATE. Read the view `log`:
-- here a stream is its number, an id the 16 bytes of the UUID, tags a JSON array of numbers in the order of their names,
-- a time the microseconds since 1970 in UTC.
create table events (
    position integer primary key,
    stream integer not null references names (number),
    version integer not null check (version > 0),
    type text not null,
    schema_version integer not null,
    id blob not null unique,
    data text not null,
    metadata text not null,
    tags text,
    occurred_at integer,
    recorded_at integer not null,
    unique (stream, version)
) strict;

-- Events by tag, for append conditions and log reads.
create table tags (
    tag integer not null references names (number),
    position integer not null references events (position),
    primary key (tag, position)
) strict, without rowid;

create table meta (
    name text primary key,
    value integer not null
) strict, without rowid;

-- The log as a person reads it.
create view log as
select
    e.position,
    s.name as stream,
    e.version,
    e.type,
    e.schema_version,
    lower(substr(hex(e.id), 1, 8) || '-' || substr(hex(e.id), 9, 4) || '-' || substr(hex(e.id), 13, 4) || '-'
        || substr(hex(e.id), 17, 4) || '-' || substr(hex(e.id), 21)) as id,
    e.data,
    e.metadata,
    (select json_group_array(n.name) from json_each(e.tags) t cross join names n on n.number = t.value) as tags,
    strftime('%Y-%m-%dT%H:%M:%S', e.occurred_s, 'unixepoch') || printf('.%06dZ', e.happened_at - e.occurred_s * 1000000)
        as occurred_at,
    strftime('%Y-%m-%dT%H:%M:%S', e.recorded_s, 'unixepoch') || printf('.%06dZ', e.recorded_at - e.recorded_s * 1000000)
        as recorded_at
from (
    select
        *,
        coalesce(occurred_at, recorded_at) as happened_at,
        coalesce(occurred_at, recorded_at) / 1000000 - (coalesce(occurred_at, recorded_at) % 1000000 < 0) as occurred_s,
        recorded_at / 1000000 - (recorded_at % 1000000 < 0) as recorded_s
    from events
) e join names s on s.number = e.stream;

-- Append-only, for every client of the file. INSERT OR REPLACE fires no DELETE trigger: hence the insert guards. They
-- fail instead of aborting: to be able to abort, SQLite copies every page that an insert is about to change.
create trigger events_no_update before update on events
begin
    select raise(abort, 'events are append-only');
end;

create trigger events_no_delete before delete on events
begin
    select raise(abort, 'events are append-only');
end;

create trigger events_no_replace before insert on events
when exists (select 1 from events where position = new.position)
    or exists (select 1 from events where id = new.id)
    or exists (select 1 from events where stream = new.stream and version = new.version)
begin
    select raise(fail, 'events are append-only: position, id or stream version exists');
end;

create trigger tags_no_update before update on tags
begin
    select raise(abort, 'tags are append-only');
end;

create trigger tags_no_delete before delete on tags
begin
    select raise(abort, 'tags are append-only');
end;

create trigger names_no_update before update on names
begin
    select raise(abort, 'names are append-only');
end;

create trigger names_no_delete before delete on names
begin
    select raise(abort, 'names are append-only');
end;

create trigger names_no_replace before insert on names
when exists (select 1 from names where number = new.number)
    or exists (select 1 from names where name = new.name)
begin
    select raise(fail, 'names are append-only: number or name exists');
end;
