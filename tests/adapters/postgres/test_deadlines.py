"""What writes waits for others until its deadline, also what is no append, and says who held an append up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema, PostgresStore
from leftfold.errors import StoreBusy, StoreUnavailable
from leftfold.store import ToStream
from leftfold.store.work import AT_ONCE, Begin
from leftfold.testing.postgres import postgres_server
from tests.adapters.postgres.opened import connected, event, opened, rows, schema_of, snapshot
from tests.adapters.postgres.rowing import COUNTS, write

_WAITING: Final = (
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)
_WRITES: Final[dict[str, Callable[[PostgresStore, int], Awaitable[object]]]] = {
    "claim": lambda store, _: store.claim("c", "me", 60),
    "renew": lambda store, token: store.renew("c", token, 60),
    "release": lambda store, token: store.release("c", token),
    "forget": lambda store, _: store.forget("c"),
    "claim_due": lambda store, _: store.claim_due(["q"], "me", 60),
    "extend": lambda store, _: store.extend({"w-1": 2}, "me", 60),
    "save_snapshot": lambda store, _: store.save_snapshot(snapshot(1)),
    "prepare": lambda store, _: store.prepare(COUNTS),
}


@pytest.mark.parametrize("name", _WRITES)
async def test_a_write_that_others_hold_up_is_called_off_at_its_deadline(store_url: str, name: str) -> None:
    hasty_url = store_url.replace("deadline_s=20", "deadline_s=0.2")
    async with opened(store_url) as store, opened(hasty_url) as hasty, connected(store_url) as holder:
        claim = await store.claim("c", "me", 60)
        assert claim is not None
        await write(store, Begin(id="w-1", queue="q", status="s", state=b"{}", wake=AT_ONCE))
        assert len(await store.claim_due(["q"], "me", 60)) == 1
        await write(store, Begin(id="w-2", queue="q", status="s", state=b"{}", wake=AT_ONCE))
        async with holder.transaction():
            schema = schema_of(store_url)
            for table in ("checkpoints", "work", "snapshots", "tables"):
                await holder.execute(f"lock table {schema}.{table} in share mode")
            with pytest.raises(
                StoreUnavailable, match=r"not done with a write after 0\.2 s.*synchronous_standby_names"
            ):
                await _WRITES[name](hasty, claim.token)
            async with asyncio.timeout(10):
                while await rows(store_url, _WAITING) != [(0,)]:
                    pass


async def test_an_append_that_a_session_holds_up_says_which(store_url: str) -> None:
    hasty_url = store_url.replace("deadline_s=20", "deadline_s=1")
    async with (
        opened(hasty_url) as store,
        connected(f"{store_url}&application_name=till") as holder,
        holder.transaction(),
    ):
        await holder.execute(f"select {schema_of(store_url)}.lock_v1()")
        pid = holder.get_server_pid()
        with pytest.raises(StoreBusy, match=rf"process {pid} .*till, idle in transaction.*terminate_backend\({pid}\)"):
            await store.append(ToStream("a-1", 0, [event()]))


async def test_an_append_that_a_prepared_transaction_holds_up_says_which_and_how_it_ends() -> None:
    with postgres_server(settings={"max_prepared_transactions": "1"}) as server:
        url = f"{server.url()}?deadline_s=1"
        await PostgresSchema(PostgresLocation.parse(url)).migrate()
        async with opened(url) as store:
            server.execute("begin; select leftfold.lock_v1(); prepare transaction 'ann''s'")
            with pytest.raises(StoreBusy, match=r"prepared transaction 'ann''s'.*rollback prepared 'ann''s'"):
                await store.append(ToStream("a-1", 0, [event()]))
            server.execute("rollback prepared 'ann''s'")
