"""Hearing notifications: all channels of one store over one connection, made anew when it breaks or falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

from leftfold.adapters.postgres.connecting import Connection, Connector

__all__ = ["Heard", "Listener"]

Heard: TypeAlias = Callable[[str | None], None]
"""Gets what was told, by this process too; None when something may have been missed."""

_RETRY_S = 0.5


class Listener:
    """Hears the channels that were added to it, once somebody listens. Who misses something looks for itself."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._channels: dict[str, Heard] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def hears(self) -> bool:
        """Whether there is anything to hear: behind a pooler there is not."""
        return not self._connector.pooled

    def add(self, about: str, heard: Heard) -> str:
        """Have *heard* told of a channel; before anybody listens.

        Args:
            about: a part of the channel's name.

        Returns:
            The whole of it.
        """
        channel = f"leftfold_{self._connector.location.schema}{about}"
        self._channels[channel] = heard
        return channel

    def listen(self) -> None:
        """Hear what is told from now on, where there is anything to hear."""
        if self._task is None and self.hears and not self._closed:
            self._task = asyncio.ensure_future(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            with suppress(Exception):  # whatever keeps it from listening: who waits looks, and it tries again
                await self._hear(await self._connector.connect())
            self._missed()
            await asyncio.sleep(_RETRY_S)

    async def _hear(self, connection: Connection) -> None:
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _: gone.set())
        location = self._connector.location
        try:
            async with asyncio.timeout(location.connect_timeout_s):
                for channel in self._channels:
                    await connection.add_listener(channel, self._on_notification)
            self._missed()
            while not gone.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(location.deadline_s):
                        await gone.wait()
                await connection.execute("select 1", timeout=location.connect_timeout_s)  # it may have fallen silent
        finally:
            connection.terminate()

    def _missed(self) -> None:
        for heard in self._channels.values():
            heard(None)

    def _on_notification(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self._channels[channel](f"{payload}")
