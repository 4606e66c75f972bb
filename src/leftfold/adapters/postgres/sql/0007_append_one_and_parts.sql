-- Two functions for what most appends are: one event, and several appends of one process that ask for nothing but the
-- version of a stream each. They judge as append_v1 does.

-- Judge and write one event under the writer's lock.
--   p_tags: array literal of sorted tags, or null
-- verdict: 0 stored, 1 not at the expected version, 2 id known. Where the stream is at an exact version that was expected,
-- an id that is known fails the insert: to look for it first would cost every append what hardly any needs.
-- version: after the append, or the one found. last: position of the event, 0 when nothing was stored.
create function :schema.append_one_v1(
    p_stream text, p_expected integer, p_type text, p_schema smallint, p_id uuid, p_data text, p_meta text,
    p_at timestamptz, p_tags text,
    out verdict integer, out version integer, out last bigint, out recorded timestamptz)
    language plpgsql volatile security definer
    set search_path to pg_catalog, pg_temp
    set plan_cache_mode to force_generic_plan
    set enable_seqscan to off set enable_bitmapscan to off set enable_hashjoin to off set enable_mergejoin to off
    set jit to off
as $$
declare
    head bigint;
    latest timestamptz;
    cur integer;
    fits boolean;
begin
    perform :schema.lock_v1();
    select q.position, q.recorded_at into head, latest from :schema.events q order by q.position desc limit 1;
    head := coalesce(head, 0);
    recorded := greatest(:schema.now_v1(), latest);
    cur := coalesce(
        (select q.version from :schema.events q
            where q.stream = p_stream and q.version >= greatest(p_expected, 0) order by q.version desc limit 1),
        case when p_expected > 0 then -- it is behind what is expected of it
            (select q.version from :schema.events q where q.stream = p_stream order by q.version desc limit 1) end,
        0);
    fits := p_expected = -1 or cur = p_expected or (p_expected = -2 and cur > 0);
    if (p_expected < 0 or not fits) and exists (select from :schema.events q where q.id = p_id) then
        verdict := 2;
    elsif not fits then
        verdict := 1;
    else
        with stored as (
            insert into :schema.events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
                values (head + 1, recorded, coalesce(p_at, recorded), p_id, cur + 1, p_schema, p_stream, p_type,
                    p_data::json, p_meta::json, p_tags::text[])),
        tagged as (insert into :schema.tags (tag, position) select unnest(p_tags::text[]), head + 1)
        select 0, cur + 1, head + 1 into verdict, version, last;
        return;
    end if;
    version := cur;
    last := 0;
end
$$;

-- Judge and write appends under the writer's lock: each is a part of its own, to a stream that no other part goes to,
-- and no two begin with the same id.
--   p_*: the parts in their order; p_first: id of each one's first event
--   e_*: their events side by side; e_part: which part it is of; e_tags: array literal of sorted tags, or null
-- verdict, version, last: of each part, as append_one_v1 says of one; last: position of its last event.
create function :schema.append_parts_v1(
    p_stream text[], p_expected integer[], p_count integer[], p_first uuid[],
    e_part integer[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[],
    e_at timestamptz[], e_tags text[],
    out verdict integer[], out version integer[], out last bigint[], out recorded timestamptz)
    language plpgsql volatile security definer
    set search_path to pg_catalog, pg_temp
    set plan_cache_mode to force_generic_plan
    set enable_seqscan to off set enable_bitmapscan to off set enable_hashjoin to off set enable_mergejoin to off
    set jit to off
as $$
declare
    head bigint;
    latest timestamptz;
    known uuid[];
    to_position bigint[]; -- of each part: what makes its events' ordinals positions, null when it is not stored
    to_version integer[]; -- and what makes them versions
begin
    perform :schema.lock_v1();
    select q.position, q.recorded_at into head, latest from :schema.events q order by q.position desc limit 1;
    head := coalesce(head, 0);
    recorded := greatest(:schema.now_v1(), latest);
    known := array(select q.id from :schema.events q where q.id = any (p_first));
    select array_agg(j.code),
        array_agg(case when j.code = 0 then j.cur + j.n else j.cur end),
        array_agg(case when j.code = 0 then head + j.stored else 0 end),
        array_agg(case when j.code = 0 then head + j.stored - j.came end),
        array_agg(j.cur + j.n - j.came)
        into verdict, version, last, to_position, to_version
        from (
            select c.code, c.cur, c.n,
                sum(c.n) over (rows unbounded preceding)::integer as came,
                sum(case when c.code = 0 then c.n else 0 end) over (rows unbounded preceding) as stored
            from (
                select v.n, v.cur,
                    case when v.first = any (known) then 2
                        when (v.expected >= 0 and v.cur <> v.expected) or (v.expected = -2 and v.cur = 0) then 1
                        else 0 end as code
                from (
                    select p.n, p.expected, p.first,
                        coalesce(
                            (select q.version from :schema.events q
                                where q.stream = p.stream and q.version >= greatest(p.expected, 0)
                                order by q.version desc limit 1),
                            case when p.expected > 0 then -- it is behind what is expected of it
                                (select q.version from :schema.events q
                                    where q.stream = p.stream order by q.version desc limit 1) end,
                            0) as cur
                    from unnest(p_stream, p_expected, p_count, p_first) p (stream, expected, n, first)
                    offset 0) v -- so that the version is looked for once
                offset 0) c) j;
    with stored as (
        insert into :schema.events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
            select to_position[q.part] + q.o, recorded, coalesce(q.at, recorded), q.id, to_version[q.part] + q.o, q.sv,
                p_stream[q.part], q.type, q.data::json, q.meta::json, q.tags::text[]
            from unnest(e_part, e_type, e_schema, e_id, e_data, e_meta, e_at, e_tags) with ordinality
                q (part, type, sv, id, data, meta, at, tags, o)
            where to_position[q.part] is not null
            returning position, tags)
        insert into :schema.tags (tag, position)
            select unnest(s.tags), s.position from stored s where s.tags is not null;
end
$$;

revoke all on function :schema.append_one_v1, :schema.append_parts_v1 from public;
