"""What follows a log, or is written with it, in a child that is killed at any call of its driver."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final, Literal, NoReturn

from msgspec import Struct

from leftfold import App
from leftfold.projections.rebuilding import Rebuild
from leftfold.store.tables import Selection
from leftfold.subscriptions.parking import REQUESTS
from tests.guarantees.children import say
from tests.guarantees.coordinating import coordinate
from tests.guarantees.counting import POISON, QUICK, Account, Counting, append_counted, counting_house, receiving_house
from tests.guarantees.places import open_place

__all__ = ["Errand", "Recorded", "Work", "catch_up", "keep_up", "open_houses", "rebuild"]

Work = Literal["follows", "requests", "inlines", "rebuilds", "coordinates"]

_WAIT_S: Final = 60.0


class Errand(Struct, frozen=True):
    """Where a child works.

    Args:
        url: of the log and its rows.
        also: of another context's rows; no other context when left out.
        mailed: file of the reaction; no reaction when left out.
    """

    url: str
    also: str = ""
    mailed: str = ""


class Recorded(Struct, frozen=True):
    """An append of the run that was acknowledged, at its position."""

    recorded: int


def _nothing() -> None:
    """The process goes on."""


def _end() -> NoReturn:
    os._exit(0)


async def keep_up(work: Work, errand: Errand, run: int) -> None:
    """Do one run of *work*, and end this process in the midst of everything."""
    match work:
        case "follows":
            await catch_up(errand, Counting(mailed=errand.mailed), _end)
        case "requests":
            await catch_up(errand, Counting(bad=frozenset()), _end)
        case "inlines":
            await _append_inline(errand, run)
        case "rebuilds":
            await rebuild(errand, _end)
        case "coordinates":
            await coordinate(errand.url, _end)


@asynccontextmanager
async def open_houses(errand: Errand, how: Counting, *, inline: bool = False) -> AsyncGenerator[App]:
    """The contexts at work on their stores."""
    stores = {"counting": await open_place(errand.url)}
    houses = [counting_house(how)]
    if errand.also:
        stores["receiving"] = await open_place(errand.also)
        houses.append(receiving_house())
    try:
        async with App(*houses, store=stores, workers=QUICK, inline=["totals"] if inline else []) as app:
            yield app
    finally:
        for store in stores.values():
            await store.close()


async def catch_up(errand: Errand, how: Counting, then: Callable[[], None] = _nothing) -> None:
    """Follow until everything is at the head, and nothing is asked for any more."""
    async with open_houses(errand, how) as app:
        running = app.running("counting")
        store = running.store
        head = await store.head()
        await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
        for part in (part for subscription in running.reactions for part in subscription.parts):
            assert await store.reached(part.checkpoint, head, _WAIT_S) >= head
        if errand.also:
            await app.monitor.wait("arrivals", position=head, timeout=_WAIT_S)
        async with asyncio.timeout(_WAIT_S):
            while await store.select(REQUESTS, Selection(limit=1)):
                await asyncio.sleep(0.005)
        then()


async def rebuild(errand: Errand, then: Callable[[], None] = _nothing) -> None:
    """Build the read model anew beside the one that is followed, show it, and see it followed."""
    async with open_houses(errand, Counting()) as app:
        follower = app.running("counting").followers["totals"]
        await Rebuild(follower, f"rebuild {os.getpid()}", QUICK).show(lambda _done, _head: None)
        head = await append_counted(app.running("counting").store, [("a", 1)])
        await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
        then()


async def _append_inline(errand: Errand, run: int) -> None:
    async with open_houses(errand, Counting(), inline=True) as app:
        accounts = app.repository(Account)

        async def count(id: str, amount: int) -> None:
            try:
                receipt = await accounts.edit(id, Account.count, amount)
            except ValueError:
                assert amount == POISON
            else:
                say(Recorded(receipt.position))

        await count(f"{run}.a", 1)
        await asyncio.gather(*(count(f"{run}.{name}", amount) for name, amount in [("a", 2), ("b", POISON), ("c", 3)]))
        await count("shared", 4)
