--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: leftfold; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA leftfold;


--
-- Name: append_one_v1(text, integer, text, smallint, uuid, text, text, timestamp with time zone, text); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.append_one_v1(p_stream text, p_expected integer, p_type text, p_schema smallint, p_id uuid, p_data text, p_meta text, p_at timestamp with time zone, p_tags text, OUT verdict integer, OUT version integer, OUT last bigint, OUT recorded timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
declare
    head bigint;
    latest timestamptz;
    cur integer;
    fits boolean;
begin
    perform "leftfold".lock_v1();
    select q.position, q.recorded_at into head, latest from "leftfold".events q order by q.position desc limit 1;
    head := coalesce(head, 0);
    recorded := greatest("leftfold".now_v1(), latest);
    cur := coalesce(
        (select q.version from "leftfold".events q
            where q.stream = p_stream and q.version >= greatest(p_expected, 0) order by q.version desc limit 1),
        case when p_expected > 0 then -- it is behind what is expected of it
            (select q.version from "leftfold".events q where q.stream = p_stream order by q.version desc limit 1) end,
        0);
    fits := p_expected = -1 or cur = p_expected or (p_expected = -2 and cur > 0);
    if (p_expected < 0 or not fits) and exists (select from "leftfold".events q where q.id = p_id) then
        verdict := 2;
    elsif not fits then
        verdict := 1;
    else
        with stored as (
            insert into "leftfold".events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
                values (head + 1, recorded, coalesce(p_at, recorded), p_id, cur + 1, p_schema, p_stream, p_type,
                    p_data::json, p_meta::json, p_tags::text[])),
        tagged as (insert into "leftfold".tags (tag, position) select unnest(p_tags::text[]), head + 1)
        select 0, cur + 1, head + 1 into verdict, version, last;
        return;
    end if;
    version := cur;
    last := 0;
end
$$;


--
-- Name: append_part_v1(text, integer, text[], smallint[], uuid[], text[], text[], timestamp with time zone[], text[]); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.append_part_v1(p_stream text, p_expected integer, e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], OUT verdict integer, OUT version integer, OUT last bigint, OUT recorded timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
declare
    n integer := cardinality(e_id);
    head bigint;
    latest timestamptz;
    cur integer;
begin
    perform "leftfold".lock_v1();
    select q.position, q.recorded_at into head, latest from "leftfold".events q order by q.position desc limit 1;
    head := coalesce(head, 0);
    recorded := greatest("leftfold".now_v1(), latest);
    cur := coalesce((
        select q.version from "leftfold".events q
        where q.stream = p_stream and q.version >= greatest(p_expected, 0) order by q.version desc limit 1), 0);
    if cur = 0 and p_expected > 0 then -- it is behind what is expected of it
        cur := coalesce((
            select q.version from "leftfold".events q where q.stream = p_stream order by q.version desc limit 1), 0);
    end if;
    last := 0;
    version := cur;
    if exists (select from "leftfold".events q where q.id = e_id[1]) then
        verdict := 2;
        return;
    elsif (p_expected >= 0 and cur <> p_expected) or (p_expected = -2 and cur = 0) then
        verdict := 1;
        return;
    end if;
    if n = 1 then
        insert into "leftfold".events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
            values (head + 1, recorded, coalesce(e_at[1], recorded), e_id[1], cur + 1, e_schema[1], p_stream, e_type[1],
                e_data[1]::json, e_meta[1]::json, e_tags[1]::text[]);
        if e_tags[1] is not null then
            insert into "leftfold".tags (tag, position) select unnest(e_tags[1]::text[]), head + 1;
        end if;
    else
        insert into "leftfold".events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
            select head + q.o, recorded, coalesce(q.at, recorded), q.id, cur + q.o, q.sv, p_stream, q.type,
                q.data::json, q.meta::json, q.tags::text[]
            from unnest(e_type, e_schema, e_id, e_data, e_meta, e_at, e_tags) with ordinality
                q (type, sv, id, data, meta, at, tags, o);
        if e_tags is not null then
            insert into "leftfold".tags (tag, position)
                select unnest(q.tags::text[]), head + q.o from unnest(e_tags) with ordinality q (tags, o)
                where q.tags is not null;
        end if;
    end if;
    verdict := 0;
    version := cur + n;
    last := head + n;
end
$$;


--
-- Name: append_parts_v1(text[], integer[], integer[], uuid[], integer[], text[], smallint[], uuid[], text[], text[], timestamp with time zone[], text[]); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.append_parts_v1(p_stream text[], p_expected integer[], p_count integer[], p_first uuid[], e_part integer[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], OUT verdict integer[], OUT version integer[], OUT last bigint[], OUT recorded timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
declare
    head bigint;
    latest timestamptz;
    known uuid[];
    to_position bigint[]; -- of each part: what makes its events' ordinals positions, null when it is not stored
    to_version integer[]; -- and what makes them versions
begin
    perform "leftfold".lock_v1();
    select q.position, q.recorded_at into head, latest from "leftfold".events q order by q.position desc limit 1;
    head := coalesce(head, 0);
    recorded := greatest("leftfold".now_v1(), latest);
    known := array(select q.id from "leftfold".events q where q.id = any (p_first));
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
                            (select q.version from "leftfold".events q
                                where q.stream = p.stream and q.version >= greatest(p.expected, 0)
                                order by q.version desc limit 1),
                            case when p.expected > 0 then -- it is behind what is expected of it
                                (select q.version from "leftfold".events q
                                    where q.stream = p.stream order by q.version desc limit 1) end,
                            0) as cur
                    from unnest(p_stream, p_expected, p_count, p_first) p (stream, expected, n, first)
                    offset 0) v -- so that the version is looked for once
                offset 0) c) j;
    with stored as (
        insert into "leftfold".events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
            select to_position[q.part] + q.o, recorded, coalesce(q.at, recorded), q.id, to_version[q.part] + q.o, q.sv,
                p_stream[q.part], q.type, q.data::json, q.meta::json, q.tags::text[]
            from unnest(e_part, e_type, e_schema, e_id, e_data, e_meta, e_at, e_tags) with ordinality
                q (part, type, sv, id, data, meta, at, tags, o)
            where to_position[q.part] is not null
            returning position, tags)
        insert into "leftfold".tags (tag, position)
            select unnest(s.tags), s.position from stored s where s.tags is not null;
end
$$;


--
-- Name: append_v1(text[], integer[], integer[], integer[], integer[], uuid[], text[], text[], smallint[], uuid[], text[], text[], timestamp with time zone[], text[], integer[], bigint[], text[], text[]); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.append_v1(s_name text[], p_unit integer[], p_slot integer[], p_expected integer[], p_count integer[], u_first uuid[], e_stream text[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], c_unit integer[], c_after bigint[], c_tags text[], c_types text[], OUT verdict integer[], OUT version integer[], OUT last bigint[], OUT recorded timestamp with time zone) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
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
    perform "leftfold".lock_v1();
    select q.position, q.recorded_at into head, latest from "leftfold".events q order by q.position desc limit 1;
    head := coalesce(head, 0);
    recorded := greatest("leftfold".now_v1(), latest);
    low := array_fill(2147483647, array[cardinality(s_name)]);
    for k in 1..parts loop
        low[p_slot[k]] := least(low[p_slot[k]], greatest(p_expected[k], 0));
    end loop;
    cur := array(
        select coalesce((
            select q.version from "leftfold".events q
            where q.stream = s.stream and q.version >= s.low order by q.version desc limit 1), sign(-s.low)::integer)
        from unnest(s_name, low) s (stream, low));
    for k in 1..cardinality(cur) loop
        if cur[k] < 0 then -- it is behind what is expected of it
            cur[k] := coalesce((
                select q.version from "leftfold".events q where q.stream = s_name[k] order by q.version desc limit 1), 0);
        end if;
    end loop;
    select array_agg(f.o::integer) into known
        from unnest(u_first) with ordinality f (id, o)
        cross join lateral (select from "leftfold".events q where q.id = f.id limit 1) d;
    for k in 1..coalesce(cardinality(c_unit), 0) loop
        if "leftfold".matches_v1(
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
    insert into "leftfold".events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
        select head + q.ord, recorded, coalesce(q.at, recorded), q.id, q.ver, q.sv, q.stream, q.type, q.data::json, q.meta::json, q.tags::text[]
        from unnest(e_stream, e_type, e_schema, e_id, e_data, e_meta, e_at, e_tags, ord, ver)
            q (stream, type, sv, id, data, meta, at, tags, ord, ver)
        where q.ord > 0;
    if e_tags is not null then
        insert into "leftfold".tags (tag, position)
            select unnest(q.tags::text[]), head + q.ord from unnest(e_tags, ord) q (tags, ord)
            where q.ord > 0 and q.tags is not null;
    end if;
end
$$;


--
-- Name: claim_v1(text, text, interval); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.claim_v1(p_name text, p_owner text, p_lease interval) RETURNS TABLE(token bigint, "position" bigint, event_id uuid)
    LANGUAGE plpgsql
    AS $$
declare
    moment timestamptz := "leftfold".now_v1();
begin
    if pg_catalog.current_setting('synchronous_commit') = 'off' then
        perform pg_catalog.set_config('synchronous_commit', 'on', true);
    end if;
    return query
        insert into "leftfold".checkpoints as c (name, position, token, owner, until, moved_at)
        values (p_name, 0, nextval('"leftfold".tokens'), p_owner, moment + p_lease, moment)
        on conflict on constraint checkpoints_pkey do update set
            token = nextval('"leftfold".tokens'), owner = p_owner, until = "leftfold".now_v1() + p_lease, note = null
            where c.owner is null or c.owner = p_owner or c.until <= "leftfold".now_v1()
        returning c.token, c.position, c.event_id;
end
$$;


--
-- Name: hold_v1(); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.hold_v1() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    perform "leftfold".lock_v1();
    return coalesce((select q.position from "leftfold".events q order by q.position desc limit 1), 0);
end
$$;


--
-- Name: lock_v1(); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.lock_v1() RETURNS void
    LANGUAGE plpgsql
    AS $$
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
    perform pg_advisory_xact_lock(hashtextextended('leftfold.append.leftfold', 0));
end
$$;


--
-- Name: matches_v1(text[], text[], bigint); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.matches_v1(p_tags text[], p_types text[], p_after bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
    last constant bigint := 9223372036854775807;
    few constant bigint := 20;
    looked bigint := few;
    tried bigint;
    rarest bigint;
begin
    if cardinality(p_tags) = 0 then
        if p_types is null then
            return exists (select from "leftfold".events e where e.position > p_after);
        end if;
        return exists (
            select from unnest(p_types) n (type) cross join lateral (
                select from "leftfold".events e
                where (e.type, e.position) > (n.type, p_after) and (e.type, e.position) <= (n.type, last)
                limit 1) l);
    end if;
    if cardinality(p_tags) = 1 and p_types is null then
        return exists (select from "leftfold".tags t where t.tag = p_tags[1] and t.position > p_after);
    end if;
    loop
        select array_agg(n.tag order by l.seen), min(l.seen) into p_tags, rarest
            from unnest(p_tags) n (tag) cross join lateral (
                select count(*) as seen from (
                    select from "leftfold".tags t where t.tag = n.tag and t.position > p_after limit looked) t) l;
        if p_types is not null and rarest >= few and rarest > (select count(*) from (
            select from unnest(p_types) n (type) cross join lateral (
                select from "leftfold".events e
                where (e.type, e.position) > (n.type, p_after) and (e.type, e.position) <= (n.type, last)
                limit rarest) l limit rarest) l) then
            return exists (
                select from unnest(p_types) n (type) cross join lateral (
                    select e.position from "leftfold".events e
                    where (e.type, e.position) > (n.type, p_after) and (e.type, e.position) <= (n.type, last)
                    limit rarest) e
                where not exists (
                    select from unnest(p_tags) n (tag) where not exists (
                        select from "leftfold".tags o where o.tag = n.tag and o.position = e.position)));
        end if;
        tried := looked * cardinality(p_tags);
        if exists (
            select from (
                select t.position from "leftfold".tags t
                where t.tag = p_tags[1] and t.position > p_after order by t.position limit tried) t
            where (cardinality(p_tags) = 1 or not exists (
                    select from unnest(p_tags[2:]) n (tag) where not exists (
                        select from "leftfold".tags o where o.tag = n.tag and o.position = t.position)))
                and (p_types is null
                    or (select e.type from "leftfold".events e where e.position = t.position) = any (p_types))) then
            return true;
        end if;
        exit when rarest < looked;
        p_after := (
            select t.position from "leftfold".tags t
            where t.tag = p_tags[1] and t.position > p_after order by t.position offset tried - 1 limit 1);
        exit when p_after is null;
        looked := looked * 10;
    end loop;
    return false;
end
$$;


--
-- Name: now_v1(); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.now_v1() RETURNS timestamp with time zone
    LANGUAGE sql
    AS $$select pg_catalog.clock_timestamp()$$;


--
-- Name: refuse_change_v1(); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.refuse_change_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '% of %.%: the log is append-only', tg_op, tg_table_schema, tg_table_name using errcode = 'LF002';
end
$$;


--
-- Name: restore_v1(bigint, text[], integer[], text[], integer[], text[], smallint[], uuid[], text[], text[], timestamp with time zone[], timestamp with time zone[], text[]); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.restore_v1(p_first bigint, s_name text[], s_version integer[], e_stream text[], e_version integer[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_recorded timestamp with time zone[], e_tags text[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
declare
    head bigint;
    latest timestamptz;
    flaw text;
begin
    perform "leftfold".lock_v1();
    select q.position, q.recorded_at into head, latest from "leftfold".events q order by q.position desc limit 1;
    if coalesce(head, 0) + 1 <> p_first then
        raise exception 'the log here ends at %, position % cannot follow', coalesce(head, 0), p_first using errcode = 'LF003';
    end if;
    select format('stream %s is at version %s, version %s cannot follow', s.stream, coalesce(v.version, 0), s.version) into flaw
        from unnest(s_name, s_version) s (stream, version)
        left join lateral (
            select q.version from "leftfold".events q where q.stream = s.stream order by q.version desc limit 1) v on true
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
    insert into "leftfold".events (position, recorded_at, occurred_at, id, version, schema_version, stream, type, data, metadata, tags)
        select p_first + q.o - 1, q.recorded, q.at, q.id, q.version, q.sv, q.stream, q.type, q.data::json, q.meta::json, q.tags::text[]
        from unnest(e_stream, e_version, e_type, e_schema, e_id, e_data, e_meta, e_at, e_recorded, e_tags)
            with ordinality q (stream, version, type, sv, id, data, meta, at, recorded, tags, o);
    insert into "leftfold".tags (tag, position)
        select t.tag, p_first + q.o - 1
        from unnest(e_tags) with ordinality q (tags, o) cross join lateral unnest(q.tags::text[]) t (tag)
        where q.tags is not null;
    return cardinality(e_id);
end
$$;


--
-- Name: show_v1(text, text); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.show_v1(p_view text, p_selection text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: tables_v1(text[], integer[], boolean); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.tables_v1(p_names text[], p_versions integer[], p_changing boolean) RETURNS TABLE(name text, version integer, generation integer, active boolean, shape text)
    LANGUAGE plpgsql
    AS $$
begin
    if p_changing then
        perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('leftfold.tables.leftfold', 0));
    else
        perform pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtextextended('leftfold.tables.leftfold', 0));
    end if;
    return query
        select t.name, t.version, t.generation, t.active, t.shape
        from unnest(p_names, p_versions) n (name, version)
        join "leftfold".tables t on t.name = n.name and t.version = n.version;
end
$$;


--
-- Name: work_claim_v1(text[], text, interval, bigint); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.work_claim_v1(p_queues text[], p_owner text, p_lease interval, p_limit bigint) RETURNS TABLE(id text, queue text, status text, state text, token bigint, owner text, wake_at timestamp with time zone, created_at timestamp with time zone, changed_at timestamp with time zone)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    AS $$
#variable_conflict use_column
declare
    moment timestamptz;
    most bigint := 4 * p_limit;
    claimed bigint := 0;
    more boolean := true;
    due text[];
    n bigint;
begin
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);
    end if;
    while more loop
        moment := "leftfold".now_v1();
        select array_agg(d.id order by d.wake_at, d.id), coalesce(max(d.place), 0) = most into due, more
            from unnest(p_queues) q (queue) cross join lateral (
                select c.id, c.wake_at, row_number() over () as place from (
                    select w.id, w.wake_at from "leftfold".work w where w.queue = q.queue and w.wake_at <= moment
                    order by w.wake_at, w.id limit most) c) d;
        if due is null then
            return;
        end if;
        return query
            with picked as materialized (
                select w.id, w.wake_at
                from unnest(due) with ordinality d (id, o) join "leftfold".work w on w.id = d.id
                where w.wake_at <= moment and w.queue = any (p_queues)
                order by d.o limit p_limit - claimed for update of w skip locked),
            mine as (
                update "leftfold".work w set
                    token = w.token + 1, owner = p_owner, wake_at = moment + p_lease, changed_at = moment
                    from picked p where w.id = p.id
                    returning w.*, p.wake_at as was)
            select m.id, m.queue, m.status, m.state, m.token, m.owner, m.wake_at, m.created_at, m.changed_at
                from mine m order by m.was, m.id;
        get diagnostics n = row_count;
        claimed := claimed + n;
        more := more and claimed < p_limit;
        most := 9223372036854775807;
    end loop;
end
$$;


--
-- Name: work_write_v1(uuid, bigint, json, boolean); Type: FUNCTION; Schema: leftfold; Owner: -
--

CREATE FUNCTION leftfold.work_write_v1(p_client uuid, p_batch bigint, p_writes json, p_several boolean, OUT refused integer[], OUT soon text[]) RETURNS record
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
declare
    w record;
    bad integer[];
    place text;
    due timestamptz;
    moment timestamptz;
begin
    if pg_catalog.current_setting('synchronous_commit') = 'off' then
        perform pg_catalog.set_config('synchronous_commit', 'on', true);
    end if;
    if p_several then
        perform from "leftfold".work t
            where t.id = any (array(select p.id from json_to_recordset(p_writes) p (id text))) order by t.id for update;
        select array_agg(p.n), array_agg(p.unit) into refused, bad
            from json_to_recordset(p_writes) p (n integer, unit integer, kind integer, id text, token bigint)
            left join lateral (select t.token from "leftfold".work t where t.id = p.id limit 1) t on true
            where p.kind >= 2 and t.token is distinct from coalesce(p.token, 0) or p.kind = 0 and t.token is not null;
    end if;
    moment := "leftfold".now_v1();
    for w in select * from json_to_recordset(p_writes) p (
        n integer, unit integer, kind integer, id text, token bigint, queue text, status text, state text,
        wake timestamptz, lease bigint, owner text, keep boolean)
    loop
        continue when w.unit = any (bad);
        due := case when w.wake is null then moment + w.lease * interval '1 microsecond' else greatest(w.wake, moment) end;
        if w.kind = 2 then
            update "leftfold".work t set
                token = t.token + 1, queue = coalesce(w.queue, t.queue), status = w.status, state = w.state,
                owner = case when w.keep then t.owner else w.owner end,
                wake_at = case when w.keep then t.wake_at else due end, changed_at = moment
                where t.id = w.id and t.token = w.token
                returning t.queue into place;
        elsif w.kind = 3 then
            delete from "leftfold".work t where t.id = w.id and t.token = w.token;
        else
            insert into "leftfold".work (id, queue, status, state, token, owner, wake_at, created_at, changed_at)
                values (w.id, w.queue, w.status, w.state, 1, w.owner, due, moment, moment)
                on conflict (id) do nothing
                returning work.queue into place;
        end if;
        if found then
            if w.kind < 3 and due <= moment + interval '1 second' and place <> all (coalesce(soon, '{}')) then
                soon := soon || place;
            end if;
        elsif p_several and w.kind <> 1 then -- somebody began it since it was judged
            raise exception 'work item % was begun meanwhile', w.id using errcode = '40001';
        elsif w.kind <> 1 then
            refused := refused || w.n;
        end if;
    end loop;
    if p_client is null then
        return;
    end if;
    update "leftfold".work_batches b set batch = p_batch, refused = work_write_v1.refused, soon = work_write_v1.soon, written_at = moment
        where b.client = p_client and b.batch < p_batch;
    if not found then -- its first, or what was known of it is forgotten
        insert into "leftfold".work_batches values (p_client, p_batch, refused, soon, moment) on conflict do nothing;
    end if;
    if not found then
        raise exception 'batch % was written already', p_batch using errcode = '40001';
    end if;
end
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: checkpoints; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.checkpoints (
    name text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    event_id uuid,
    token bigint NOT NULL,
    owner text,
    until timestamp with time zone,
    moved_at timestamp with time zone NOT NULL,
    note text,
    CONSTRAINT checkpoints_name_check CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 512))),
    CONSTRAINT checkpoints_position_check CHECK (("position" >= 0))
);


--
-- Name: events; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.events (
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    schema_version smallint NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    data json NOT NULL,
    metadata json NOT NULL,
    tags text[] COLLATE pg_catalog."C",
    CONSTRAINT events_schema_version_check CHECK ((schema_version > 0)),
    CONSTRAINT events_stream_check CHECK (((octet_length(stream) >= 1) AND (octet_length(stream) <= 512))),
    CONSTRAINT events_type_check CHECK (((octet_length(type) >= 1) AND (octet_length(type) <= 512))),
    CONSTRAINT events_version_check CHECK ((version > 0))
);


--
-- Name: meta; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.meta (
    name text NOT NULL,
    value integer NOT NULL
);


--
-- Name: snapshots; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.snapshots (
    stream text NOT NULL COLLATE pg_catalog."C",
    fingerprint text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    state json NOT NULL,
    digest text NOT NULL,
    CONSTRAINT snapshots_fingerprint_check CHECK (((octet_length(fingerprint) >= 1) AND (octet_length(fingerprint) <= 512))),
    CONSTRAINT snapshots_stream_check CHECK (((octet_length(stream) >= 1) AND (octet_length(stream) <= 512))),
    CONSTRAINT snapshots_version_check CHECK ((version > 0))
);


--
-- Name: tables; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.tables (
    name text NOT NULL COLLATE pg_catalog."C",
    version integer NOT NULL,
    generation integer NOT NULL,
    shape text NOT NULL,
    active boolean DEFAULT false NOT NULL,
    view text,
    CONSTRAINT tables_generation_check CHECK ((generation > 0)),
    CONSTRAINT tables_version_check CHECK ((version > 0))
);


--
-- Name: tags; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.tags (
    tag text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    CONSTRAINT tags_tag_check CHECK (((octet_length(tag) >= 1) AND (octet_length(tag) <= 512)))
);


--
-- Name: tokens; Type: SEQUENCE; Schema: leftfold; Owner: -
--

CREATE SEQUENCE leftfold.tokens
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: work; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.work (
    id text NOT NULL COLLATE pg_catalog."C",
    queue text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL,
    token bigint NOT NULL,
    owner text,
    wake_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.05');


--
-- Name: work_batches; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.work_batches (
    client uuid NOT NULL,
    batch bigint NOT NULL,
    refused integer[],
    soon text[],
    written_at timestamp with time zone NOT NULL
)
WITH (fillfactor='10');


--
-- Data for Name: checkpoints; Type: TABLE DATA; Schema: leftfold; Owner: -
--



--
-- Data for Name: events; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.events VALUES (1, '2026-11-30 07:08:05.711493+00', '1993-01-01 18:29:59.000001+00', '01a20000-0000-7000-8000-000000000001', 1, 1, 'account-1', 'Opened', '{"owner":"Zoë 尺","limit":1e2}', '{"actor":"golden","note":"ü"}', '{kind:private,owner:1}');
INSERT INTO leftfold.events VALUES (2, '2026-11-30 07:08:05.720212+00', '2026-11-30 07:08:05.720212+00', '01a20000-0000-7000-8000-000000000002', 2, 2, 'account-1', 'Deposited', '{ "amount" : "100.50" , "n":-0 }', '{"actor":"golden","note":"ü"}', NULL);
INSERT INTO leftfold.events VALUES (3, '2026-11-30 07:08:05.722882+00', '1993-01-01 18:29:59.000003+00', '01a20000-0000-7000-8000-000000000003', 1, 1, 'conto-ü', 'Opened', '{"owner":"\u00e9 \"\\ ''","b":1,"a":2,"b":3}', '{"actor":"golden","note":"ü"}', '{owner:1}');
INSERT INTO leftfold.events VALUES (4, '2026-11-30 07:08:05.726286+00', '2026-11-30 07:08:05.726286+00', '01a20000-0000-7000-8000-000000000004', 3, 2, 'account-1', 'Withdrawn', 'null', '{"actor":"golden","note":"ü"}', '{large,owner:1}');
INSERT INTO leftfold.events VALUES (5, '2026-11-30 07:08:05.727312+00', '1993-01-01 18:29:59.000005+00', '01a20000-0000-7000-8000-000000000005', 1, 7, '订单-7', 'Placed', '["123456789012345678901234567890.000000000000000001"]', '{"actor":"golden","note":"ü"}', NULL);


--
-- Data for Name: meta; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.meta VALUES ('schema_version', 10);
INSERT INTO leftfold.meta VALUES ('needs_code', 1);


--
-- Data for Name: snapshots; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.snapshots VALUES ('account-1', '6f1d2c', 2, '{"owner":"Zoë 尺","limit":1e2,"b":1,"a":-0}', '4d81caf376f9bf53ec42a5398b14357a');
INSERT INTO leftfold.snapshots VALUES ('account-1', '6f1d2c', 3, '{ "balance" : "100.50" }', '2b1d26da9048d25a187db87b723b5137');
INSERT INTO leftfold.snapshots VALUES ('订单-7', 'older', 1, 'null', '3055bc184b60b8361a293ab6835de1d5');


--
-- Data for Name: tables; Type: TABLE DATA; Schema: leftfold; Owner: -
--



--
-- Data for Name: tags; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.tags VALUES ('kind:private', 1);
INSERT INTO leftfold.tags VALUES ('owner:1', 1);
INSERT INTO leftfold.tags VALUES ('owner:1', 3);
INSERT INTO leftfold.tags VALUES ('large', 4);
INSERT INTO leftfold.tags VALUES ('owner:1', 4);


--
-- Data for Name: work; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.work VALUES ('held', 'saga:Transfer:1', 'running', '{ "step" : "reserve" }', 1, 'worker-ü', '2026-11-30 07:08:20.758751+00', '2026-11-30 07:08:05.758751+00', '2026-11-30 07:08:05.758751+00');
INSERT INTO leftfold.work VALUES ('订单-7', 'saga:Transfer:1', 'waiting', '{}', 1, NULL, '3000-01-01 05:29:59.999999+00', '2026-11-30 07:08:05.758751+00', '2026-11-30 07:08:05.758751+00');
INSERT INTO leftfold.work VALUES ('never', 'process:Order:2', 'done', '{"b":1, "a" : 1.0e2,"b":12345678901234567890, "ü":"\u0041"}', 2, NULL, NULL, '2026-11-30 07:08:05.758751+00', '2026-11-30 07:08:05.760729+00');


--
-- Data for Name: work_batches; Type: TABLE DATA; Schema: leftfold; Owner: -
--



--
-- Name: tokens; Type: SEQUENCE SET; Schema: leftfold; Owner: -
--

SELECT pg_catalog.setval('leftfold.tokens', 1, false);


--
-- Name: checkpoints checkpoints_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (name);


--
-- Name: events events_id_key; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.events
    ADD CONSTRAINT events_id_key UNIQUE (id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.events
    ADD CONSTRAINT events_pkey PRIMARY KEY ("position");


--
-- Name: events events_stream_version_key; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.events
    ADD CONSTRAINT events_stream_version_key UNIQUE (stream, version);


--
-- Name: meta meta_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (name);


--
-- Name: snapshots snapshots_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (stream, fingerprint, version);


--
-- Name: tables tables_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.tables
    ADD CONSTRAINT tables_pkey PRIMARY KEY (name, version, generation);


--
-- Name: tags tags_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.tags
    ADD CONSTRAINT tags_pkey PRIMARY KEY (tag, "position");


--
-- Name: work_batches work_batches_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.work_batches
    ADD CONSTRAINT work_batches_pkey PRIMARY KEY (client);


--
-- Name: work work_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (id);


--
-- Name: events_type; Type: INDEX; Schema: leftfold; Owner: -
--

CREATE INDEX events_type ON leftfold.events USING btree (type, "position");


--
-- Name: tables_active; Type: INDEX; Schema: leftfold; Owner: -
--

CREATE UNIQUE INDEX tables_active ON leftfold.tables USING btree (name, version) WHERE active;


--
-- Name: work_due; Type: INDEX; Schema: leftfold; Owner: -
--

CREATE INDEX work_due ON leftfold.work USING btree (queue, wake_at, id) WHERE (wake_at IS NOT NULL);


--
-- Name: work_status; Type: INDEX; Schema: leftfold; Owner: -
--

CREATE INDEX work_status ON leftfold.work USING btree (queue, status, id);


--
-- Name: events append_only; Type: TRIGGER; Schema: leftfold; Owner: -
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON leftfold.events FOR EACH STATEMENT EXECUTE FUNCTION leftfold.refuse_change_v1();


--
-- Name: tags append_only; Type: TRIGGER; Schema: leftfold; Owner: -
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON leftfold.tags FOR EACH STATEMENT EXECUTE FUNCTION leftfold.refuse_change_v1();


--
-- Name: FUNCTION append_one_v1(p_stream text, p_expected integer, p_type text, p_schema smallint, p_id uuid, p_data text, p_meta text, p_at timestamp with time zone, p_tags text, OUT verdict integer, OUT version integer, OUT last bigint, OUT recorded timestamp with time zone); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.append_one_v1(p_stream text, p_expected integer, p_type text, p_schema smallint, p_id uuid, p_data text, p_meta text, p_at timestamp with time zone, p_tags text, OUT verdict integer, OUT version integer, OUT last bigint, OUT recorded timestamp with time zone) FROM PUBLIC;


--
-- Name: FUNCTION append_part_v1(p_stream text, p_expected integer, e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], OUT verdict integer, OUT version integer, OUT last bigint, OUT recorded timestamp with time zone); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.append_part_v1(p_stream text, p_expected integer, e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], OUT verdict integer, OUT version integer, OUT last bigint, OUT recorded timestamp with time zone) FROM PUBLIC;


--
-- Name: FUNCTION append_parts_v1(p_stream text[], p_expected integer[], p_count integer[], p_first uuid[], e_part integer[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], OUT verdict integer[], OUT version integer[], OUT last bigint[], OUT recorded timestamp with time zone); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.append_parts_v1(p_stream text[], p_expected integer[], p_count integer[], p_first uuid[], e_part integer[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], OUT verdict integer[], OUT version integer[], OUT last bigint[], OUT recorded timestamp with time zone) FROM PUBLIC;


--
-- Name: FUNCTION append_v1(s_name text[], p_unit integer[], p_slot integer[], p_expected integer[], p_count integer[], u_first uuid[], e_stream text[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], c_unit integer[], c_after bigint[], c_tags text[], c_types text[], OUT verdict integer[], OUT version integer[], OUT last bigint[], OUT recorded timestamp with time zone); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.append_v1(s_name text[], p_unit integer[], p_slot integer[], p_expected integer[], p_count integer[], u_first uuid[], e_stream text[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], c_unit integer[], c_after bigint[], c_tags text[], c_types text[], OUT verdict integer[], OUT version integer[], OUT last bigint[], OUT recorded timestamp with time zone) FROM PUBLIC;


--
-- Name: FUNCTION claim_v1(p_name text, p_owner text, p_lease interval); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.claim_v1(p_name text, p_owner text, p_lease interval) FROM PUBLIC;


--
-- Name: FUNCTION hold_v1(); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.hold_v1() FROM PUBLIC;


--
-- Name: FUNCTION lock_v1(); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.lock_v1() FROM PUBLIC;


--
-- Name: FUNCTION matches_v1(p_tags text[], p_types text[], p_after bigint); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.matches_v1(p_tags text[], p_types text[], p_after bigint) FROM PUBLIC;


--
-- Name: FUNCTION now_v1(); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.now_v1() FROM PUBLIC;


--
-- Name: FUNCTION refuse_change_v1(); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.refuse_change_v1() FROM PUBLIC;


--
-- Name: FUNCTION restore_v1(p_first bigint, s_name text[], s_version integer[], e_stream text[], e_version integer[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_recorded timestamp with time zone[], e_tags text[]); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.restore_v1(p_first bigint, s_name text[], s_version integer[], e_stream text[], e_version integer[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_recorded timestamp with time zone[], e_tags text[]) FROM PUBLIC;


--
-- Name: FUNCTION show_v1(p_view text, p_selection text); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.show_v1(p_view text, p_selection text) FROM PUBLIC;


--
-- Name: FUNCTION tables_v1(p_names text[], p_versions integer[], p_changing boolean); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.tables_v1(p_names text[], p_versions integer[], p_changing boolean) FROM PUBLIC;


--
-- Name: FUNCTION work_claim_v1(p_queues text[], p_owner text, p_lease interval, p_limit bigint); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.work_claim_v1(p_queues text[], p_owner text, p_lease interval, p_limit bigint) FROM PUBLIC;


--
-- Name: FUNCTION work_write_v1(p_client uuid, p_batch bigint, p_writes json, p_several boolean, OUT refused integer[], OUT soon text[]); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.work_write_v1(p_client uuid, p_batch bigint, p_writes json, p_several boolean, OUT refused integer[], OUT soon text[]) FROM PUBLIC;


--
-- PostgreSQL database dump complete
--


