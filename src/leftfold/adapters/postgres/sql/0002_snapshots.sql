-- States folded so far. They are no facts: they may be replaced and dropped, and losing one costs time only.

create table :schema.snapshots (
    stream text collate "C" not null check (octet_length(stream) between 1 and 512),
    fingerprint text collate "C" not null check (octet_length(fingerprint) between 1 and 512),
    version integer not null check (version > 0),
    state json not null,
    digest text not null,
    primary key (stream, fingerprint, version)
);
