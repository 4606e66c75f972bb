-- The log. Position, version and recorded_at are given by the writer under BEGIN IMMEDIATE.
create table events (
    position integer primary key,
    stream text not null,
    version integer not null check (version > 0),
    type text not null,
    schema_version integer not null,
    id text not null unique,
    data text not null,
    metadata text not null,
    tags text,
    occurred_at text,
    recorded_at text not null,
    unique (stream, version)
) strict;

-- Events by tag, for append conditions and log reads.
create table tags (
    tag text not null,
    position integer not null references events (position),
    primary key (tag, position)
) strict, without rowid;

create table meta (
    name text primary key,
    value integer not null
) strict, without rowid;

-- Append-only, for every client of the file. INSERT OR REPLACE fires no DELETE trigger: hence the insert guards.
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
    select raise(abort, 'events are append-only: position, id or stream version exists');
end;

create trigger tags_no_update before update on tags
begin
    select raise(abort, 'tags are append-only');
end;

create trigger tags_no_delete before delete on tags
begin
    select raise(abort, 'tags are append-only');
end;
