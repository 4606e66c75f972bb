"""A harbour of four contexts, with every way in which one takes what another publishes."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from leftfold import (
    Aggregate,
    App,
    Attempt,
    Command,
    Context,
    ContextMap,
    Event,
    IntegrationEvent,
    Sender,
    applies,
    sends,
)
from leftfold.contexts import AntiCorruptionLayer, Conformist, Subdomain
from leftfold.integration import PublishedLanguage
from tests.catalog.fees import Charged, billing

__all__ = ["APP", "MAP", "app"]

APP: Final = "tests.catalog.harbour:app"

docks = Context(
    "docks",
    team="Quay",
    purpose="Say where ships lie",
    subdomain=Subdomain.CORE,
    glossary={"berth": "a place for one ship"},
    package="tests.catalog.harbour",
    language=PublishedLanguage("docks", sunset={"docks.moored@1": date(2027, 1, 31)}),
)
watch = Context("watch", team="Watch")
customs = Context("customs", external=True, mud=True)


class ShipMoored(Event):
    ship: str
    length: int
    berth: str


class Moor(Command):
    ship: str
    length: int = 0


class Ship(Aggregate[ShipMoored], category="ship"):
    berth: str = ""

    @applies
    def _moored(self, event: ShipMoored) -> None:
        self.berth = event.berth


class MooredFirst(IntegrationEvent, name="docks.moored", version=1):
    ship: str


class Moored(IntegrationEvent, name="docks.moored", version=2):
    ship: str
    length: int
    berth: str


@docks.decides(Ship, id="ship")
def moor(command: Moor, ship: Ship) -> None:
    ship.record(ShipMoored(ship=command.ship, length=command.length, berth="A1"))


@docks.publishes
def moored_first(event: ShipMoored) -> MooredFirst:
    return MooredFirst(ship=event.ship)


@docks.publishes
def moored(event: ShipMoored) -> Moored:
    return Moored(ship=event.ship, length=event.length, berth=event.berth)


class Seen(Struct, frozen=True):
    ship: str


@watch.projection(key="ship")
def ships(_row: Seen | None, event: Moored) -> Seen:
    return Seen(event.ship)


@watch.on(Charged)
async def ring(event: Charged, attempt: Attempt) -> None:
    pass


@watch.on(MooredFirst)
@sends(Moor)
async def again(event: MooredFirst, sender: Sender, attempt: Attempt) -> None:
    pass


MAP: Final = ContextMap(
    "harbour",
    AntiCorruptionLayer(upstream=docks, downstream=billing, layer="tests.catalog.fees"),
    Conformist(upstream=docks, downstream=watch),
    Conformist(upstream=billing, downstream=watch),
    AntiCorruptionLayer(upstream=customs, downstream=billing, layer="tests.catalog.fees"),
    Conformist(upstream=watch, downstream=docks),
)


def app() -> App:
    """The harbour; customs is run by somebody else."""
    return App(docks, billing, watch, store="memory:", context_map=MAP)
