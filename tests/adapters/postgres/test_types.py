"""All that is sent is of types that the driver knows: it looks up no others on a new connection, which takes long."""

from __future__ import annotations

import asyncio
from typing import Final

from leftfold.store import AppendCondition, Begin, Hold, NewEvent, QueryItem, Revise, ToStream, Transaction
from leftfold.store.transaction import Advance, Put
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import wired
from tests.adapters.postgres.opened import event, log_of, opened, snapshot
from tests.adapters.postgres.rowing import COUNTS, adding, counted, pointed, row, write

_LOOKS_UP: Final = b"pg_type"
_SEAT = AppendCondition(none_of=(QueryItem(tags=frozenset({"seat:1"})),))


def _begun(id: str) -> Begin:
    return Begin(id=id, queue="q", status="on", state=b"{}", wake=Hold("me", 60.0))


async def test_no_type_is_looked_up_for_events_rows_work_and_snapshots(
    postgres: PostgresServer, store_url: str
) -> None:
    async with wired(postgres, store_url) as (wire, store):
        known: list[NewEvent] = [event()]
        await asyncio.gather(*(store.append(ToStream(f"a-{number}", 0, [event(), event()])) for number in range(9)))
        await store.append(ToStream("b-1", 0, known), ToStream("c-1", 0, [event()]), condition=_SEAT)
        await store.append(ToStream("b-1", 0, known))

        await pointed(store, COUNTS)
        await store.transact(counted("d-1", adding()))
        claim = await store.claim("follower", "me", 60.0)
        assert claim is not None
        move = Advance(name="follower", token=claim.token, position=1, event_id=known[0].id)
        await write(store, Put(table=COUNTS, generation=1, rows={"x": row(1)}), move)
        await store.transact(Transaction(writes=[Put(table=COUNTS, rows={"y": row(1)}), move]))

        await store.transact(Transaction(writes=[_begun("one")]))
        await store.transact(Transaction(writes=[_begun("two"), _begun("three")]))
        await store.transact(counted("d-1", writes=[Revise(id="one", token=1, status="on", state=b"{}", wake=None)]))
        assert await store.extend({"two": 1}, "me", 60.0) == {"two"}

        await store.save_snapshot(snapshot(1))
        assert await store.drop_snapshots([snapshot(1).key]) == 1
        assert _LOOKS_UP not in wire.sent


async def test_no_type_is_looked_up_to_take_over_a_log_and_its_work(
    postgres: PostgresServer, store_url: str, lone_url: str
) -> None:
    async with opened(lone_url) as source, wired(postgres, store_url) as (wire, store):
        await source.append(ToStream("a-1", 0, [event(), event()]))
        await source.transact(Transaction(writes=[_begun("one")]))
        assert await store.restore(await log_of(source)) == 2
        assert await store.restore_work(await source.find_work(limit=9)) == 1
        assert _LOOKS_UP not in wire.sent
