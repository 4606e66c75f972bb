PRAGMA application_id = 1279675460;
BEGIN TRANSACTION;
CREATE TABLE events (
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
INSERT INTO "events" VALUES(1,'account-1',1,'Opened',1,'01a20000-0000-7000-8000-000000000001','{"owner":"Zoë 尺","limit":1e2}','{"actor":"golden","note":"ü"}','["kind:private","owner:1"]','1993-01-01T18:29:59.000001Z','2026-11-24T12:00:00.000001Z');
INSERT INTO "events" VALUES(2,'account-1',2,'Deposited',2,'01a20000-0000-7000-8000-000000000002','{ "amount" : "100.50" , "n":-0 }','{"actor":"golden","note":"ü"}',NULL,NULL,'2026-11-24T12:00:00.000001Z');
INSERT INTO "events" VALUES(3,'conto-ü',1,'Opened',1,'01a20000-0000-7000-8000-000000000003','{"owner":"\u00e9 \"\\ ''","b":1,"a":2,"b":3}','{"actor":"golden","note":"ü"}','["owner:1"]','1993-01-01T18:29:59.000003Z','2026-11-24T12:00:00.000001Z');
INSERT INTO "events" VALUES(4,'account-1',3,'Withdrawn',2,'01a20000-0000-7000-8000-000000000004','null','{"actor":"golden","note":"ü"}','["large","owner:1"]',NULL,'2026-11-24T12:00:00.000001Z');
INSERT INTO "events" VALUES(5,'订单-7',1,'Placed',7,'01a20000-0000-7000-8000-000000000005','["123456789012345678901234567890.000000000000000001"]','{"actor":"golden","note":"ü"}',NULL,'1993-01-01T18:29:59.000005Z','2026-11-24T12:00:00.000001Z');
CREATE TABLE meta (
    name text primary key,
    value integer not null
) strict, without rowid;
INSERT INTO "meta" VALUES('needs_code',1);
INSERT INTO "meta" VALUES('schema_version',1);
CREATE TABLE tags (
    tag text not null,
    position integer not null references events (position),
    primary key (tag, position)
) strict, without rowid;
INSERT INTO "tags" VALUES('kind:private',1);
INSERT INTO "tags" VALUES('large',4);
INSERT INTO "tags" VALUES('owner:1',1);
INSERT INTO "tags" VALUES('owner:1',3);
INSERT INTO "tags" VALUES('owner:1',4);
CREATE TRIGGER events_no_update before update on events
begin
    select raise(abort, 'events are append-only');
end;
CREATE TRIGGER events_no_delete before delete on events
begin
    select raise(abort, 'events are append-only');
end;
CREATE TRIGGER events_no_replace before insert on events
when exists (select 1 from events where position = new.position)
    or exists (select 1 from events where id = new.id)
    or exists (select 1 from events where stream = new.stream and version = new.version)
begin
    select raise(abort, 'events are append-only: position, id or stream version exists');
end;
CREATE TRIGGER tags_no_update before update on tags
begin
    select raise(abort, 'tags are append-only');
end;
CREATE TRIGGER tags_no_delete before delete on tags
begin
    select raise(abort, 'tags are append-only');
end;
COMMIT;
