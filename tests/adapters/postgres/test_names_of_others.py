"""Functions and operators that somebody has put before those of PostgreSQL are called by nobody here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema, PostgresStore, append_within
from leftfold.store import AppendCondition, QueryItem, ToStream
from leftfold.store.tables import Selection
from leftfold.store.transaction import Advance, Put
from leftfold.store.work import AT_ONCE, Begin, End, Revise
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.opened import connected, event, opened, snapshot
from tests.adapters.postgres.rowing import COUNTS, SUMMARIES, counted, pointed, row, summary, write

_TRAPS: Final = """
create schema others;
create function others.unnest(text[]) returns setof text language plpgsql as
    $f$ begin raise exception 'unnest was called'; end $f$;
do $$
declare one record;
begin
    for one in select p.proname as name, pg_get_function_identity_arguments(p.oid) as takes,
            pg_get_function_result(p.oid) as gives
        from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.proname in (
            'set_config', 'current_setting', 'hashtextextended', 'pg_advisory_xact_lock', 'now', 'clock_timestamp',
            'pg_notify', 'starts_with', 'pg_current_xact_id', 'octet_length', 'nextval', 'to_regclass', 'quote_ident')
    loop
        execute format('create function others.%I(%s) returns %s language plpgsql as %L',
            one.name, one.takes, one.gives, format('begin raise exception ''%s was called''; end', one.name));
    end loop;
    for one in select o.oprname as name, o.oprleft::regtype as l, o.oprright::regtype as r
        from pg_operator o where o.oprname in ('=', '<', '>', '<=', '>=', '+', '*', '-', '||', '<>') and
        o.oprleft = any ('{text,integer,bigint,uuid,numeric,timestamptz,interval,name,oid}'::regtype[])
    loop
        execute format('create or replace function others.trap(%s, %s) returns boolean language plpgsql as %L',
            one.l, one.r, 'begin raise exception ''an operator was called''; end');
        execute format('create operator others.%s (function = others.trap, leftarg = %s, rightarg = %s)',
            one.name, one.l, one.r);
    end loop;
end $$
"""
"""What raises an error when it is called, in place of much that a store calls."""


@pytest.mark.parametrize("pooled", [False, True], ids=["direct", "pooled"])
async def test_what_others_have_put_before_what_a_store_calls_is_not_called(
    postgres: PostgresServer, pgbouncer: int, pooled: bool
) -> None:
    database = f"traps_{pooled:d}"
    bare = postgres.create_database(database)
    postgres.execute(_TRAPS, database)
    postgres.execute(f'alter database "{database}" set search_path = others, pg_catalog')
    url = bare.replace(f":{postgres.port}/", f":{pgbouncer}/") if pooled else bare
    await PostgresSchema(PostgresLocation.parse(url), role="postgres").migrate()
    async with opened(url) as store:
        assert store.pooled is pooled
        await _everything(store)
    async with connected(bare) as connection, connection.transaction():
        again = event()
        for _ in range(2):
            await append_within(connection, ToStream("w-1", 0, [again]))


async def _everything(store: PostgresStore) -> None:
    """A call of each kind."""
    condition = AppendCondition(none_of=(QueryItem(tags=frozenset({"x", "y"})),), after=0)
    await store.append(ToStream("a-1", 0, [event(tags=("x",))]), ToStream("a-2", 0, [event(), event()]))
    await store.append(ToStream("a-1", 1, [event(tags=("x", "z"))]), condition=condition)
    await store.append(ToStream("a-1", 2, [event()]))
    await pointed(store, SUMMARIES, view="owners")
    claim = await store.claim("c", "me", 60)
    assert claim is not None
    assert await store.renew("c", claim.token, 60)
    move = Advance(name="c", token=claim.token, position=1, event_id=event().id)
    await write(store, Put(table=SUMMARIES, generation=1, rows={"ann": summary("ann")}), move)
    await pointed(store, COUNTS)
    await write(
        store, Put(table=COUNTS, rows={"n": row(1)}), Begin(id="w-1", queue="q", status="s", state=b"{}", wake=AT_ONCE)
    )
    await store.transact(counted("a-3"))
    assert [found.key for found in await store.search(SUMMARIES, "ann", Selection())] == ["ann"]
    [item] = await store.claim_due(["q"], "me", 60)
    await write(store, Revise(id="w-1", token=item.token, status="t", state=b"{}", wake=AT_ONCE))
    assert await store.count_work() == {("q", "t"): 1}
    assert len(await store.find_work(statuses=["t"])) == 1
    await store.await_work(["q"], 0.01)
    await write(store, End(id="w-1", token=item.token + 1))
    await store.save_snapshot(snapshot(1))
    assert len(await store.read_snapshots()) == 1
    assert len((await store.read_log(match=(QueryItem(tags=frozenset({"x"})),))).events) == 2
    assert await store.position_at(datetime.now(UTC)) == await store.head()
    assert len(await store.streams()) == 3
    assert await store.wake(0, 1) > 0
    assert len(await store.checkpoints()) == 1
    await store.release("c", claim.token)
    assert await store.remove(COUNTS) == 1
