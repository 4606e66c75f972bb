-- The same function by the same name, which can leave it to whoever holds an item, and as due as it was. Then nothing that
-- an index is of changes, and a new version of the row on its page is all there is to write.

-- Write work items: objects whose names are as in the loop. A unit is written as a whole or not at all, and each for
-- itself; no item is in two writes. They come in the order of their ids, so that nobody waits for another in a circle.
--   n: number of the write, unit: of its transaction      kind: 0 begin, 1 begin unless it is there, 2 revise, 3 end
--   wake: when it is due, or lease: microseconds from now until it is, held by owner; or keep: both stay as they are
--   p_several: whether a unit has more than one write, so that all are judged before any is written
--   p_client, p_batch: what the result is kept under for who missed it; null inside a transaction of the caller
-- refused: numbers of the writes that refuse their unit. soon: queues in which something is due within a second.
create or replace function :schema.work_write_v1(
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
        wake timestamptz, lease bigint, owner text, keep boolean)
    loop
        continue when w.unit = any (bad);
        due := case when w.wake is null then moment + w.lease * interval '1 microsecond' else greatest(w.wake, moment) end;
        if w.kind = 2 then
            update :schema.work t set
                token = t.token + 1, queue = coalesce(w.queue, t.queue), status = w.status, state = w.state,
                owner = case when w.keep then t.owner else w.owner end,
                wake_at = case when w.keep then t.wake_at else due end, changed_at = moment
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
