-- Rows beside the log. They change, unlike the log: each table of rows is in a schema of its own, with the views that
-- people read, where the application may make and drop tables.

create schema if not exists ":name_read";

-- Which generations of which tables of rows are there; one of each name and version may be the active one. The rows
-- are in the table name__version_generation: key, row (JSON text), shard, and the columns that follow from the row.
create table :schema.tables (
    name text collate "C" not null,
    version integer not null check (version > 0),
    generation integer not null check (generation > 0),
    shape text not null,
    active boolean not null default false,
    view text,
    primary key (name, version, generation)
);

create unique index tables_active on :schema.tables (name, version) where active;

-- How far followers of the log are, and who may move them on.
create table :schema.checkpoints (
    name text collate "C" constraint checkpoints_pkey primary key check (octet_length(name) between 1 and 512),
    position bigint not null check (position >= 0),
    event_id uuid,
    token bigint not null,
    owner text,
    until timestamptz,
    moved_at timestamptz not null,
    note text
);

-- Tokens of claims: never given twice, also when a checkpoint was forgotten.
create sequence :schema.tokens;

-- The generations of some tables, which stay as they are until the end of the transaction; with p_changing for one who
-- changes them. The lock is taken before the look: nobody writes into a generation that was active a moment ago.
create function :schema.tables_v1(p_names text[], p_versions integer[], p_changing boolean)
    returns table (name text, version integer, generation integer, active boolean, shape text)
    language plpgsql volatile
as $$
begin
    if p_changing then
        perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('leftfold.tables.:name', 0));
    else
        perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('leftfold.tables.:name', 0));
    end if;
    return query
        select t.name, t.version, t.generation, t.active, t.shape
        from unnest(p_names, p_versions) n (name, version)
        join :schema.tables t on t.name = n.name and t.version = n.version;
end
$$;

-- Take the writer's turn and tell the last position, which nobody moves before the transaction ends.
create function :schema.hold_v1() returns bigint
    language plpgsql volatile security definer
    set search_path to pg_catalog, pg_temp
as $$
begin
    perform :schema.lock_v1();
    return coalesce((select q.position from :schema.events q order by q.position desc limit 1), 0);
end
$$;

-- Claim a checkpoint unless another holds it: its new token, and where it is; nothing when another does.
create function :schema.claim_v1(p_name text, p_owner text, p_lease interval)
    returns table (token bigint, "position" bigint, event_id uuid)
    language plpgsql volatile
as $$
declare
    moment timestamptz := :schema.now_v1();
begin
    if pg_catalog.current_setting('synchronous_commit') = 'off' then
        perform pg_catalog.set_config('synchronous_commit', 'on', true);
    end if;
    return query
        insert into :schema.checkpoints as c (name, position, token, owner, until, moved_at)
        values (p_name, 0, nextval(':schema.tokens'), p_owner, moment + p_lease, moment)
        on conflict on constraint checkpoints_pkey do update set
            token = nextval(':schema.tokens'), owner = p_owner, until = :schema.now_v1() + p_lease, note = null
            where c.owner is null or c.owner = p_owner or c.until <= :schema.now_v1()
        returning c.token, c.position, c.event_id;
end
$$;

-- Let a view show p_selection, with the rights that it had.
create function :schema.show_v1(p_view text, p_selection text) returns void
    language plpgsql volatile
as $$
declare
    rights text[];
    each text;
begin
    execute format('create or replace view %s as %s', p_view, p_selection);
exception when invalid_table_definition then -- other columns
    select array_agg(format('grant %s on %s to %s', a.privilege_type, p_view,
        case a.grantee when 0 then 'public' else a.grantee::regrole::text end)) into rights
        from pg_catalog.pg_class c cross join lateral pg_catalog.aclexplode(c.relacl) a
        where c.oid = p_view::regclass and a.grantee <> c.relowner;
    execute format('drop view %s', p_view);
    execute format('create view %s as %s', p_view, p_selection);
    foreach each in array coalesce(rights, '{}') loop
        execute each;
    end loop;
end
$$;

revoke all on all functions in schema :schema from public;
