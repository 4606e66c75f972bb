"""One release of a bank as a process: it follows the log, or carries out commands."""

from __future__ import annotations

import asyncio
import logging
import sys
from importlib import import_module
from typing import Protocol, cast

import msgspec

from leftfold import App
from leftfold.errors import LeftfoldError
from leftfold.store import Store, Unknown
from tests.guarantees.children import begin_child, say
from tests.guarantees.places import open_place

__all__ = ["Answer", "Told"]


class Told(msgspec.Struct, frozen=True):
    """What a follower tells: a page, that it waits, or why it ended.

    Args:
        what: `page`, `waits`, or the name of the error that ended it.
        position: of the page, or the last one.
        seen: position and content of each event of the page.
        text: of the error.
    """

    what: str
    position: int
    seen: list[tuple[int, str]] = []
    text: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What became of a command: its result, or the name of the error, and the head of the log after it."""

    result: str
    head: int


class Waiting(logging.Handler):
    """Tells the parent what the framework logs."""

    position = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it."""
        say(Told("waits", self.position, text=record.getMessage()))


class Release(Protocol):
    """What both releases have."""

    def bank(self, store: Store) -> App:
        """The release on a store."""
        ...

    def said(self, event: object) -> str:
        """What an event says to it."""
        ...

    async def pay(self, app: App, account: str) -> str:
        """Pay 1 into an account; returns its balance."""
        ...


async def follow(release: Release, store: Store, after: int, unknown: Unknown) -> None:
    """Follow the log from *after* on, page by page."""
    waiting = Waiting()
    waiting.position = after
    logging.getLogger("leftfold").addHandler(waiting)
    async with release.bank(store) as app:
        try:
            async for page in app.events.follow(after=after, unknown=unknown):
                waiting.position = page.position
                seen = [(event.position, release.said(event.event)) for event in page.events]
                say(Told("page", page.position, seen))
        except LeftfoldError as error:
            say(Told(type(error).__name__, waiting.position, text=str(error)))


async def command(release: Release, store: Store) -> None:
    """Pay 1 into each account that the parent names, a line each."""
    async with release.bank(store) as app:
        while account := (await asyncio.to_thread(sys.stdin.readline)).strip():
            try:
                result = await release.pay(app, account)
            except LeftfoldError as error:
                result = type(error).__name__
            say(Answer(result, await store.head()))


async def main(work: str, release: str, url: str, *more: str) -> None:
    """Do what the command line says."""
    begin_child()
    deployed = cast("Release", import_module(f"tests.guarantees.releases.{release}"))
    store = await open_place(url)
    if work == "follow":
        await follow(deployed, store, int(more[0]), Unknown(more[1]))
    else:
        await command(deployed, store)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
