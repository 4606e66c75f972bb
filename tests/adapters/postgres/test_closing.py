"""A store that is closed leaves nothing open, and goes in time, however it is closed."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema, open_postgres
from leftfold.adapters.postgres.connecting import Connection, Connector
from leftfold.errors import StoreClosed
from leftfold.store import ToStream
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import wire_to
from tests.adapters.postgres.opened import connected, event, opened, schema_of

_SOON_S = 4.0
_WAIT = """do $$ begin while (
    select count(*) from pg_locks where relation = '{}.events'::regclass and not granted) < {} loop
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


async def test_closing_that_is_broken_off_closes_everything_nevertheless(
    store_url: str, made: list[Connection]
) -> None:
    store = await open_postgres(f"{store_url}&pool=1")
    waiting = asyncio.create_task(store.wake(0, 60.0))
    await asyncio.sleep(0)
    async with connected(store_url) as holder:
        schema = schema_of(store_url)
        await holder.execute(f"begin; lock table {schema}.events in access exclusive mode")
        reading = asyncio.create_task(store.read_stream("a-1"))  # with the only reader
        await holder.execute(_WAIT.format(schema, 1))
        appending = asyncio.create_task(store.append(ToStream("a-1", 0, [event()])))
        await holder.execute(_WAIT.format(schema, 2))
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0.05)
        closing.cancel()
        await asyncio.wait([closing], timeout=_SOON_S)
        assert closing.cancelled()
        await holder.execute("rollback")
    assert (await appending).position == 1
    await asyncio.wait([reading, waiting])
    for _ in range(3):
        await asyncio.sleep(0)
    assert all(connection.is_closed() for connection in made)
    with pytest.raises(StoreClosed):
        await store.head()


async def test_a_server_that_says_nothing_any_more_holds_up_no_goodbye(
    postgres: PostgresServer, store_url: str, made: list[Connection]
) -> None:
    async with wire_to(postgres.port) as (wire, port):
        store = await open_postgres(store_url.replace(f":{postgres.port}/", f":{port}/"))
        await store.append(ToStream("a-1", 0, [event()]))
        wire.go_dead()
        begun = monotonic()
        await store.close()
        assert monotonic() - begun < _SOON_S
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
