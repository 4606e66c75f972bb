PRAGMA application_id = 1279675460;
BEGIN TRANSACTION;
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
INSERT INTO "events" VALUES(1,1,1,'AccountOpened',1,X'018C0000000070008000000000000001','{"owner":"Zo\u00eb 尺"}','{"actor":"golden"}',NULL,NULL,1704110400000001);
INSERT INTO "events" VALUES(2,2,1,'AccountOpened',1,X'018C0000000070008000000000000002','{"owner":"Bob"}','{"actor":"golden"}',NULL,NULL,1704110400000001);
INSERT INTO "events" VALUES(3,1,2,'Deposited',1,X'018C0000000070008000000000000003','{ "teller" : "T1",  "amount" : "100.50" }','{"actor":"golden"}',NULL,NULL,1704196800000001);
INSERT INTO "events" VALUES(4,1,3,'PaidIn',1,X'018C0000000070008000000000000004','{"cents":5050}','{"actor":"golden"}',NULL,NULL,1704283200000001);
INSERT INTO "events" VALUES(5,2,2,'Deposited',2,X'018C0000000070008000000000000005','{"amount":"20","teller":"","currency":"USD"}','{"actor":"golden"}',NULL,NULL,1704283200000001);
INSERT INTO "events" VALUES(6,1,4,'StatementPrinted',1,X'018C0000000070008000000000000006','{"pages":2}','{"actor":"golden"}',NULL,NULL,1704369600000001);
INSERT INTO "events" VALUES(7,1,5,'MovedOut',1,X'018C0000000070008000000000000007','{"amount":"30.25","fee":"0.75"}','{"actor":"golden"}',NULL,NULL,1704456000000001);
INSERT INTO "events" VALUES(8,2,3,'MovedOut',1,X'018C0000000070008000000000000008','{"amount":"5","fee":"1"}','{"actor":"golden"}',NULL,NULL,1704456000000001);
INSERT INTO "events" VALUES(9,3,1,'AccountOpened',2,X'018C0000000070008000000000000009','{"owner":"Cho","currency":"JPY"}','{"actor":"golden"}',NULL,NULL,1704542400000001);
INSERT INTO "events" VALUES(10,3,2,'PaidIn',1,X'018C000000007000800000000000000A','{"cents":70000}','{"actor":"golden"}',NULL,NULL,1704542400000001);
INSERT INTO "events" VALUES(11,3,3,'Withdrawn',1,X'018C000000007000800000000000000B','{"amount":"1E+2"}','{"actor":"golden"}',NULL,NULL,1704628800000001);
INSERT INTO "events" VALUES(12,1,6,'Deposited',1,X'018C000000007000800000000000000C','{"amount":"9.00","teller":"T2"}','{"actor":"golden"}','[4]',1704196800000001,1704715200000001);
INSERT INTO "events" VALUES(13,5,1,'AccountOpened',1,X'018C000000007000800000000000000D','{"owner":"Dan"}','{"actor":"golden"}',NULL,NULL,1704715200000001);
INSERT INTO "events" VALUES(14,5,2,'PaidIn',1,X'018C000000007000800000000000000E','{"cents":1250}','{"actor":"golden"}',NULL,NULL,1704801600000001);
INSERT INTO "events" VALUES(15,5,3,'Deposited',3,X'018C000000007000800000000000000F','{"value":"1.00","currency":"EUR"}','{"actor":"golden"}',NULL,NULL,1704888000000001);
INSERT INTO "events" VALUES(16,6,1,'StatementPrinted',1,X'018C0000000070008000000000000010','{"pages":1}','{"actor":"golden"}',NULL,NULL,1704888000000001);
INSERT INTO "events" VALUES(17,1,7,'Withdrawn',2,X'018C0000000070008000000000000011','{"value":"10"}','{"actor":"golden"}',NULL,NULL,1704974400000001);
INSERT INTO "events" VALUES(18,2,4,'Withdrawn',1,X'018C0000000070008000000000000012','{"amount":"2"}','{"actor":"golden"}','[4]',1704369600000001,1704974400000001);
INSERT INTO "events" VALUES(19,3,4,'MovedOut',1,X'018C0000000070008000000000000013','{"amount":"0","fee":"0.5"}','{"actor":"golden"}',NULL,NULL,1705060800000001);
INSERT INTO "events" VALUES(20,5,4,'StatementPrinted',1,X'018C0000000070008000000000000014','{"pages":9}','{"actor":"golden"}',NULL,NULL,1705060800000001);
CREATE TABLE meta (
    name text primary key,
    value integer not null
) strict, without rowid;
INSERT INTO "meta" VALUES('needs_code',1);
INSERT INTO "meta" VALUES('schema_version',2);
CREATE TABLE names (
    number integer primary key,
    name text not null unique
) strict;
INSERT INTO "names" VALUES(1,'account-Zoë');
INSERT INTO "names" VALUES(2,'account-B');
INSERT INTO "names" VALUES(3,'account-C');
INSERT INTO "names" VALUES(4,'late');
INSERT INTO "names" VALUES(5,'account-D');
INSERT INTO "names" VALUES(6,'account-E');
CREATE TABLE snapshots (
    stream text not null,
    fingerprint text not null,
    version integer not null check (version > 0),
    state text not null,
    digest text not null,
    primary key (stream, fingerprint, version)
) strict, without rowid;
INSERT INTO "snapshots" VALUES('account-B','83716da0fa4a9df610981118cc17363c',3,'{"balance":"15","entries":["20","-5"],"fees":"1","owner":"Bob (EUR)"}','2b14fd4fdaa165b4c4bfa6ee0407ead5');
INSERT INTO "snapshots" VALUES('account-C','2481419d151d6893130669330c118bbd',3,'{"balance":"900.00","entries":["700.00","-1E+2"],"owner":"Cho (JPY)"}','e70587fd75d7f33abf3d8e455ccfcc9c');
INSERT INTO "snapshots" VALUES('account-D','2481419d151d6893130669330c118bbd',3,'{"balance":"1251.00","entries":["1250","1.00"],"owner":"Dan (EUR)"}','632f5b836ff3d41673852acc6648c03a');
INSERT INTO "snapshots" VALUES('account-Zoë','2481419d151d6893130669330c118bbd',5,'{"balance":"120.00","entries":["100.50","50.50","-30.25","-0.75"],"fees":"0.75","owner":"Zoë 尺 (EUR)"}','cf376c6f8de42492f236b19828b92fd9');
CREATE TABLE tags (
    tag integer not null references names (number),
    position integer not null references events (position),
    primary key (tag, position)
) strict, without rowid;
INSERT INTO "tags" VALUES(4,12);
INSERT INTO "tags" VALUES(4,18);
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
COMMIT;
