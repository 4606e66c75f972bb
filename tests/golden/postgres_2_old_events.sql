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
    select array_agg(coalesce(v.version, 0) order by s.o) into cur
        from unnest(s_name) with ordinality s (stream, o)
        left join lateral (
            select q.version from "leftfold".events q where q.stream = s.stream order by q.version desc limit 1) v on true;
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
            select t.tag, head + q.ord
            from unnest(e_tags, ord) q (tags, ord) cross join lateral unnest(q.tags::text[]) t (tag)
            where q.ord > 0 and q.tags is not null;
    end if;
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
    rarest bigint;
begin
    if cardinality(p_tags) = 0 then
        if p_types is null then
            return exists (select from "leftfold".events e where e.position > p_after);
        end if;
        return exists (select from "leftfold".events e where e.type = any (p_types) and e.position > p_after);
    end if;
    if cardinality(p_tags) > 1 or p_types is not null then -- start from what is rarest, as far as a short look can tell
        select array_agg(o.tag order by o.seen), min(o.seen) into p_tags, rarest from (
            select n.tag, (select count(*) from (
                select from "leftfold".tags t where t.tag = n.tag and t.position > p_after limit 20) l) as seen
            from unnest(p_tags) n (tag)) o;
        if p_types is not null and rarest > (select count(*) from (
            select from "leftfold".events e where e.type = any (p_types) and e.position > p_after limit 20) l) then
            return exists (
                select from "leftfold".events e
                where e.type = any (p_types) and e.position > p_after and not exists (
                    select from unnest(p_tags) n (tag) where not exists (
                        select from "leftfold".tags o where o.tag = n.tag and o.position = e.position)));
        end if;
    end if;
    return exists (
        select from "leftfold".tags t
        where t.tag = p_tags[1] and t.position > p_after
            and (cardinality(p_tags) = 1 or not exists (
                select from unnest(p_tags[2:]) n (tag) where not exists (
                    select from "leftfold".tags o where o.tag = n.tag and o.position = t.position)))
            and (p_types is null or exists (
                select from "leftfold".events e where e.position = t.position and e.type = any (p_types))));
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


SET default_tablespace = '';

SET default_table_access_method = heap;

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
-- Name: tags; Type: TABLE; Schema: leftfold; Owner: -
--

CREATE TABLE leftfold.tags (
    tag text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    CONSTRAINT tags_tag_check CHECK (((octet_length(tag) >= 1) AND (octet_length(tag) <= 512)))
);


--
-- Data for Name: events; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.events VALUES (1, '2024-01-01 12:00:00.000001+00', '2024-01-01 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000001', 1, 1, 'account-Zoë', 'AccountOpened', '{"owner":"Zo\u00eb 尺"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (2, '2024-01-01 12:00:00.000001+00', '2024-01-01 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000002', 1, 1, 'account-B', 'AccountOpened', '{"owner":"Bob"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (3, '2024-01-02 12:00:00.000001+00', '2024-01-02 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000003', 2, 1, 'account-Zoë', 'Deposited', '{ "teller" : "T1",  "amount" : "100.50" }', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (4, '2024-01-03 12:00:00.000001+00', '2024-01-03 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000004', 3, 1, 'account-Zoë', 'PaidIn', '{"cents":5050}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (5, '2024-01-03 12:00:00.000001+00', '2024-01-03 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000005', 2, 2, 'account-B', 'Deposited', '{"amount":"20","teller":"","currency":"USD"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (6, '2024-01-04 12:00:00.000001+00', '2024-01-04 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000006', 4, 1, 'account-Zoë', 'StatementPrinted', '{"pages":2}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (7, '2024-01-05 12:00:00.000001+00', '2024-01-05 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000007', 5, 1, 'account-Zoë', 'MovedOut', '{"amount":"30.25","fee":"0.75"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (8, '2024-01-05 12:00:00.000001+00', '2024-01-05 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000008', 3, 1, 'account-B', 'MovedOut', '{"amount":"5","fee":"1"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (9, '2024-01-06 12:00:00.000001+00', '2024-01-06 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000009', 1, 2, 'account-C', 'AccountOpened', '{"owner":"Cho","currency":"JPY"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (10, '2024-01-06 12:00:00.000001+00', '2024-01-06 12:00:00.000001+00', '018c0000-0000-7000-8000-00000000000a', 2, 1, 'account-C', 'PaidIn', '{"cents":70000}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (11, '2024-01-07 12:00:00.000001+00', '2024-01-07 12:00:00.000001+00', '018c0000-0000-7000-8000-00000000000b', 3, 1, 'account-C', 'Withdrawn', '{"amount":"1E+2"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (12, '2024-01-08 12:00:00.000001+00', '2024-01-02 12:00:00.000001+00', '018c0000-0000-7000-8000-00000000000c', 6, 1, 'account-Zoë', 'Deposited', '{"amount":"9.00","teller":"T2"}', '{"actor":"golden"}', '{late}');
INSERT INTO leftfold.events VALUES (13, '2024-01-08 12:00:00.000001+00', '2024-01-08 12:00:00.000001+00', '018c0000-0000-7000-8000-00000000000d', 1, 1, 'account-D', 'AccountOpened', '{"owner":"Dan"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (14, '2024-01-09 12:00:00.000001+00', '2024-01-09 12:00:00.000001+00', '018c0000-0000-7000-8000-00000000000e', 2, 1, 'account-D', 'PaidIn', '{"cents":1250}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (15, '2024-01-10 12:00:00.000001+00', '2024-01-10 12:00:00.000001+00', '018c0000-0000-7000-8000-00000000000f', 3, 3, 'account-D', 'Deposited', '{"value":"1.00","currency":"EUR"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (16, '2024-01-10 12:00:00.000001+00', '2024-01-10 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000010', 1, 1, 'account-E', 'StatementPrinted', '{"pages":1}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (17, '2024-01-11 12:00:00.000001+00', '2024-01-11 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000011', 7, 2, 'account-Zoë', 'Withdrawn', '{"value":"10"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (18, '2024-01-11 12:00:00.000001+00', '2024-01-04 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000012', 4, 1, 'account-B', 'Withdrawn', '{"amount":"2"}', '{"actor":"golden"}', '{late}');
INSERT INTO leftfold.events VALUES (19, '2024-01-12 12:00:00.000001+00', '2024-01-12 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000013', 4, 1, 'account-C', 'MovedOut', '{"amount":"0","fee":"0.5"}', '{"actor":"golden"}', NULL);
INSERT INTO leftfold.events VALUES (20, '2024-01-12 12:00:00.000001+00', '2024-01-12 12:00:00.000001+00', '018c0000-0000-7000-8000-000000000014', 4, 1, 'account-D', 'StatementPrinted', '{"pages":9}', '{"actor":"golden"}', NULL);


--
-- Data for Name: meta; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.meta VALUES ('schema_version', 2);
INSERT INTO leftfold.meta VALUES ('needs_code', 1);


--
-- Data for Name: snapshots; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.snapshots VALUES ('account-B', '83716da0fa4a9df610981118cc17363c', 3, '{"balance":"15","entries":["20","-5"],"fees":"1","owner":"Bob (EUR)"}', '2b14fd4fdaa165b4c4bfa6ee0407ead5');
INSERT INTO leftfold.snapshots VALUES ('account-C', '2481419d151d6893130669330c118bbd', 3, '{"balance":"900.00","entries":["700.00","-1E+2"],"owner":"Cho (JPY)"}', 'e70587fd75d7f33abf3d8e455ccfcc9c');
INSERT INTO leftfold.snapshots VALUES ('account-D', '2481419d151d6893130669330c118bbd', 3, '{"balance":"1251.00","entries":["1250","1.00"],"owner":"Dan (EUR)"}', '632f5b836ff3d41673852acc6648c03a');
INSERT INTO leftfold.snapshots VALUES ('account-Zoë', '2481419d151d6893130669330c118bbd', 5, '{"balance":"120.00","entries":["100.50","50.50","-30.25","-0.75"],"fees":"0.75","owner":"Zoë 尺 (EUR)"}', 'cf376c6f8de42492f236b19828b92fd9');


--
-- Data for Name: tags; Type: TABLE DATA; Schema: leftfold; Owner: -
--

INSERT INTO leftfold.tags VALUES ('late', 12);
INSERT INTO leftfold.tags VALUES ('late', 18);


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
-- Name: tags tags_pkey; Type: CONSTRAINT; Schema: leftfold; Owner: -
--

ALTER TABLE ONLY leftfold.tags
    ADD CONSTRAINT tags_pkey PRIMARY KEY (tag, "position");


--
-- Name: events_type; Type: INDEX; Schema: leftfold; Owner: -
--

CREATE INDEX events_type ON leftfold.events USING btree (type, "position");


--
-- Name: events append_only; Type: TRIGGER; Schema: leftfold; Owner: -
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON leftfold.events FOR EACH STATEMENT EXECUTE FUNCTION leftfold.refuse_change_v1();


--
-- Name: tags append_only; Type: TRIGGER; Schema: leftfold; Owner: -
--

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON leftfold.tags FOR EACH STATEMENT EXECUTE FUNCTION leftfold.refuse_change_v1();


--
-- Name: FUNCTION append_v1(s_name text[], p_unit integer[], p_slot integer[], p_expected integer[], p_count integer[], u_first uuid[], e_stream text[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], c_unit integer[], c_after bigint[], c_tags text[], c_types text[], OUT verdict integer[], OUT version integer[], OUT last bigint[], OUT recorded timestamp with time zone); Type: ACL; Schema: leftfold; Owner: -
--

REVOKE ALL ON FUNCTION leftfold.append_v1(s_name text[], p_unit integer[], p_slot integer[], p_expected integer[], p_count integer[], u_first uuid[], e_stream text[], e_type text[], e_schema smallint[], e_id uuid[], e_data text[], e_meta text[], e_at timestamp with time zone[], e_tags text[], c_unit integer[], c_after bigint[], c_tags text[], c_types text[], OUT verdict integer[], OUT version integer[], OUT last bigint[], OUT recorded timestamp with time zone) FROM PUBLIC;


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
-- PostgreSQL database dump complete
--


