"""Two contexts with a store each: one sells, the other remembers what was sold."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from leftfold import Aggregate, App, Command, Context, Event, IntegrationEvent, Next, Query, applies
from leftfold.handling import Repository
from leftfold.store import MemoryStore

__all__ = ["ALONE", "APP", "HELD", "MISSPELT", "OWN", "REMEMBERED", "alone", "app", "fill", "held", "misspelt", "own"]

APP: Final = "tests.cli.chain:app"
ALONE: Final = "tests.cli.chain:alone"
MISSPELT: Final = "tests.cli.chain:misspelt"
OWN: Final = "tests.cli.chain:own"
HELD: Final = "tests.cli.chain:held"
REMEMBERED: Final = "CHAIN_REMEMBERED"
"""Names a file; the reaction adds a line to it for each event."""


class Sold(Event, name="chain.Sold"):
    item: str


class WasSold(IntegrationEvent, name="chain.WasSold"):
    item: str


class Shelf(Aggregate[Sold], category="shelf"):
    sold: int = 0

    def sell(self) -> None:
        self.record(Sold(item=self.id))

    @applies
    def _sold(self, _event: Sold) -> None:
        self.sold += 1


class Sell(Command):
    item: str


class Return(Command):
    item: str


selling = Context("selling")
remembering = Context("remembering")


@selling.decides(Shelf, id="item")
def sell(_command: Sell, shelf: Shelf) -> None:
    shelf.sell()


@selling.command
async def take_back(command: Return, shelves: Repository[Shelf]) -> None:
    await shelves.get(command.item)


class HowMany(Query[int]):
    item: str


@selling.query
async def how_many(query: HowMany, shelves: Repository[Shelf]) -> int:
    return (await shelves.get(query.item)).sold


@selling.publishes
def was_sold(event: Sold) -> WasSold:
    return WasSold(item=event.item)


def _note(item: str) -> None:
    with Path(os.environ[REMEMBERED]).open("a") as file:
        file.write(f"{item}\n")


@remembering.on(WasSold)
async def remember(event: WasSold) -> None:
    await asyncio.to_thread(_note, event.item)


class Recalled(msgspec.Struct, frozen=True):
    times: int


@remembering.process(key="item")
def recall(state: Recalled | None, _event: WasSold) -> Next[Recalled]:
    return Next(Recalled(1 + (state.times if state else 0)))


app = App(selling, remembering, store="memory:")


def misspelt() -> App:
    """Two contexts on a URL that names no context."""
    return App(selling, remembering, store="sqlite:///{ctx}.db")


def alone() -> App:
    """The one that sells, alone."""
    return App(selling, store="memory:")


def own() -> App:
    """On two files whose URLs have nothing in common."""
    return App(selling, remembering, store={"selling": "sqlite:///shop.db", "remembering": "sqlite:///notes.db"})


def held() -> App:
    """One of its stores is an object."""
    return App(selling, remembering, store={"selling": "sqlite:///shop.db", "remembering": MemoryStore()})


def fill(url: str | Mapping[str, str], *items: str) -> None:
    """Sell *items*, and have all of it remembered."""

    async def work() -> None:
        async with app.with_settings(store=url, workers=True) as opened:
            for item in items:
                await opened.send(Sell(item=item))
            await opened.settle()

    asyncio.run(work())
