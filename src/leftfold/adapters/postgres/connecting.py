"""Connections: made alike for everything the store does, pooled for reading."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import asyncpg

from leftfold.adapters.postgres.failures import behind, is_lost, translated
from leftfold.adapters.postgres.location import PostgresLocation, named, service_of
from leftfold.adapters.postgres.silence import Silence
from leftfold.errors import LeftfoldError, StoreClosed, StoreUnavailable

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

T = TypeVar("T")

__all__ = [
    "OWN_PATH_HERE",
    "SETTINGS",
    "Backoff",
    "Connection",
    "Connector",
    "Readers",
    "connect_first",
    "say_goodbye",
    "transaction_on",
]

_OWN_PATH: Final = "pg_catalog, pg_temp"
"""Where what is named without a schema is looked for: nowhere else, or whoever may make functions there is called."""

SETTINGS: Final = {
    # A plan made while the tables were empty must not live on when they are full: index probes only.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "default_transaction_isolation": "read committed",
    "array_nulls": "on",
    "search_path": _OWN_PATH,
}
"""Of every session that is not behind a pooler."""
_GOODBYE_S: Final = 1.0
OWN_PATH_HERE: Final = f"set local search_path = {_OWN_PATH}"
"""The same for one transaction, where nothing is set for a session."""
_ANY_PLAN = (
    "set local plan_cache_mode = force_custom_plan; set local enable_seqscan = on; set local enable_bitmapscan = on"
)


class Connector:
    """Opens connections to one store.

    Args:
        pooled: through a pooler in transaction mode: no cached statements, no settings of the session.
    """

    def __init__(self, location: PostgresLocation, *, pooled: bool = False) -> None:
        self.location = location
        self.pooled = pooled
        self._unwanted: set[asyncio.Task[Connection]] = set()

    async def connect(self, *, plain: bool = False, **settings: str) -> Connection:
        """Open a connection.

        Args:
            plain: fit for any server or pooler, before it is known which there is.
            settings: of the session, added to our own; without effect through a pooler.
        """
        plain = plain or self.pooled
        connecting = asyncio.ensure_future(
            asyncpg.connect(
                self.location.dsn,
                service=service_of(self.location),
                servicefile=self.location.servicefile,
                timeout=self.location.connect_timeout_s,
                statement_cache_size=0 if plain else 100,
                server_settings={} if plain else {**SETTINGS, **settings},
            )
        )
        try:
            return await asyncio.shield(connecting)
        except FileNotFoundError as error:
            raise named(error, self.location) from error
        except asyncio.CancelledError:  # cut off in the middle, the driver leaves an error that nobody is told
            self._unwanted.add(connecting)
            connecting.add_done_callback(self._let_go)
            raise

    async def end(self) -> None:
        """Let go of connections that are being made for somebody who has gone away."""
        for connecting in self._unwanted:
            connecting.cancel()
        await asyncio.gather(*self._unwanted, return_exceptions=True)

    def _let_go(self, connecting: asyncio.Task[Connection]) -> None:
        self._unwanted.discard(connecting)
        if not connecting.cancelled() and connecting.exception() is None:
            connecting.result().terminate()

    def unavailable(self, error: Exception | None) -> StoreUnavailable:
        """The error for a server that did not answer until the deadline."""
        reason = f"{behind(error)}" or type(error).__name__ if error else "no answer"
        return StoreUnavailable(
            f"PostgreSQL store {self.location.shown} was out of reach for {self.location.deadline_s:g} s: {reason}. "
            "Nothing was stored; see that the server runs, or allow more with ?deadline_s="
        )

    def unanswered(self) -> StoreUnavailable:
        """The error for a server that was asked to write, and was not done with it at the deadline."""
        return StoreUnavailable(
            f"PostgreSQL store {self.location.shown} was not done with a write after {self.location.deadline_s:g} s. "
            "It was called off, and may be stored; see who holds a lock there, and that the synchronous standbys run "
            "(synchronous_standby_names), and try again"
        )


async def say_goodbye(connection: Connection) -> None:
    """Close a connection, within a second: a server that is gone holds up nobody."""
    with suppress(Exception):  # whatever it is, the driver has let go of the connection
        await connection.close(timeout=_GOODBYE_S)


@asynccontextmanager
async def transaction_on(connection: Connection, *settings: str) -> AsyncGenerator[None]:
    """A transaction in which names mean what they mean to us, whatever the session says.

    Args:
        settings: what else holds in it, as statements; they are sent with its beginning.
    """
    await connection.execute("; ".join(("begin isolation level read committed", OWN_PATH_HERE, *settings)))
    try:
        yield
    except BaseException:
        if not connection.is_closed():
            await connection.execute("rollback")
        raise
    await connection.execute("commit")


async def connect_first(location: PostgresLocation) -> tuple[Connection, bool]:
    """A connection to a store, and whether a pooler stands between: it refuses settings, or another process answers."""
    connector = Connector(location)
    try:
        connection = await connector.connect()
    except (asyncpg.ProtocolViolationError, asyncpg.FeatureNotSupportedError):
        return await connector.connect(plain=True), True
    try:
        if await _is_direct(connection):
            return connection, False
    except BaseException:
        connection.terminate()
        raise
    connection.terminate()
    return await connector.connect(plain=True), True


def _is_left_open(connection: Connection) -> bool:
    """Whether *connection* stands with a transaction in it."""
    return not connection.is_closed() and connection.is_in_transaction()


async def _is_direct(connection: Connection) -> bool:
    """Whether the process that we connected to is the one that answers."""
    # Without values it is sent as simple text, which leaves nothing behind in a session that others share.
    status: str = await connection.execute(f"select 1 where pg_backend_pid() = {connection.get_server_pid()}")
    return status == "SELECT 1"


class Backoff:
    """Waits longer each time, up to half a second, until a deadline.

    Args:
        deadline: time of the event loop, in seconds.
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._wait_s = 0.01

    async def wait(self) -> bool:
        """Wait; False, at once, when the deadline has passed."""
        left = self._deadline - asyncio.get_running_loop().time()
        if left <= 0:
            return False
        await asyncio.sleep(min(self._wait_s, left))
        self._wait_s = min(self._wait_s * 2, 0.5)
        return True


class Readers:
    """A few connections, each used by one caller at a time; broken ones are replaced and a read is repeated.

    Args:
        idle: those that are there already.
    """

    def __init__(self, connector: Connector, idle: Sequence[Connection] = ()) -> None:
        self._connector = connector
        self._idle = [*idle]
        self._turn = asyncio.Semaphore(connector.location.pool)
        self._silence = Silence(connector, connector.location.deadline_s)
        self._closed = False

    async def fetch(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        """The rows of one query, all from one snapshot.

        Raises:
            StoreError: the database refused it, or could not be reached until the deadline.
        """
        return await self.repeat(partial(self._rows, sql, values))

    async def search(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        """The rows of one query like `fetch`, planned for its values and with any kind of index."""
        return await self.repeat(partial(self._searched, sql, values))

    async def write(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        """The rows of one statement like `fetch`, which is called off at the deadline; see `change`."""
        return await self.change(partial(self._rows, sql, values))

    async def change(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Like `repeat`, for what writes: it waits for locks, or for a standby when it commits, until the deadline."""
        return await self.repeat(partial(self._in_time, work))

    async def repeat(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Lend a connection to *work*, which is done again when the connection breaks; raises like `fetch`."""
        self._check_open()
        async with self._turn:
            try:
                return await self._lend(work)
            except LeftfoldError:
                raise
            except Exception as error:
                if not is_lost(error):
                    raise translated(error, self._connector.location.shown) from error
            return await self._lend_again(work)

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Lend a connection to *work* once; raises what it raises."""
        self._check_open()
        async with self._turn:
            try:
                return await self._lend(work)
            except Exception as error:
                if is_lost(error):
                    self._drop_idle()
                raise

    async def close(self) -> None:
        """Close the connections that are idle, and the others when they are done."""
        self._closed = True
        try:
            await self._silence.end()
            while self._idle:
                await say_goodbye(self._idle.pop())
        finally:
            self._drop_idle()  # those that there was no time for, when it is broken off

    async def _rows(self, sql: str, values: Sequence[object], connection: Connection) -> Sequence[asyncpg.Record]:
        if not self._connector.pooled:
            return await connection.fetch(sql, *values)
        async with transaction_on(connection):
            return await connection.fetch(sql, *values)

    async def _in_time(self, work: Callable[[Connection], Awaitable[T]], connection: Connection) -> T:
        timeout = asyncio.timeout(self._connector.location.deadline_s)
        try:
            async with timeout:
                return await work(connection)
        except TimeoutError as error:
            if not timeout.expired():  # the system's, of a connection that broke
                raise
            await say_goodbye(connection)  # which has the server call it off
            raise self._connector.unanswered() from error

    async def _searched(self, sql: str, values: Sequence[object], connection: Connection) -> Sequence[asyncpg.Record]:
        async with transaction_on(connection, _ANY_PLAN):
            return await connection.fetch(sql, *values)

    async def _lend_again(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        self._drop_idle()
        backoff = Backoff(asyncio.get_running_loop().time() + self._connector.location.deadline_s)
        last: Exception | None = None
        while await backoff.wait():
            try:
                return await self._lend(work)
            except LeftfoldError:
                raise
            except Exception as error:
                if not is_lost(error):
                    raise translated(error, self._connector.location.shown) from error
                last = error
        raise self._connector.unavailable(last) from last

    async def _lend(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        self._check_open()
        connection = self._idle.pop() if self._idle else await self._connector.connect()
        self._silence.lent(connection)
        try:
            return await work(connection)
        except BaseException as error:
            if not isinstance(error, asyncpg.PostgresError | LeftfoldError) or _is_left_open(connection):
                connection.terminate()
            raise
        finally:
            self._silence.returned(connection)
            if self._closed:
                connection.terminate()
            elif not connection.is_closed():
                self._idle.append(connection)

    def _drop_idle(self) -> None:
        for connection in self._idle:  # they are as old as the one that broke
            connection.terminate()
        self._idle.clear()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed(f"the store {self._connector.location.shown} was closed; open it again")
