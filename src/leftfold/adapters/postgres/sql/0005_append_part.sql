-- The most common append, events for one stream without a condition, in a function that does no more than that takes.

-- Judge and write one append to one stream under the writer's lock, as append_v1 does with several.
--   e_*: its events in their order     e_tags: array literal of sorted tags, or null
-- verdict: 0 stored, 1 not at the expected version, 2 id known.
-- version: after the append, or the one found. last: position of its last event, 0 when nothing was stored.
create function :schema.append_part_v1(
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
    cur := coalesce((select q.version from :schema.events q where q.stream = p_stream order by q.version desc limit 1), 0);
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
            insert into :schema.tags (tag, position) select t.tag, head + 1 from unnest(e_tags[1]::text[]) t (tag);
        end if;
    else
        insert into :schema.events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
            select head + q.o, recorded, coalesce(q.at, recorded), q.id, cur + q.o, q.sv, p_stream, q.type,
                q.data::json, q.meta::json, q.tags::text[]
            from unnest(e_type, e_schema, e_id, e_data, e_meta, e_at, e_tags) with ordinality
                q (type, sv, id, data, meta, at, tags, o);
        if e_tags is not null then
            insert into :schema.tags (tag, position)
                select t.tag, head + q.o
                from unnest(e_tags) with ordinality q (tags, o) cross join lateral unnest(q.tags::text[]) t (tag)
                where q.tags is not null;
        end if;
    end if;
    verdict := 0;
    version := cur + n;
    last := head + n;
end
$$;

revoke all on all functions in schema :schema from public;
