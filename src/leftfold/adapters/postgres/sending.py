"""The one connection that a group commit goes over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import asyncpg

from leftfold.adapters.postgres.connecting import Connection, Connector, say_goodbye, transaction_on
from leftfold.adapters.postgres.silence import Silence
from leftfold.adapters.postgres.watching import Watch
from leftfold.errors import StoreUnavailable

__all__ = ["Sender", "finished"]


_PATIENCE: Final = 3
"""Into so many parts the deadline is divided; after the first, a call that has no answer is asked after."""
_DURABLE: Final = (  # whatever the database has for others
    "select set_config('synchronous_commit', case setting when 'off' then 'on' else setting end, false) "
    "from current_setting('synchronous_commit') setting"
)


async def finished(task: asyncio.Task[None], otherwise: Callable[[], None]) -> None:
    """Wait until *task* is done.

    Args:
        otherwise: done after it, should the wait be broken off: the task goes on for those who wait for what it does.
    """
    try:
        await asyncio.wait([task])
    except BaseException:
        task.add_done_callback(lambda _: otherwise())
        raise


class Sender:
    """Sends calls to the database, one after another, and connects when it has to.

    Its sessions wait for the disk, but behind a pooler, where a session is shared.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._lock_timeout = f"{connector.location.deadline_s * 1000:.0f}"
        self._connection: Connection | None = None
        self._watch = Watch(self.drop)
        self._silence = Silence(connector, connector.location.deadline_s / _PATIENCE)

    @property
    def is_ready(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self._connection is not None and not self._connection.is_closed()

    @property
    def connection(self) -> Connection:
        """The connection, for who sends more than calls; `connect` comes first."""
        if self._connection is None:
            raise StoreUnavailable("not connected; connect first")
        return self._connection

    async def connect(self) -> None:
        """Connect unless the connection stands; raises the driver's error."""
        if self.is_ready:
            return
        connection = await self._connector.connect(lock_timeout=self._lock_timeout)
        if not self._connector.pooled:
            try:
                await connection.execute(_DURABLE, timeout=self._connector.location.connect_timeout_s)
            except BaseException:
                connection.terminate()
                raise
        self._connection = connection

    async def call(self, sql: str, arguments: Sequence[object], timeout_s: float) -> asyncpg.Record:
        """Send one call in a transaction of its own; raises the driver's error, or `TimeoutError`."""
        row = await self.ask(sql, arguments, timeout_s)
        if row is None:
            raise StoreUnavailable("the function returned nothing; nothing is known to be stored")
        return row

    async def ask(self, sql: str, arguments: Sequence[object], timeout_s: float) -> asyncpg.Record | None:
        """Like `call`, for what may have no answer."""
        connection = self.connection
        self._silence.lent(connection)
        try:
            with self._watch.over(timeout_s):
                if not self._connector.pooled:
                    return await connection.fetchrow(sql, *arguments)
                async with transaction_on(connection, f"set local lock_timeout = {self._lock_timeout}"):
                    return await connection.fetchrow(sql, *arguments)
        finally:
            self._silence.returned(connection)

    def drop(self) -> None:
        """Let go of a connection that broke."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Say goodbye."""
        self._watch.end()
        await self._silence.end()
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await say_goodbye(connection)
