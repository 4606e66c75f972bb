-- States folded so far. They can be folded again, so this table may be changed, and emptied, at any time.
create table snapshots (
    stream text not null,
    fingerprint text not null,
    version integer not null check (version > 0),
    state text not null,
    digest text not null,
    primary key (stream, fingerprint, version)
) strict, without rowid;
