"""An outside service that tests can have misbehave: it does something once for a key, and undoes it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import Enum
from typing import Literal, Self, TypeAlias

from examples.shop.refusal import Refused
from leftfold import Aggregate, App, Event, applies
from leftfold.store import Store

__all__ = ["Deed", "Forbidden", "Mood", "Performed", "Sandbox", "Undone", "order_of"]

Side: TypeAlias = Literal["doing", "undoing"]


class Mood(Enum):
    """How a call is answered."""

    OBEYS = "obeys"
    REFUSES = "refuses"
    """It says no, and nothing is done."""
    HANGS = "hangs"
    """It never answers, and nothing is done."""
    BREAKS = "breaks"
    """The connection breaks, and nothing is done."""
    LATE = "late"
    """It does not answer; what was asked for is done when `catch_up` says so."""
    UNHEARD = "unheard"
    """It is done, and the answer never comes."""
    TWICE = "twice"
    """It gets the same call twice."""


class Performed(Event):
    """It was done."""

    what: str


class Undone(Event):
    """It was undone."""


class Forbidden(Event):
    """The undo came before the deed, which may not come any more."""


class Deed(Aggregate[Performed | Undone | Forbidden]):
    """What the service knows of one key."""

    state: Literal["unheard of", "performed", "undone", "forbidden"] = "unheard of"

    def perform(self, what: str) -> None:
        """Do it, once."""
        if self.state in ("undone", "forbidden"):
            raise Refused(reason=f"{self.id} is {self.state}")
        if self.state == "unheard of":
            self.record(Performed(what=what))

    def undo(self) -> None:
        """Undo it, once; what was not done is forbidden from now on."""
        if self.state == "performed":
            self.record(Undone())
        elif self.state == "unheard of":
            self.record(Forbidden())

    @applies
    def _performed(self, _event: Performed) -> None:
        self.state = "performed"

    @applies
    def _undone(self, _event: Undone) -> None:
        self.state = "undone"

    @applies
    def _forbidden(self, _event: Forbidden) -> None:
        self.state = "forbidden"


class Sandbox:
    """The service, as the shop reaches it.

    Args:
        books: where it keeps what it did; its own, for it is another program.
        patience: how long an answer that never comes is waited for.
    """

    def __init__(self, books: str | Store, patience: timedelta = timedelta(seconds=10)) -> None:
        self._books = books
        self._opened: App | None = None
        self._patience_s = patience.total_seconds()
        self._moods: dict[tuple[str, Side], deque[Mood]] = {}
        self._late: list[Callable[[], Awaitable[None]]] = []
        self.unheard = asyncio.Event()
        """Set when something was done whose answer never comes."""

    async def __aenter__(self) -> Self:
        """Keep the books open until the end of `async with`; otherwise each call opens them."""
        self._opened = await self._app().__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close them."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.__aexit__(None, None, None)

    def told(self, order: str, *moods: Mood, when: Side = "doing") -> None:
        """Answer the next calls for an order in these moods, one after the other, and the last for ever."""
        self._moods[order, when] = deque(moods)

    async def catch_up(self) -> None:
        """Do now what was put off; nobody hears what came of it."""
        late, self._late = self._late, []
        for call in late:
            await asyncio.gather(call(), return_exceptions=True)

    async def deeds(self, key: str) -> list[str]:
        """What was done for a key, in order."""
        async with self._open() as books:
            return [recorded.type for recorded in await books.events.read(f"deed-{key}")]

    async def perform(self, key: str, what: str) -> None:
        """Do *what*, unless that was done for *key*; raises `Refused` when it will not."""
        await self._called(key, "doing", lambda: self._edit(key, lambda deed: deed.perform(what)))

    async def undo(self, key: str) -> None:
        """See to it that what was done for *key* is undone; if nothing was, nothing ever will be."""
        await self._called(key, "undoing", lambda: self._edit(key, Deed.undo))

    async def _called(self, key: str, side: Side, call: Callable[[], Awaitable[None]]) -> None:
        moods = self._moods.get((order_of(key), side))
        mood = Mood.OBEYS if not moods else moods[0] if len(moods) == 1 else moods.popleft()
        match mood:
            case Mood.OBEYS:
                return await call()
            case Mood.TWICE:
                await asyncio.gather(call(), call())
                return None
            case Mood.REFUSES:
                raise Refused(reason="it says no")
            case Mood.BREAKS:
                raise ConnectionError("the connection broke")
            case Mood.LATE:
                self._late.append(call)
            case Mood.UNHEARD:
                await call()
                self.unheard.set()
            case Mood.HANGS:
                pass
        await asyncio.sleep(self._patience_s)
        raise TimeoutError(f"no answer about {key} within {self._patience_s:g} s")

    async def _edit(self, key: str, change: Callable[[Deed], None]) -> None:
        async with self._open() as books:
            await books.repository(Deed).edit(key, change)

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[App]:
        if self._opened is not None:
            yield self._opened
            return
        async with self._app() as books:
            yield books

    def _app(self) -> App:
        return App(Deed, store=self._books, workers=False)


def order_of(key: str) -> str:
    """The order that a key is about."""
    return key.partition("/")[0]
