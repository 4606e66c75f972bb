"""Behind PgBouncer in transaction mode the store keeps every law; it notices by itself, and polls."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema, PostgresStore, open_postgres
from leftfold.adapters.postgres.connecting import SETTINGS
from leftfold.adapters.postgres.migrations import NEWEST
from leftfold.errors import StoreBusy
from leftfold.store import ToStream
from leftfold.testing.conformance import Opener, StoreConformance
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.opened import connected, dsn_of, event, log_of, opened, schema_of
from tests.servers import pgbouncer_before


@pytest.fixture
def pooled_url(postgres: PostgresServer, pgbouncer: int, store_url: str) -> str:
    return store_url.replace(f":{postgres.port}/", f":{pgbouncer}/")


@pytest.fixture
def opener(pooled_url: str) -> Opener:
    async def open_one() -> PostgresStore:
        store = await open_postgres(pooled_url)
        assert store.pooled
        return store

    return open_one


class TestBehindPgBouncer(StoreConformance):
    pass


async def test_a_direct_connection_is_not_taken_for_a_pooled_one(store_url: str) -> None:
    async with opened(store_url) as store:
        assert store.pooled is False


async def test_a_pooler_that_takes_the_settings_and_ignores_them_is_noticed_too(
    postgres: PostgresServer, store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ignored = f"ignore_startup_parameters = {', '.join(SETTINGS)}\n"
    with pgbouncer_before(postgres, tmp_path_factory.mktemp("ignoring"), ignored) as port:
        url = store_url.replace(f":{postgres.port}/", f":{port}/")
        taken = await asyncpg.connect(dsn_of(url), server_settings=SETTINGS)
        await taken.close()
        async with opened(url) as store:
            assert store.pooled
            await store.append(ToStream("a-1", 0, [event()]))
            assert await store.head() == 1


async def test_many_statements_of_many_clients_share_two_server_connections(pooled_url: str) -> None:
    stores = [await open_postgres(pooled_url) for _ in range(6)]
    for n in range(8):
        await asyncio.gather(
            *(store.append(ToStream(f"a-{number}", n, [event()])) for number, store in enumerate(stores)),
            *(store.read_stream(f"a-{number}") for number, store in enumerate(stores)),
            *(store.read_log(category="a") for store in stores),
            *(store.head() for store in stores),
        )
    assert [e.position for e in await log_of(stores[0])] == list(range(1, 49))
    for store in stores:
        await store.close()


async def test_a_waiter_behind_a_pooler_wakes_by_looking_and_a_direct_one_is_told(
    pooled_url: str, store_url: str
) -> None:
    async with opened(pooled_url) as pooled, opened(store_url) as direct:
        async with asyncio.timeout(10):
            waiting = asyncio.ensure_future(pooled.wake(0, 60))
            await direct.append(ToStream("a-1", 0, [event()]))
            assert await waiting == 1
            waiting = asyncio.ensure_future(direct.wake(1, 60))
            await pooled.append(ToStream("a-1", 1, [event()]))
            assert await waiting == 2


async def test_an_append_behind_a_pooler_waits_until_its_deadline_too(pooled_url: str, store_url: str) -> None:
    async with (
        opened(pooled_url.replace("deadline_s=20", "deadline_s=0.4")) as store,
        connected(store_url) as holder,
        holder.transaction(),
    ):
        await holder.execute(f"select {schema_of(store_url)}.lock_v1()")
        with pytest.raises(StoreBusy):
            await store.append(ToStream("a-1", 0, [event()]))


async def test_migrating_through_a_pooler_works(pgbouncer: int, postgres: PostgresServer, bare_url: str) -> None:
    location = PostgresLocation.parse(bare_url.replace(f":{postgres.port}/", f":{pgbouncer}/"))
    assert (await PostgresSchema(location).migrate()).found == NEWEST
    assert (await PostgresSchema(location).status()).pending == ()
