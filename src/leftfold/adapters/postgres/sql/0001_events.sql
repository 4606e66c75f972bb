-- The log of one store: its tables, what keeps them append-only, and the functions that alone may write them.
-- :schema is the quoted schema, :name the same as text within a literal.

do $$
begin
    if current_setting('server_encoding') <> 'UTF8' then
        raise exception 'the database has encoding %; create one with encoding UTF8', current_setting('server_encoding')
            using errcode = 'LF004';
    end if;
end
$$;

create table :schema.events (
    position bigint primary key,
    recorded_at timestamptz not null,
    occurred_at timestamptz not null,
    id uuid not null constraint events_id_key unique,
    version integer not null check (version > 0),
    schema_version smallint not null check (schema_version > 0),
    stream text collate "C" not null check (octet_length(stream) between 1 and 512),
    type text collate "C" not null check (octet_length(type) between 1 and 512),
    data json not null,
    metadata json not null,
    tags text[] collate "C",
    constraint events_stream_version_key unique (stream, version)
);

create index events_type on :schema.events (type, position);

-- Events by tag, for append conditions and log reads.
create table :schema.tags (
    tag text collate "C" not null check (octet_length(tag) between 1 and 512),
    position bigint not null,
    primary key (tag, position)
);

create table :schema.meta (
    name text primary key,
    value integer not null
);

create function :schema.refuse_change_v1() returns trigger language plpgsql as $$
begin
    raise exception '% of %.%: the log is append-only', tg_op, tg_table_schema, tg_table_name using errcode = 'LF002';
end
$$;

create trigger append_only before update or delete or truncate on :schema.events
    for each statement execute function :schema.refuse_change_v1();
create trigger append_only before update or delete or truncate on :schema.tags
    for each statement execute function :schema.refuse_change_v1();

-- The store's clock, a function of its own so that tests can move it.
create function :schema.now_v1() returns timestamptz language sql volatile as 'select pg_catalog.clock_timestamp()';

-- Whether an event after a position has all of the tags (sorted, none: any event) and one of the types (null: any).
-- Volatile, so that each look has a snapshot of its own. It and lock_v1 run under the settings of those who call them.
create function :schema.matches_v1(p_tags text[], p_types text[], p_after bigint) returns boolean
    language plpgsql volatile
as $$
declare
    rarest bigint;
begin
    if cardinality(p_tags) = 0 then
        if p_types is null then
            return exists (select from :schema.events e where e.position > p_after);
        end if;
        return exists (select from :schema.events e where e.type = any (p_types) and e.position > p_after);
    end if;
    if cardinality(p_tags) > 1 or p_types is not null then -- start from what is rarest, as far as a short look can tell
        select array_agg(o.tag order by o.seen), min(o.seen) into p_tags, rarest from (
            select n.tag, (select count(*) from (
                select from :schema.tags t where t.tag = n.tag and t.position > p_after limit 20) l) as seen
            from unnest(p_tags) n (tag)) o;
        if p_types is not null and rarest > (select count(*) from (
            select from :schema.events e where e.type = any (p_types) and e.position > p_after limit 20) l) then
            return exists (
                select from :schema.events e
                where e.type = any (p_types) and e.position > p_after and not exists (
                    select from unnest(p_tags) n (tag) where not exists (
                        select from :schema.tags o where o.tag = n.tag and o.position = e.position)));
        end if;
    end if;
    return exists (
        select from :schema.tags t
        where t.tag = p_tags[1] and t.position > p_after
            and (cardinality(p_tags) = 1 or not exists (
                select from unnest(p_tags[2:]) n (tag) where not exists (
                    select from :schema.tags o where o.tag = n.tag and o.position = t.position)))
            and (p_types is null or exists (
                select from :schema.events e where e.position = t.position and e.type = any (p_types))));
end
$$;

-- Take the writer's turn: from here to the end of the transaction nobody else appends to this store.
-- The lock is a statement of its own, so that every check after it sees all that was committed before it.
create function :schema.lock_v1() returns void
    language plpgsql volatile
as $$
declare
    idle text := current_setting('idle_in_transaction_session_timeout');
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'an append needs isolation READ COMMITTED, this transaction has %',
            upper(current_setting('transaction_isolation')) using errcode = 'LF001';
    end if;
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);
    end if;
    if idle <> '5s' and (idle = '0' or idle::interval > interval '5s') then
        perform set_config('idle_in_transaction_session_timeout', '5s', true);
    end if;
    perform pg_advisory_xact_lock(hashtextextended('leftfold.append.:name', 0));
end
$$;

-- Judge and write a batch of appends under the writer's lock. Units are appends, parts are their streams.
--   s_*: streams of the batch, once each, in slot order        p_*: parts, those of a unit side by side
--   u_first: id of each unit's first event                     e_*: events, in the order of the parts
--   e_tags: array literal of sorted tags, or null              c_*: condition items, tags and types as JSON arrays
-- verdict of each part: 0 stored, 1 not at the expected version, 2 id known, 3 condition failed.
-- version: after the part, or the one found. position: of the part's last event.
create function :schema.append_v1(
    s_name text[], p_unit integer[], p_slot integer[], p_expected integer[], p_count integer[], u_first uuid[],
    e_stream text[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[],
    e_at timestamptz[], e_tags text[],
    c_unit integer[], c_after bigint[], c_tags text[], c_types text[],
    out verdict integer[], out version integer[], out last bigint[], out recorded timestamptz)
    language plpgsql volatile security definer
    set search_path to pg_catalog, pg_temp
    set plan_cache_mode to force_generic_plan
    set enable_seqscan to off set enable_bitmapscan to off set enable_hashjoin to off set enable_mergejoin to off
    set jit to off
as $$
declare
    parts integer := cardinality(p_slot);
    head bigint;
    latest timestamptz;
    cur integer[];
    known integer[];
    failed integer[];
    ord integer[];
    ver integer[];
    n integer := 0;
    e integer := 0;
    i integer := 1;
    hi integer;
    x integer;
    ok boolean;
begin
    perform :schema.lock_v1();
    select q.position, q.recorded_at into head, latest from :schema.events q order by q.position desc limit 1;
    head := coalesce(head, 0);
    recorded := greatest(:schema.now_v1(), latest);
    select array_agg(coalesce(v.version, 0) order by s.o) into cur
        from unnest(s_name) with ordinality s (stream, o)
        left join lateral (
            select q.version from :schema.events q where q.stream = s.stream order by q.version desc limit 1) v on true;
    select array_agg(f.o::integer) into known
        from unnest(u_first) with ordinality f (id, o)
        cross join lateral (select from :schema.events q where q.id = f.id limit 1) d;
    for k in 1..coalesce(cardinality(c_unit), 0) loop
        if :schema.matches_v1(
            array(select json_array_elements_text(c_tags[k]::json)),
            case when c_types[k] is not null then array(select json_array_elements_text(c_types[k]::json)) end,
            c_after[k]) then
            failed := failed || c_unit[k];
        end if;
    end loop;
    verdict := array_fill(0, array[parts]);
    version := verdict;
    last := array_fill(0::bigint, array[parts]);
    ord := array_fill(0, array[cardinality(e_id)]);
    ver := ord;
    while i <= parts loop
        hi := i;
        while hi < parts and p_unit[hi + 1] = p_unit[i] loop hi := hi + 1; end loop;
        ok := true;
        for j in i..hi loop
            x := p_expected[j];
            if known is not null and p_unit[j] = any (known) then
                verdict[j] := 2; ok := false;
            elsif failed is not null and p_unit[j] = any (failed) then
                verdict[j] := 3; ok := false;
            elsif (x >= 0 and cur[p_slot[j]] <> x) or (x = -2 and cur[p_slot[j]] = 0) then
                verdict[j] := 1; version[j] := cur[p_slot[j]]; ok := false;
            end if;
        end loop;
        for j in i..hi loop
            if ok then
                x := cur[p_slot[j]];
                for z in 1..p_count[j] loop
                    e := e + 1; n := n + 1; x := x + 1;
                    ord[e] := n; ver[e] := x;
                end loop;
                cur[p_slot[j]] := x; version[j] := x; last[j] := head + n;
            else
                e := e + p_count[j];
            end if;
        end loop;
        i := hi + 1;
    end loop;
    if n = 0 then
        return;
    end if;
    insert into :schema.events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
        select head + q.ord, recorded, coalesce(q.at, recorded), q.id, q.ver, q.sv, q.stream, q.type, q.data::json, q.meta::json, q.tags::text[]
        from unnest(e_stream, e_type, e_schema, e_id, e_data, e_meta, e_at, e_tags, ord, ver)
            q (stream, type, sv, id, data, meta, at, tags, ord, ver)
        where q.ord > 0;
    if e_tags is not null then
        insert into :schema.tags (tag, position)
            select t.tag, head + q.ord
            from unnest(e_tags, ord) q (tags, ord) cross join lateral unnest(q.tags::text[]) t (tag)
            where q.ord > 0 and q.tags is not null;
    end if;
end
$$;

-- Take over events with their positions, versions and times; they must continue the log. Not for the application role.
--   s_*: streams and the version of their first event here     e_*: events in position order, from position p_first
create function :schema.restore_v1(
    p_first bigint, s_name text[], s_version integer[],
    e_stream text[], e_version integer[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[],
    e_at timestamptz[], e_recorded timestamptz[], e_tags text[]) returns integer
    language plpgsql volatile security definer
    set search_path to pg_catalog, pg_temp
    set plan_cache_mode to force_generic_plan
    set enable_seqscan to off set enable_bitmapscan to off set enable_hashjoin to off set enable_mergejoin to off
    set jit to off
as $$
declare
    head bigint;
    latest timestamptz;
    flaw text;
begin
    perform :schema.lock_v1();
    select q.position, q.recorded_at into head, latest from :schema.events q order by q.position desc limit 1;
    if coalesce(head, 0) + 1 <> p_first then
        raise exception 'the log here ends at %, position % cannot follow', coalesce(head, 0), p_first using errcode = 'LF003';
    end if;
    select format('stream %s is at version %s, version %s cannot follow', s.stream, coalesce(v.version, 0), s.version) into flaw
        from unnest(s_name, s_version) s (stream, version)
        left join lateral (
            select q.version from :schema.events q where q.stream = s.stream order by q.version desc limit 1) v on true
        where coalesce(v.version, 0) + 1 <> s.version limit 1;
    if flaw is null then
        select format('event %s breaks the order of versions or of recorded times', o.id) into flaw from (
            select q.id,
                q.version - lag(q.version) over (partition by q.stream order by q.o) as step,
                q.recorded < lag(q.recorded, 1, latest) over (order by q.o) as back
            from unnest(e_id, e_stream, e_version, e_recorded) with ordinality q (id, stream, version, recorded, o)) o
        where o.step <> 1 or o.back limit 1;
    end if;
    if flaw is not null then
        raise exception '%', flaw using errcode = 'LF003';
    end if;
    insert into :schema.events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
        select p_first + q.o - 1, q.recorded, q.at, q.id, q.version, q.sv, q.stream, q.type, q.data::json, q.meta::json, q.tags::text[]
        from unnest(e_stream, e_version, e_type, e_schema, e_id, e_data, e_meta, e_at, e_recorded, e_tags)
            with ordinality q (stream, version, type, sv, id, data, meta, at, recorded, tags, o);
    insert into :schema.tags (tag, position)
        select t.tag, p_first + q.o - 1
        from unnest(e_tags) with ordinality q (tags, o) cross join lateral unnest(q.tags::text[]) t (tag)
        where q.tags is not null;
    return cardinality(e_id);
end
$$;

revoke all on all functions in schema :schema from public;
