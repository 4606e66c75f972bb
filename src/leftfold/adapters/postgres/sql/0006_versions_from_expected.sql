-- The same functions by the same names. The version of a stream is looked for from the one that is expected: an index
-- read backwards hands out all matching entries of a page at once, hundreds where one is asked for.

-- Judge and write one append to one stream under the writer's lock, as append_v1 does with several.
--   e_*: its events in their order     e_tags: array literal of sorted tags, or null
-- verdict: 0 stored, 1 not at the expected version, 2 id known.
-- version: after the append, or the one found. last: position of its last event, 0 when nothing was stored.
create or replace function :schema.append_part_v1(
    p_stream text, p_expected integer,
    e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamptz[], e_tags text[],
    out verdict integer, out version integer, out last bigint, out recorded timestamptz)
    language plpgsql volatile security definer
    set search_path to pg_catalog, pg_temp
    set plan_cache_mode to force_generic_plan
    set enable_seqscan to off set enable_bitmapscan to off set enable_hashjoin to off set enable_mergejoin to off
    set jit to off
as $$
declare
    n integer := cardinality(e_id);
    head bigint;
    latest timestamptz;
    cur integer;
begin
    perform :schema.lock_v1();
    select q.position, q.recorded_at into head, latest from :schema.events q order by q.position desc limit 1;
    head := coalesce(head, 0);
    recorded := greatest(:schema.now_v1(), latest);
    cur := coalesce((
        select q.version from :schema.events q
        where q.stream = p_stream and q.version >= greatest(p_expected, 0) order by q.version desc limit 1), 0);
    if cur = 0 and p_expected > 0 then -- it is behind what is expected of it
        cur := coalesce((
            select q.version from :schema.events q where q.stream = p_stream order by q.version desc limit 1), 0);
    end if;
    last := 0;
    version := cur;
    if exists (select from :schema.events q where q.id = e_id[1]) then
        verdict := 2;
        return;
    elsif (p_expected >= 0 and cur <> p_expected) or (p_expected = -2 and cur = 0) then
        verdict := 1;
        return;
    end if;
    if n = 1 then
        insert into :schema.events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
            values (head + 1, recorded, coalesce(e_at[1], recorded), e_id[1], cur + 1, e_schema[1], p_stream, e_type[1],
                e_data[1]::json, e_meta[1]::json, e_tags[1]::text[]);
        if e_tags[1] is not null then
            insert into :schema.tags (tag, position) select unnest(e_tags[1]::text[]), head + 1;
        end if;
    else
        insert into :schema.events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
            select head + q.o, recorded, coalesce(q.at, recorded), q.id, cur + q.o, q.sv, p_stream, q.type,
                q.data::json, q.meta::json, q.tags::text[]
            from unnest(e_type, e_schema, e_id, e_data, e_meta, e_at, e_tags) with ordinality
                q (type, sv, id, data, meta, at, tags, o);
        if e_tags is not null then
            insert into :schema.tags (tag, position)
                select unnest(q.tags::text[]), head + q.o from unnest(e_tags) with ordinality q (tags, o)
                where q.tags is not null;
        end if;
    end if;
    verdict := 0;
    version := cur + n;
    last := head + n;
end
$$;

-- Judge and write a batch of appends under the writer's lock. Units are appends, parts are their streams.
--   s_*: streams of the batch, once each, in slot order        p_*: parts, those of a unit side by side
--   u_first: id of each unit's first event                     e_*: events, in the order of the parts
--   e_tags: array literal of sorted tags, or null              c_*: condition items, tags and types as JSON arrays
-- verdict of each part: 0 stored, 1 not at the expected version, 2 id known, 3 condition failed.
-- version: after the part, or the one found. position: of the part's last event.
create or replace function :schema.append_v1(
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
    low integer[];
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
    low := array_fill(2147483647, array[cardinality(s_name)]);
    for k in 1..parts loop
        low[p_slot[k]] := least(low[p_slot[k]], greatest(p_expected[k], 0));
    end loop;
    cur := array(
        select coalesce((
            select q.version from :schema.events q
            where q.stream = s.stream and q.version >= s.low order by q.version desc limit 1), sign(-s.low)::integer)
        from unnest(s_name, low) s (stream, low));
    for k in 1..cardinality(cur) loop
        if cur[k] < 0 then -- it is behind what is expected of it
            cur[k] := coalesce((
                select q.version from :schema.events q where q.stream = s_name[k] order by q.version desc limit 1), 0);
        end if;
    end loop;
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
            select unnest(q.tags::text[]), head + q.ord from unnest(e_tags, ord) q (tags, ord)
            where q.ord > 0 and q.tags is not null;
    end if;
end
$$;
