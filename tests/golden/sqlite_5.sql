PRAGMA application_id = 1279675460;
BEGIN TRANSACTION;
CREATE TABLE checkpoints (
    name text primary key,
    position integer not null check (position >= 0),
    event_id text,
    token integer not null,
    owner text,
    until integer,
    moved_at integer not null,
    note text
) strict, without rowid;
CREATE TABLE events (
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
INSERT INTO "events" VALUES(1,1,1,'Opened',1,X'01A20000000070008000000000000001','{"owner":"Zoë 尺","limit":1e2}','{"actor":"golden","note":"ü"}','[2, 3]',725912999000001,1795521600000001);
INSERT INTO "events" VALUES(2,1,2,'Deposited',2,X'01A20000000070008000000000000002','{ "amount" : "100.50" , "n":-0 }','{"actor":"golden","note":"ü"}',NULL,NULL,1795521600000001);
INSERT INTO "events" VALUES(3,4,1,'Opened',1,X'01A20000000070008000000000000003','{"owner":"\u00e9 \"\\ ''","b":1,"a":2,"b":3}','{"actor":"golden","note":"ü"}','[3]',725912999000003,1795521600000001);
INSERT INTO "events" VALUES(4,1,3,'Withdrawn',2,X'01A20000000070008000000000000004','null','{"actor":"golden","note":"ü"}','[5, 3]',NULL,1795521600000001);
INSERT INTO "events" VALUES(5,6,1,'Placed',7,X'01A20000000070008000000000000005','["123456789012345678901234567890.000000000000000001"]','{"actor":"golden","note":"ü"}',NULL,725912999000005,1795521600000001);
CREATE TABLE meta (
    name text primary key,
    value integer not null
) strict, without rowid;
INSERT INTO "meta" VALUES('needs_code',1);
INSERT INTO "meta" VALUES('schema_version',5);
CREATE TABLE names (
    number integer primary key,
    name text not null unique
) strict;
INSERT INTO "names" VALUES(1,'account-1');
INSERT INTO "names" VALUES(2,'kind:private');
INSERT INTO "names" VALUES(3,'owner:1');
INSERT INTO "names" VALUES(4,'conto-ü');
INSERT INTO "names" VALUES(5,'large');
INSERT INTO "names" VALUES(6,'订单-7');
CREATE TABLE snapshots (
    stream text not null,
    fingerprint text not null,
    version integer not null check (version > 0),
    state text not null,
    digest text not null,
    primary key (stream, fingerprint, version)
) strict, without rowid;
INSERT INTO "snapshots" VALUES('account-1','6f1d2c',2,'{"owner":"Zoë 尺","limit":1e2,"b":1,"a":-0}','4d81caf376f9bf53ec42a5398b14357a');
INSERT INTO "snapshots" VALUES('account-1','6f1d2c',3,'{ "balance" : "100.50" }','2b1d26da9048d25a187db87b723b5137');
INSERT INTO "snapshots" VALUES('订单-7','older',1,'null','3055bc184b60b8361a293ab6835de1d5');
CREATE TABLE tables (
    name text not null,
    version integer not null,
    generation integer not null,
    shape text not null,
    active integer not null check (active in (0, 1)),
    primary key (name, version, generation)
) strict, without rowid;
CREATE TABLE tags (
    tag integer not null references names (number),
    position integer not null references events (position),
    primary key (tag, position)
) strict, without rowid;
INSERT INTO "tags" VALUES(2,1);
INSERT INTO "tags" VALUES(3,1);
INSERT INTO "tags" VALUES(3,3);
INSERT INTO "tags" VALUES(3,4);
INSERT INTO "tags" VALUES(5,4);
CREATE TABLE tokens (last integer not null) strict;
INSERT INTO "tokens" VALUES(0);
CREATE TABLE work (
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
INSERT INTO "work" VALUES('held','saga:Transfer:1','running','{ "step" : "reserve" }',1,'worker-ü',1795521615000001,1795521600000001,1795521600000001);
INSERT INTO "work" VALUES('never','process:Order:2','done','{"b":1, "a" : 1.0e2,"b":12345678901234567890, "ü":"\u0041"}',2,NULL,NULL,1795521600000001,1795521600000001);
INSERT INTO "work" VALUES('订单-7','saga:Transfer:1','waiting','{}',1,NULL,32503699799999999,1795521600000001,1795521600000001);
CREATE VIEW log as
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
    select raise(fail, 'events are append-only: position, id or stream version exists');
end;
CREATE TRIGGER tags_no_update before update on tags
begin
    select raise(abort, 'tags are append-only');
end;
CREATE TRIGGER tags_no_delete before delete on tags
begin
    select raise(abort, 'tags are append-only');
end;
CREATE TRIGGER names_no_update before update on names
begin
    select raise(abort, 'names are append-only');
end;
CREATE TRIGGER names_no_delete before delete on names
begin
    select raise(abort, 'names are append-only');
end;
CREATE TRIGGER names_no_replace before insert on names
when exists (select 1 from names where number = new.number)
    or exists (select 1 from names where name = new.name)
begin
    select raise(fail, 'names are append-only: number or name exists');
end;
CREATE UNIQUE INDEX tables_active on tables (name, version) where active;
CREATE INDEX work_held on work (queue, wake_at, id) where owner is not null;
CREATE INDEX work_due on work (queue, wake_at, id) where owner is null and wake_at is not null;
CREATE INDEX work_status on work (queue, status, id) where owner is null;
COMMIT;
