-- What has to go on, when it is due, and who does it now.

-- A revision writes a row anew, so pages keep room for it. There are no checks: they would cost each write a tenth.
create table :schema.work (
    id text collate "C" primary key,
    queue text collate "C" not null,
    status text collate "C" not null,
    state text not null,
    token bigint not null,
    owner text,
    wake_at timestamptz,
    created_at timestamptz not null,
    changed_at timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- What sleeps for good is not in it; what sleeps, and what is of other queues, is not looked at.
create index work_due on :schema.work (queue, wake_at, id) where wake_at is not null;

-- The last batch of writes of each client, and what it came to: who missed the answer finds it here, and a batch that is
-- sent again is not done again.
create table :schema.work_batches (
    client uuid primary key,
    batch bigint not null,
    refused integer[],
    soon text[],
    written_at timestamptz not null
) with (fillfactor = 10);

-- Write work items: objects whose names are as in the loop. A unit is written as a whole or not at all, and each for
-- itself; no item is in two writes. They come in the order of their ids, so that nobody waits for another in a circle.
--   n: number of the write, unit: of its transaction      kind: 0 begin, 1 begin unless it is there, 2 revise, 3 end
--   wake: when it is due, or lease: microseconds from now until it is, held by owner
--   p_several: whether a unit has more than one write, so that all are judged before any is written
--   p_client, p_batch: what the result is kept under for who missed it; null inside a transaction of the caller
-- refused: numbers of the writes that refuse their unit. soon: queues in which something is due within a second.
create function :schema.work_write_v1(
    p_client uuid, p_batch bigint, p_writes json, p_several boolean, out refused integer[], out soon text[])
    language plpgsql volatile
    set plan_cache_mode to force_generic_plan set enable_seqscan to off
as $$
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
        perform from :schema.work t
            where t.id = any (array(select p.id from json_to_recordset(p_writes) p (id text))) order by t.id for update;
        select array_agg(p.n), array_agg(p.unit) into refused, bad
            from json_to_recordset(p_writes) p (n integer, unit integer, kind integer, id text, token bigint)
            left join lateral (select t.token from :schema.work t where t.id = p.id limit 1) t on true
            where p.kind >= 2 and t.token is distinct from coalesce(p.token, 0) or p.kind = 0 and t.token is not null;
    end if;
    moment := :schema.now_v1();
    for w in select * from json_to_recordset(p_writes) p (
        n integer, unit integer, kind integer, id text, token bigint, queue text, status text, state text,
        wake timestamptz, lease bigint, owner text)
    loop
        continue when w.unit = any (bad);
        due := case when w.wake is null then moment + w.lease * interval '1 microsecond' else greatest(w.wake, moment) end;
        if w.kind = 2 then
            update :schema.work t set
                token = t.token + 1, queue = coalesce(w.queue, t.queue), status = w.status, state = w.state,
                owner = w.owner, wake_at = due, changed_at = moment
                where t.id = w.id and t.token = w.token
                returning t.queue into place;
        elsif w.kind = 3 then
            delete from :schema.work t where t.id = w.id and t.token = w.token;
        else
            insert into :schema.work (id, queue, status, state, token, owner, wake_at, created_at, changed_at)
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
    update :schema.work_batches b set batch = p_batch, refused = work_write_v1.refused, soon = work_write_v1.soon, written_at = moment
        where b.client = p_client and b.batch < p_batch;
    if not found then -- its first, or what was known of it is forgotten
        insert into :schema.work_batches values (p_client, p_batch, refused, soon, moment) on conflict do nothing;
    end if;
    if not found then
        raise exception 'batch % was written already', p_batch using errcode = '40001';
    end if;
end
$$;

-- Claim at most p_limit items that are due, the longest due first. Who claims at the same time passes over what is locked;
-- candidates are more than the limit, for what others lock, and all there are when these do not suffice.
create function :schema.work_claim_v1(p_queues text[], p_owner text, p_lease interval, p_limit bigint)
    returns table (
        id text, queue text, status text, state text, token bigint, owner text, wake_at timestamptz,
        created_at timestamptz, changed_at timestamptz)
    language plpgsql volatile
    set search_path to pg_catalog, pg_temp
    set plan_cache_mode to force_generic_plan
    set enable_seqscan to off set enable_bitmapscan to off set enable_hashjoin to off set enable_mergejoin to off
    set jit to off
as $$
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
        moment := :schema.now_v1();
        select array_agg(d.id order by d.wake_at, d.id), coalesce(max(d.place), 0) = most into due, more
            from unnest(p_queues) q (queue) cross join lateral (
                select c.id, c.wake_at, row_number() over () as place from (
                    select w.id, w.wake_at from :schema.work w where w.queue = q.queue and w.wake_at <= moment
                    order by w.wake_at, w.id limit most) c) d;
        if due is null then
            return;
        end if;
        return query
            with picked as materialized (
                select w.id, w.wake_at
                from unnest(due) with ordinality d (id, o) join :schema.work w on w.id = d.id
                where w.wake_at <= moment and w.queue = any (p_queues)
                order by d.o limit p_limit - claimed for update of w skip locked),
            mine as (
                update :schema.work w set
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

revoke all on all functions in schema :schema from public;
