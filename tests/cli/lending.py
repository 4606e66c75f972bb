"""Two contexts that call what follows their logs alike: one lends books, the other watches its members."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import msgspec

from leftfold import App, Context, Event, Expected, IntegrationEvent, Next
from leftfold.subscriptions import Policy, Retry

__all__ = ["APP", "NEWER", "app", "fill", "newer"]

APP: Final = "tests.cli.lending:app"
NEWER: Final = "tests.cli.lending:newer"
_ONCE: Final = Policy(retry=Retry(attempts=1))


class Lent(Event, name="lending.Lent"):
    member: str


class Joined(Event, name="lending.Joined"):
    member: str


class WasLent(IntegrationEvent, name="lending.WasLent"):
    member: str


@dataclass(frozen=True)
class Loans:
    member: str
    count: int


@dataclass(frozen=True)
class Known:
    member: str


class Watched(msgspec.Struct, frozen=True):
    lent: int = 0


def _loans(_row: Loans | None, _event: Lent) -> Loans:
    raise RuntimeError("loans are broken")


def _known(_row: Known | None, event: Joined) -> Known:
    return Known(event.member)


def _was_lent(event: Lent) -> WasLent:
    return WasLent(member=event.member)


async def _slip(_event: Lent) -> None:
    raise RuntimeError("no paper")


def _watch(state: Watched | None, _event: WasLent | Joined) -> Next[Watched]:
    return Next(Watched(1 + (state.lent if state else 0)))


def _lookout(state: Watched | None, _event: Lent) -> Next[Watched]:
    return Next(state or Watched())


def _app(version: int) -> App:
    library, members = Context("library"), Context("members")
    library.projection(key="member", name="loans", version=version, policy=_ONCE)(_loans)
    library.publishes(_was_lent)
    library.on(Lent, name="slip", policy=_ONCE)(_slip)
    library.process(key="member", name="lookout")(_lookout)
    members.projection(key="member", name="loans", version=version)(_known)
    members.process(key="member", name="watch")(_watch)
    return App(library, members, store="memory:")


def app() -> App:
    """Where everything is new."""
    return _app(1)


def newer() -> App:
    """The same with another version of each projection."""
    return _app(2)


def fill(url: str) -> None:
    """Somebody joins and borrows a book, which neither the loans nor the slip can handle."""

    async def work() -> None:
        async with app().with_settings(store=url, workers=True) as opened:
            await opened.running("members").loader.events.append(
                "member-ann", Joined(member="ann"), expected=Expected.ANY
            )
            await opened.running("library").loader.events.append("book-1", Lent(member="ann"), expected=Expected.ANY)
            await opened.settle()

    asyncio.run(work())
