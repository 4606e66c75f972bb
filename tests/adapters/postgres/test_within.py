"""Appending inside the user's own transaction, over every driver that can begin one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias

import asyncpg
import psycopg
import pytest
import sqlalchemy
from msgspec.structs import replace
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from leftfold.adapters.postgres import append_within, append_within_sync
from leftfold.adapters.postgres.location import PostgresLocation
from leftfold.errors import (
    AppendRefused,
    ConditionFailed,
    Conflict,
    IdReused,
    InvalidInput,
    InvalidStreamName,
    SchemaMismatch,
)
from leftfold.store import AppendCondition, Appended, Expected, QueryItem, ToStream
from tests.adapters.postgres.opened import connected, dsn_of, event, log_of, opened, rows, schema_of


class _Stop(Exception):
    """What makes a test's own transaction roll back."""


class Own(Protocol):
    """A transaction of the user's own; the driver is whichever the test is run with."""

    async def append(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended: ...

    async def execute(self, sql: str) -> None: ...


Begin = Callable[..., AbstractAsyncContextManager[Own]]


_Connection: TypeAlias = Any  # any of the drivers; what they accept is checked where they are named
_AS_DICTIONARIES: Any = dict_row


class _Awaited:
    def __init__(self, connection: _Connection, schema: str, run: Callable[[str], Awaitable[object]]) -> None:
        self._connection, self._schema, self._run = connection, schema, run

    async def append(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        return await append_within(self._connection, *parts, condition=condition, schema=self._schema)

    async def execute(self, sql: str) -> None:
        await self._run(sql)


class _Blocking:
    def __init__(self, connection: _Connection, schema: str, run: Callable[[str], object]) -> None:
        self._connection, self._schema, self._run = connection, schema, run

    async def append(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        return append_within_sync(self._connection, *parts, condition=condition, schema=self._schema)

    async def execute(self, sql: str) -> None:
        self._run(sql)


@asynccontextmanager
async def _asyncpg(url: str, schema: str) -> AsyncGenerator[Own]:
    connection = await asyncpg.connect(url)
    await connection.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=lambda text: {"decoded": text})
    for kind in ("uuid", "timestamptz"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=str, decoder=str)
    try:
        async with connection.transaction():
            yield _Awaited(connection, schema, connection.execute)
    finally:
        await connection.close()


@asynccontextmanager
async def _asyncpg_pool(url: str, schema: str) -> AsyncGenerator[Own]:
    pool = asyncpg.create_pool(url, min_size=1, max_size=1)
    async with pool, pool.acquire() as connection, connection.transaction():
        yield _Awaited(connection, schema, connection.execute)


@asynccontextmanager
async def _psycopg(url: str, schema: str) -> AsyncGenerator[Own]:
    with psycopg.connect(url, row_factory=_AS_DICTIONARIES) as connection:
        yield _Blocking(connection, schema, lambda sql: connection.execute(sql.encode()))


@asynccontextmanager
async def _psycopg_async(url: str, schema: str) -> AsyncGenerator[Own]:
    async with await psycopg.AsyncConnection.connect(url, row_factory=_AS_DICTIONARIES) as connection:
        yield _Awaited(connection, schema, lambda sql: connection.execute(sql.encode()))


@asynccontextmanager
async def _sqlalchemy(url: str, schema: str) -> AsyncGenerator[Own]:
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.begin() as connection:
        yield _Blocking(connection, schema, lambda sql: connection.execute(sqlalchemy.text(sql)))


@asynccontextmanager
async def _sqlalchemy_session(url: str, schema: str) -> AsyncGenerator[Own]:
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with Session(engine) as session, session.begin():
        yield _Blocking(session, schema, lambda sql: session.execute(sqlalchemy.text(sql)))


@asynccontextmanager
async def _sqlalchemy_async(url: str, schema: str) -> AsyncGenerator[Own]:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"), poolclass=NullPool)
    async with engine.begin() as connection:
        yield _Awaited(connection, schema, lambda sql: connection.execute(sqlalchemy.text(sql)))


@asynccontextmanager
async def _sqlalchemy_async_session(url: str, schema: str) -> AsyncGenerator[Own]:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    async with AsyncSession(engine) as session, session.begin():
        yield _Awaited(session, schema, lambda sql: session.execute(sqlalchemy.text(sql)))


_DRIVERS: list[Callable[[str, str], AbstractAsyncContextManager[Own]]] = [
    _asyncpg,
    _asyncpg_pool,
    _psycopg,
    _psycopg_async,
    _sqlalchemy,
    _sqlalchemy_session,
    _sqlalchemy_async,
    _sqlalchemy_async_session,
]


@pytest.fixture(params=_DRIVERS, ids=lambda driver: driver.__name__.strip("_"))
async def begin(request: pytest.FixtureRequest, store_url: str) -> Begin:
    async with connected(store_url) as connection:
        await connection.execute(f"create table {schema_of(store_url)}.orders (number integer)")
    driver: Callable[[str, str], AbstractAsyncContextManager[Own]] = request.param
    return lambda: driver(dsn_of(store_url), PostgresLocation.parse(store_url).schema)


async def _orders(url: str) -> int:
    [(count,)] = await rows(url, "select count(*) from :schema.orders")
    return int(count)


async def test_rows_and_events_commit_together(begin: Begin, store_url: str) -> None:
    told = event(2, tags=("order:1", 'a"b\\c{,}'))
    async with begin() as own:
        await own.execute(f"insert into {schema_of(store_url)}.orders values (1)")
        appended = await own.append(
            ToStream("order-1", 0, [event(1), told]), ToStream("log-1", Expected.ANY, [event(3)])
        )
    async with opened(store_url) as store:
        log = await log_of(store)
        assert (appended.position, appended.versions, appended.repeated) == (3, {"order-1": 2, "log-1": 1}, False)
        assert [(e.stream, e.version, e.data) for e in log] == [
            ("order-1", 1, b'{"n":1}'),
            ("order-1", 2, b'{"n":2}'),
            ("log-1", 1, b'{"n":3}'),
        ]
        assert (log[1].id, log[1].tags) == (told.id, tuple(sorted(told.tags)))
        assert {e.recorded_at for e in log} == {appended.recorded_at}
        assert await _orders(store_url) == 1


@pytest.mark.parametrize(
    "setting", ["timezone = 'Pacific/Kiritimati'", "timezone = 'America/Lima'", "datestyle = 'German'"]
)
async def test_it_says_the_same_whatever_the_session_makes_of_times_and_ids(
    begin: Begin, store_url: str, setting: str
) -> None:
    ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
    part = ToStream("a-1", 0, [replace(event(), occurred_at=at) for at in ends])
    told: list[Appended] = []
    for _ in range(2):
        async with begin() as own:
            await own.execute(f"set local {setting}")
            told.append(await own.append(part))
    assert told == [told[0], replace(told[0], repeated=True)]
    assert told[0].recorded_at.utcoffset() == timedelta(0)
    async with opened(store_url) as store:
        [first, last] = await log_of(store)
    assert [first.occurred_at, last.occurred_at, last.recorded_at] == [*ends, told[0].recorded_at]


async def test_it_has_tags_and_times_left_out_where_a_session_takes_null_for_a_word(
    begin: Begin, store_url: str
) -> None:
    part = ToStream(
        "a-1", 0, [event(tags=("x",)), event(), replace(event(), occurred_at=datetime.max.replace(tzinfo=UTC))]
    )
    condition = AppendCondition(
        none_of=(QueryItem(tags=frozenset({"y"})), QueryItem(types=frozenset({"Never"}))), after=0
    )
    async with begin() as own:
        await own.execute("set local array_nulls = off")
        assert (await own.append(part, condition=condition)).repeated is False
        assert (await own.append(part, condition=condition)).repeated is True
        await own.execute("select 1 / (current_setting('array_nulls') = 'off')::integer")  # as it was
    async with opened(store_url) as store:
        assert [found.tags for found in await log_of(store)] == [("x",), (), ()]


@pytest.mark.parametrize("options", [{"stream_results": True}, {"yield_per": 5}], ids=["streamed", "paged"])
async def test_a_connection_of_sqlalchemy_that_streams_its_results_is_appended_over(
    store_url: str, options: dict[str, Any]
) -> None:
    part, schema = ToStream("a-1", 0, [event(tags=("x",)), event()]), PostgresLocation.parse(store_url).schema
    engine = sqlalchemy.create_engine(
        dsn_of(store_url).replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool
    )
    with engine.connect().execution_options(**options) as connection, connection.begin():
        assert [append_within_sync(connection, part, schema=schema).repeated for _ in range(2)] == [False, True]
    awaited = create_async_engine(dsn_of(store_url).replace("postgresql:", "postgresql+asyncpg:"), poolclass=NullPool)
    async with awaited.execution_options(**options).begin() as other:
        assert (await append_within(other, part, schema=schema)).repeated


async def test_a_connection_without_an_encoding_is_appended_over(store_url: str) -> None:
    part, schema = ToStream("a-\u20ac", 0, [event(tags=("\u20ac",))]), PostgresLocation.parse(store_url).schema
    with psycopg.connect(dsn_of(store_url), client_encoding="SQL_ASCII") as connection:
        assert [append_within_sync(connection, part, schema=schema).repeated for _ in range(2)] == [False, True]
    async with opened(store_url) as store:
        assert [(found.stream, found.tags) for found in await log_of(store)] == [("a-\u20ac", ("\u20ac",))]


async def test_it_takes_part_in_a_pipeline(store_url: str) -> None:
    schema = PostgresLocation.parse(store_url).schema
    async with opened(store_url) as store:
        async with await psycopg.AsyncConnection.connect(dsn_of(store_url)) as connection, connection.pipeline():
            appended = await append_within(connection, ToStream("a-1", 0, [event()]), schema=schema)
            with pytest.raises(Conflict):
                await append_within(connection, ToStream("a-1", 0, [event()]), schema=schema)
        assert [found.position for found in await log_of(store)] == [appended.position] == [1]


async def test_a_rollback_leaves_neither_rows_nor_events(begin: Begin, store_url: str) -> None:
    with suppress(_Stop):
        async with begin() as own:
            appended = await own.append(ToStream("order-1", 0, [event()]))
            assert appended.position == 1
            await own.execute(f"insert into {schema_of(store_url)}.orders values (1)")
            raise _Stop
    async with opened(store_url) as store:
        assert await store.head() == 0
        assert await _orders(store_url) == 0
        assert (await store.append(ToStream("order-1", 0, [event()]))).position == 1


async def test_it_has_the_verdicts_of_the_store_and_a_refusal_leaves_the_transaction_usable(
    begin: Begin, store_url: str
) -> None:
    known = event(1, tags=("seat:1",))
    seat = AppendCondition(none_of=(QueryItem(tags=frozenset({"seat:1"})),))
    async with opened(store_url) as store:
        first = await store.append(ToStream("order-1", 0, [known]))
        async with begin() as own:
            with pytest.raises(Conflict) as conflict:
                await own.append(ToStream("order-1", 0, [event()]))
            assert (conflict.value.expected, conflict.value.actual) == (0, 1)
            with pytest.raises(ConditionFailed):
                await own.append(ToStream("order-1", 1, [event()]), condition=seat)
            with pytest.raises(IdReused) as reused:
                await own.append(ToStream("order-2", 0, [known]))
            assert (reused.value.id, reused.value.stream, reused.value.version) == (known.id, "order-1", 1)
            with pytest.raises(IdReused) as taken:
                await own.append(ToStream("order-2", 0, [event(), known]))
            assert (taken.value.id, taken.value.stream) == (known.id, "order-1")
            with pytest.raises(InvalidStreamName):
                await own.append(ToStream("", 0, [event()]))
            again = await own.append(ToStream("order-1", 0, [known]))
            assert (again.position, again.recorded_at, again.repeated) == (1, first.recorded_at, True)
            await own.execute(f"insert into {schema_of(store_url)}.orders values (1)")
            await own.append(ToStream("order-1", 1, [event()]))
        assert [(e.stream, e.version) for e in await log_of(store)] == [("order-1", 1), ("order-1", 2)]
        assert await _orders(store_url) == 1


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_a_snapshot_older_than_the_append_is_refused(begin: Begin, store_url: str, level: str) -> None:
    async with begin() as own:
        await own.execute(f"set transaction isolation level {level}")
        with pytest.raises(AppendRefused, match="READ COMMITTED") as refusal:
            await own.append(ToStream("order-1", 0, [event()]))
        assert refusal.value.code == "LF001"
    async with opened(store_url) as store:
        assert await store.head() == 0


async def test_asynchronous_commit_is_switched_on_for_the_append(begin: Begin) -> None:
    async with begin() as own:
        await own.execute("set local synchronous_commit = off")
        await own.append(ToStream("order-1", 0, [event()]))
        await own.execute(
            "do $$ begin if current_setting('synchronous_commit') <> 'on' then raise 'still off'; end if; end $$"
        )


async def test_without_a_transaction_it_is_refused(store_url: str) -> None:
    schema = PostgresLocation.parse(store_url).schema
    part = ToStream("order-1", 0, [event()])
    async with connected(store_url) as connection:
        with pytest.raises(AppendRefused, match="begin one"):
            await append_within(connection, part, schema=schema)
    with (
        psycopg.connect(dsn_of(store_url), autocommit=True) as autocommit,
        pytest.raises(AppendRefused, match="begin one"),
    ):
        append_within_sync(autocommit, part, schema=schema)
    async with opened(store_url) as store:
        assert await store.head() == 0


async def test_in_a_transaction_that_has_failed_it_is_refused(begin: Begin) -> None:
    async with begin() as own:
        with suppress(Exception):
            await own.execute("select 1 / 0")
        with pytest.raises(AppendRefused, match="failed before"):
            await own.append(ToStream("order-1", 0, [event()]))


async def test_a_connection_that_cannot_send_the_events_is_refused(store_url: str) -> None:
    schema = PostgresLocation.parse(store_url).schema
    with psycopg.connect(dsn_of(store_url), client_encoding="latin1") as connection:
        with pytest.raises(InvalidInput, match="client_encoding UTF8"):
            append_within_sync(connection, ToStream("order-\u20ac", 0, [event()]), schema=schema)
        assert append_within_sync(connection, ToStream("order-1", 0, [event()]), schema=schema).position == 1
    latin = await asyncpg.connect(dsn_of(store_url), server_settings={"client_encoding": "latin1"})
    async with latin.transaction():
        with pytest.raises(InvalidInput, match="client_encoding UTF8"):
            await append_within(latin, ToStream("order-\u20ac", 0, [event()]), schema=schema)
    await latin.close()


async def test_a_connection_of_something_else_is_refused() -> None:
    connection: Any = object()
    with pytest.raises(InvalidInput, match="asyncpg or psycopg"):
        await append_within(connection, ToStream("a-1", 0, [event()]))
    with pytest.raises(InvalidInput, match="asyncpg or psycopg"):
        append_within_sync(connection, ToStream("a-1", 0, [event()]))


@pytest.mark.parametrize("schema", ['a"b', "", "Ledger", "bank_read"])
async def test_a_schema_that_can_hold_no_store_is_refused(store_url: str, schema: str) -> None:
    part = ToStream("a-1", 0, [event()])
    async with connected(store_url) as connection, connection.transaction():
        with pytest.raises(InvalidInput, match=r"schema .*: use 1 to 40"):
            await append_within(connection, part, schema=schema)
        assert await connection.fetchval("select 1") == 1
    with psycopg.connect(dsn_of(store_url)) as blocking, pytest.raises(InvalidInput, match="schema"):
        append_within_sync(blocking, part, schema=schema)


async def test_a_schema_without_a_store_is_told_with_a_command_that_makes_one(store_url: str) -> None:
    part = ToStream("a-1", 0, [event()])
    async with connected(store_url) as connection, connection.transaction():
        with pytest.raises(SchemaMismatch) as told:
            await append_within(connection, part, schema="nowhere")
        assert await connection.fetchval("select 1") == 1
    assert "run `leftfold migrate --store 'postgresql://...?schema=nowhere'`" in str(told.value)


async def test_a_transaction_that_stalls_after_its_append_is_ended_and_the_next_writer_goes_on(store_url: str) -> None:
    async with opened(store_url) as store, connected(store_url) as stalled:
        transaction = stalled.transaction()
        await transaction.start()
        await append_within(stalled, ToStream("a-1", 0, [event()]), schema=PostgresLocation.parse(store_url).schema)
        [(bound,)] = [tuple(row) for row in await stalled.fetch("show idle_in_transaction_session_timeout")]
        assert bound == "5s"
        appended = await store.append(ToStream("a-1", 0, [event()]))  # waits for the stalled one to be ended
        assert (appended.position, appended.versions) == (1, {"a-1": 1})
        # A backend that was ended shows as any of these, asyncpg's internal error included.
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
            await transaction.commit()


async def test_a_tighter_bound_of_the_user_stays(store_url: str) -> None:
    async with connected(store_url) as connection, connection.transaction():
        await connection.execute("set local idle_in_transaction_session_timeout = '900ms'")
        await append_within(connection, ToStream("a-1", 0, [event()]), schema=PostgresLocation.parse(store_url).schema)
        assert await connection.fetchval("show idle_in_transaction_session_timeout") == "900ms"
