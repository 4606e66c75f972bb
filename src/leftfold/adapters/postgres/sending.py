"""The one connection that appends go over."""

from __future__ import annotations

import asyncio

from leftfold.adapters.postgres.calls import Arguments, Verdicts, append_sql
from leftfold.adapters.postgres.connecting import Connection, Connector
from leftfold.errors import StoreUnavailable

__all__ = ["Sender"]


class Sender:
    """Sends calls to the database, one after another, and connects when it has to."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._sql = append_sql(connector.location.schema)
        self._lock_timeout = f"{connector.location.deadline_s * 1000:.0f}"
        self._connection: Connection | None = None

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
        if not self.is_ready:
            self._connection = await self._connector.connect(lock_timeout=self._lock_timeout)

    async def send(self, arguments: Arguments, timeout_s: float) -> Verdicts:
        """Send one call and return what the database said; raises the driver's error, or `TimeoutError`."""
        connection = self.connection
        if not self._connector.pooled:
            row = await connection.fetchrow(self._sql, *arguments, timeout=timeout_s)
        else:
            async with asyncio.timeout(timeout_s), connection.transaction(isolation="read_committed"):
                await connection.execute(f"set local lock_timeout = {self._lock_timeout}")
                row = await connection.fetchrow(self._sql, *arguments)
        if row is None:
            raise StoreUnavailable("the append function returned nothing; nothing is known to be stored")
        return row["verdict"], row["version"], row["last"], row["recorded"]

    def drop(self) -> None:
        """Let go of a connection that broke."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
