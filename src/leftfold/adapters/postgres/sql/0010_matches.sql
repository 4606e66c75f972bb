-- Whether an event after a position has all of the tags (sorted, none: any event) and one of the types (null: any).
-- It starts from what is rarest, and finding that out costs less than starting there: it counts the first few of each,
-- tries as many of the rarest as it counted of all, and if there are more, goes on behind them with ten times as many.
-- Rows compared as a whole keep the planner on the index by type: by its estimates it may prefer to read the log.
-- Volatile, so that each look has a snapshot of its own. It runs under the settings of those who call it.
create or replace function :schema.matches_v1(p_tags text[], p_types text[], p_after bigint) returns boolean
    language plpgsql volatile
as $$
declare
    last constant bigint := 9223372036854775807;
    few constant bigint := 20;
    looked bigint := few;
    tried bigint;
    rarest bigint;
begin
    if cardinality(p_tags) = 0 then
        if p_types is null then
            return exists (select from :schema.events e where e.position > p_after);
        end if;
        return exists (
            select from unnest(p_types) n (type) cross join lateral (
                select from :schema.events e
                where (e.type, e.position) > (n.type, p_after) and (e.type, e.position) <= (n.type, last)
                limit 1) l);
    end if;
    if cardinality(p_tags) = 1 and p_types is null then
        return exists (select from :schema.tags t where t.tag = p_tags[1] and t.position > p_after);
    end if;
    loop
        select array_agg(n.tag order by l.seen), min(l.seen) into p_tags, rarest
            from unnest(p_tags) n (tag) cross join lateral (
                select count(*) as seen from (
                    select from :schema.tags t where t.tag = n.tag and t.position > p_after limit looked) t) l;
        if p_types is not null and rarest >= few and rarest > (select count(*) from (
            select from unnest(p_types) n (type) cross join lateral (
                select from :schema.events e
                where (e.type, e.position) > (n.type, p_after) and (e.type, e.position) <= (n.type, last)
                limit rarest) l limit rarest) l) then
            return exists (
                select from unnest(p_types) n (type) cross join lateral (
                    select e.position from :schema.events e
                    where (e.type, e.position) > (n.type, p_after) and (e.type, e.position) <= (n.type, last)
                    limit rarest) e
                where not exists (
                    select from unnest(p_tags) n (tag) where not exists (
                        select from :schema.tags o where o.tag = n.tag and o.position = e.position)));
        end if;
        tried := looked * cardinality(p_tags);
        if exists (
            select from (
                select t.position from :schema.tags t
                where t.tag = p_tags[1] and t.position > p_after order by t.position limit tried) t
            where (cardinality(p_tags) = 1 or not exists (
                    select from unnest(p_tags[2:]) n (tag) where not exists (
                        select from :schema.tags o where o.tag = n.tag and o.position = t.position)))
                and (p_types is null
                    or (select e.type from :schema.events e where e.position = t.position) = any (p_types))) then
            return true;
        end if;
        exit when rarest < looked;
        p_after := (
            select t.position from :schema.tags t
            where t.tag = p_tags[1] and t.position > p_after order by t.position offset tried - 1 limit 1);
        exit when p_after is null;
        looked := looked * 10;
    end loop;
    return false;
end
$$;
