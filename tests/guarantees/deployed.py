"""One release of a bank as a process: it follows the log, or carries out commands."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

import msgspec

from leftfold.errors import LeftfoldError
from leftfold.store import Unknown
from tests.guarantees.children import begin_child, say
from tests.guarantees.places import open_place

if TYPE_CHECKING:
    from leftfold import App

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
    seen: list[tuple[int, str]] = []  # noqa: RUF012
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


async def follow(release: str, url: str, after: str, unknown: str) -> None:
    """Follow the log from *after* on, page by page."""
    waiting = Waiting()
    waiting.position = int(after)
    logging.getLogger("leftfold").addHandler(waiting)
    bank, said = _release(release)
    async with bank(await open_place(url)) as app:
        try:
            async for page in app.events.follow(after=waiting.position, unknown=Unknown(unknown)):
                waiting.position = page.position
                say(Told("page", page.position, [(event.position, said(event.event)) for event in page.events]))
        except LeftfoldError as error:
            say(Told(type(error).__name__, waiting.position, text=str(error)))


async def command(release: str, url: str) -> None:
    """Pay 1 into each account that the parent names, a line each."""
    bank, _ = _release(release)
    store = await open_place(url)
    async with bank(store) as app:
        while account := (await asyncio.to_thread(sys.stdin.readline)).strip():
            try:
                result = await _deposit(release, app, account)
            except LeftfoldError as error:
                result = type(error).__name__
            say(Answer(result, await store.head()))
    await store.close()
