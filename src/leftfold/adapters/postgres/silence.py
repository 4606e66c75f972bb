"""Noticing connections that have fallen silent: nobody cuts them, and nothing comes over them any more.

::

    lent for as long as its patience -> ask over another connection: does the server work for it?
      ^                                   | yes, a long query      | no, or no answer: break it off
      +-----------------------------------+
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import asyncpg

from leftfold.adapters.postgres.calls import plain_array

if TYPE_CHECKING:
    from leftfold.adapters.postgres.connecting import Connector

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

__all__ = ["Silence"]

_WORKING: Final = (
    "select pid from pg_stat_activity where pid = any($1::text::integer[]) "
    "and (state in ('active', 'disabled') or state_change > clock_timestamp() - make_interval(secs => $2))"
)


class Silence:
    """Breaks off connections that wait for an answer of a server which has none to give.

    Args:
        patience_s: seconds after which it is asked whether it has.
    """

    def __init__(self, connector: Connector, patience_s: float) -> None:
        self._connector = connector
        self._patience_s = patience_s
        self._since: dict[Connection, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[None] | None = None

    def lent(self, connection: Connection) -> None:
        """An answer over *connection* is waited for from now on."""
        self._since[connection] = asyncio.get_running_loop().time()
        if self._timer is None and (self._asking is None or self._asking.done()):
            self._wait()

    def returned(self, connection: Connection) -> None:
        """Nothing more is waited for."""
        self._since.pop(connection, None)

    async def end(self) -> None:
        """Watch over nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _wait(self) -> None:
        self._timer = None
        if self._since:
            when = min(self._since.values()) + self._patience_s
            self._timer = asyncio.get_running_loop().call_at(when, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() - self._patience_s
        late = {connection: since for connection, since in self._since.items() if since <= until}
        if late:
            self._timer = None
            self._asking = loop.create_task(self._break_off(late))
        else:
            self._wait()

    async def _break_off(self, late: Mapping[Connection, float]) -> None:
        try:
            async with asyncio.timeout(self._connector.location.connect_timeout_s):
                working = await self._working([connection.get_server_pid() for connection in late])
        except Exception:  # noqa: BLE001 - who does not answer this answers those as little
            working = ()
        for connection, since in late.items():
            if self._since.get(connection) != since:
                continue
            if connection.get_server_pid() in working:
                self._since[connection] = asyncio.get_running_loop().time()
            else:
                del self._since[connection]
                connection.terminate()
        self._wait()

    async def _working(self, pids: Sequence[int]) -> Collection[int]:
        """Those of *pids* that the server works for, or did a moment ago; all of them when that cannot be seen."""
        connection = await self._connector.connect()
        try:
            if self._connector.pooled:
                await connection.execute("select 1")
                return pids
            rows = await connection.fetch(_WORKING, plain_array(pids), self._patience_s / 2)
        finally:
            connection.terminate()
        return [row[0] for row in rows]
