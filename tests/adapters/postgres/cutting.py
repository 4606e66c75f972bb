"""A wire between client and server that can lose the server's answer, or fall silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from leftfold.adapters.postgres import PostgresStore
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.opened import opened

__all__ = ["Wire", "wire_to", "wired"]


class Wire:
    """Passes bytes both ways. Made by `wire_to`.

    Args:
        target: port of the server.

    `sent` is all that clients have said.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._armed: bytes | None = None
        self._for_good = self._silent = self._dead = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.lost = 0
        self.sent = bytearray()
        self._losing = asyncio.Event()

    def lose_answer_to(self, question: bytes) -> None:
        """Of the next message that contains *question*, let the server do its work, then cut instead of answering."""
        self._armed = question

    def lose_everything_from(self, question: bytes) -> None:
        """Like `lose_answer_to`, and from then on let nobody through."""
        self._armed = question
        self._for_good = True

    async def loses(self) -> None:
        """Wait until an answer is lost."""
        await self._losing.wait()

    def let_through(self) -> None:
        """Let clients through again."""
        self._for_good = False

    def fall_silent_after(self, question: bytes) -> None:
        """Like `lose_answer_to`, but cut nothing: what the server says is kept back for ever."""
        self._armed = question
        self._silent = True

    def go_dead(self) -> None:
        """Let nothing through from now on, and cut nothing."""
        self._dead = True

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        if self._for_good and self._armed is None:
            writer.close()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        answerless = asyncio.Event()
        for work in (self._forth(reader, back, answerless), self._back(there, writer, answerless)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Cut everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _forth(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, mute: asyncio.Event) -> None:
        try:
            while data := await source.read(1 << 20):
                if self._armed is not None and self._armed in data:
                    self._armed = None
                    mute.set()
                self.sent += data
                if not self._dead:
                    target.write(data)
        finally:
            target.close()

    async def _back(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, mute: asyncio.Event) -> None:
        try:
            while data := await source.read(1 << 20):
                if mute.is_set():
                    self.lost += 1
                    self._losing.set()
                    if not self._silent:
                        break
                    continue
                target.write(data)
        finally:
            target.close()


@asynccontextmanager
async def wired(server: PostgresServer, url: str) -> AsyncGenerator[tuple[Wire, PostgresStore]]:
    """A wire to *server*, and the store at *url* opened over it."""
    async with (
        wire_to(server.port) as (wire, port),
        opened(url.replace(f":{server.port}/", f":{port}/")) as store,
    ):
        yield wire, store


@asynccontextmanager
async def wire_to(port: int) -> AsyncGenerator[tuple[Wire, int]]:
    """A wire to the server on *port*, and the port to connect to instead."""
    wire = Wire(port)
    server = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    try:
        yield wire, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await wire.end()
