"""A store that is closed leaves nothing open, and goes in time, however it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema, PostgresStore, open_postgres
from leftfold.adapters.postgres.connecting import Connection, Connector
from leftfold.errors import StoreClosed
from leftfold.store import ToStream
from leftfold.store.transaction import Advance, Transaction
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import wire_to
from tests.adapters.postgres.opened import connected, event, opened, schema_of

_SOON_S = 6.0
_WAIT = """do $$ begin while (
    select count(*) from pg_locks where relation = '{}.{}'::regclass and not granted) < {} loop
    perform pg_sleep(0.005); end loop; end $$"""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """The connections that are made from now on."""
    connections: list[Connection] = []
    connect = Connector.connect

    async def noted(self: Connector, *, plain: bool = False, **settings: str) -> Connection:
        connections.append(await connect(self, plain=plain, **settings))
        return connections[-1]

    monkeypatch.setattr(Connector, "connect", noted)
    return connections


async def test_a_store_reads_over_the_connection_that_it_was_opened_over(
    store_url: str, made: list[Connection]
) -> None:
    async with opened(store_url) as store:
        assert await store.head() == 0
        assert len(made) == 1
        await store.append(ToStream("a-1", 0, [event()]))
    assert len(made) == 2  # one for reading and for telling others, one for appends
    assert all(connection.is_closed() for connection in made)


async def test_closing_that_is_broken_off_gives_every_append_its_verdict_and_leaves_nothing_open(
    store_url: str, made: list[Connection]
) -> None:
    schema = schema_of(store_url)
    store = await open_postgres(f"{store_url}&pool=1")
    async with asyncio.timeout(_SOON_S), connected(store_url) as holder:
        await holder.execute(f"begin; lock table {schema}.events in access exclusive mode")
        reading = asyncio.create_task(store.read_stream("a-1"))  # with the only reader
        await holder.execute(_WAIT.format(schema, "events", 1))
        waiting = asyncio.create_task(store.head())
        appending = asyncio.create_task(store.append(ToStream("a-1", 0, [event()])))
        await holder.execute(_WAIT.format(schema, "events", 2))
        await _broken_off(store)
        await holder.execute("rollback")
        assert (await appending).position == 1
        await reading
        with pytest.raises(StoreClosed):
            await waiting
        await _all_closed(made)
    assert len(made) == 2


async def test_closing_that_is_broken_off_before_its_last_word_leaves_nothing_open(
    store_url: str, made: list[Connection]
) -> None:
    schema = schema_of(store_url)
    store = await open_postgres(f"{store_url}&pool=1")
    async with asyncio.timeout(_SOON_S), connected(store_url) as holder:
        waiting = asyncio.create_task(store.wake(0, 60.0))
        await holder.execute(f"begin; lock table {schema}.checkpoints in access exclusive mode")
        reading = asyncio.create_task(store.checkpoints())  # with the only reader, which the last word needs
        await holder.execute(_WAIT.format(schema, "checkpoints", 1))
        await store.append(ToStream("a-1", 0, [event()]))
        await _broken_off(store)
        await holder.execute("rollback")
        await asyncio.wait([reading, waiting])
        await _all_closed(made)


async def test_closing_that_is_broken_off_at_its_first_goodbye_leaves_nothing_open(
    store_url: str, made: list[Connection]
) -> None:
    store = await open_postgres(store_url)
    await asyncio.gather(*(store.head() for _ in range(4)))
    assert len(made) == 4
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)  # it waits for the answer to the first
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()
    async with asyncio.timeout(_SOON_S):
        await _all_closed(made)


async def test_a_transaction_that_ends_after_its_store_was_closed_leaves_no_task(store_url: str) -> None:
    schema = schema_of(store_url)
    store = await open_postgres(store_url)
    claim = await store.claim("a", "me", 60.0)
    assert claim is not None
    await store.append(ToStream("a-1", 0, [stored := event()]))
    async with asyncio.timeout(_SOON_S), connected(store_url) as holder:
        await holder.execute(f"begin; lock table {schema}.checkpoints in access exclusive mode")
        advance = Advance(name="a", token=claim.token, position=1, event_id=stored.id)
        moving = asyncio.create_task(store.transact(Transaction(writes=[advance])))
        await holder.execute(_WAIT.format(schema, "checkpoints", 1))
        await store.close()
        await holder.execute("rollback")
        await asyncio.wait([moving])
        assert moving.exception() is None
        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_server_that_says_nothing_any_more_holds_up_no_goodbye(
    postgres: PostgresServer, store_url: str, made: list[Connection]
) -> None:
    async with wire_to(postgres.port) as (wire, port):
        store = await open_postgres(store_url.replace(f":{postgres.port}/", f":{port}/"))
        await store.append(ToStream("a-1", 0, [event()]))
        wire.go_dead()
        async with asyncio.timeout(_SOON_S):
            await store.close()
        assert all(connection.is_closed() for connection in made)


async def test_who_may_not_use_the_language_of_the_functions_opens_a_store(
    postgres: PostgresServer, lone_url: str
) -> None:
    database = lone_url.partition("?")[0].rpartition("/")[2]
    role = f"speechless_{database}"
    postgres.execute(f'create role "{role}" login')
    await PostgresSchema(PostgresLocation.parse(lone_url), role=role).migrate()
    postgres.execute("revoke usage on language plpgsql from public", database)
    async with opened(lone_url.replace("postgres@", f"{role}@")) as store:
        assert not store.pooled
        await store.append(ToStream("a-1", 0, [event()]))
        assert await store.head() == 1


async def _broken_off(store: PostgresStore) -> None:
    """Close *store*, which cannot be closed yet, and break that off."""
    closing = asyncio.create_task(store.close())
    done, _ = await asyncio.wait([closing], timeout=0.1)
    assert not done
    closing.cancel()
    await asyncio.wait([closing])
    assert closing.cancelled()


async def _all_closed(connections: Sequence[Connection]) -> None:
    while not all(connection.is_closed() for connection in connections):
        await asyncio.sleep(0)
