"""Connections: made alike for everything the store does, pooled for reading."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from leftfold.adapters.postgres.failures import is_lost, translated
from leftfold.adapters.postgres.location import PostgresLocation
from leftfold.errors import StoreClosed, StoreUnavailable

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

__all__ = ["Backoff", "Connection", "Connector", "Readers", "detect_pooler"]

_SETTINGS = {
    # A plan made while the tables were empty must not live on when they are full: index probes only.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "default_transaction_isolation": "read committed",
}


class Connector:
    """Opens connections to one store.

    Args:
        pooled: through a pooler in transaction mode: no cached statements, no settings of the session.
    """

    def __init__(self, location: PostgresLocation, *, pooled: bool = False) -> None:
        self.location = location
        self.pooled = pooled

    async def connect(self, *, plain: bool = False, **settings: str) -> Connection:
        """Open a connection.

        Args:
            plain: fit for any server or pooler, before it is known which there is.
            settings: of the session, added to our own; without effect through a pooler.
        """
        plain = plain or self.pooled
        return await asyncpg.connect(
            self.location.dsn,
            timeout=self.location.connect_timeout_s,
            statement_cache_size=0 if plain else 100,
            server_settings={} if plain else {**_SETTINGS, **settings},
        )

    def unavailable(self, error: BaseException | None) -> StoreUnavailable:
        """The error for a server that did not answer until the deadline."""
        reason = f"{error or type(error).__name__}" if error else "no answer"
        return StoreUnavailable(
            f"PostgreSQL store {self.location.shown} was out of reach for {self.location.deadline_s:g} s: {reason}. "
            "Nothing was stored; see that the server runs, or allow more with ?deadline_s="
        )


async def detect_pooler(connection: Connection) -> bool:
    """Whether a pooler stands between us and the server: the process that answers is not the one we connected to."""
    async with connection.transaction():
        backend: int = await connection.fetchval("select pg_backend_pid()")
    announced: int = connection.get_server_pid()
    return backend != announced


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
    """A few connections that read, each by one caller at a time; broken ones are replaced and the read repeated."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._idle: list[Connection] = []
        self._turn = asyncio.Semaphore(connector.location.pool)
        self._closed = False

    async def fetch(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        """The rows of one query, all from one snapshot.

        Raises:
            StoreError: the database refused it, or could not be reached until the deadline.
        """
        if self._closed:
            raise StoreClosed(f"the store {self._connector.location.shown} was closed; open it again")
        async with self._turn:
            try:
                return await self._fetch(sql, values)
            except Exception as error:
                if not is_lost(error):
                    raise translated(error, self._connector.location.shown) from error
            return await self._fetch_again(sql, values)

    async def close(self) -> None:
        """Close the connections that are idle, and the others when they are done."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _fetch_again(self, sql: str, values: Sequence[object]) -> Sequence[asyncpg.Record]:
        for connection in self._idle:  # they are as old as the one that broke
            connection.terminate()
        self._idle.clear()
        backoff = Backoff(asyncio.get_running_loop().time() + self._connector.location.deadline_s)
        last: Exception | None = None
        while await backoff.wait():
            try:
                return await self._fetch(sql, values)
            except Exception as error:
                if not is_lost(error):
                    raise translated(error, self._connector.location.shown) from error
                last = error
        raise self._connector.unavailable(last) from last

    async def _fetch(self, sql: str, values: Sequence[object]) -> Sequence[asyncpg.Record]:
        connection = self._idle.pop() if self._idle else await self._connector.connect()
        try:
            if not self._connector.pooled:
                return await connection.fetch(sql, *values)
            async with connection.transaction(isolation="read_committed"):
                return await connection.fetch(sql, *values)
        except BaseException as error:
            if not isinstance(error, asyncpg.PostgresError):
                connection.terminate()
            raise
        finally:
            if self._closed:
                connection.terminate()
            elif not connection.is_closed():
                self._idle.append(connection)
