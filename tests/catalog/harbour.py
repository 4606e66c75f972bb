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
    ConsumerView,
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
billing = Context("billing", team="Purser", package="tests.billing")
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


class FeeCharged(Event):
    ship: str
    fee: int


class ChargeFee(Command):
    ship: str
    length: int


class Charged(IntegrationEvent, name="billing.charged"):
    ship: str
    fee: int


class Account(Aggregate[FeeCharged], category="account"):
    owed: int = 0

    @applies
    def _charged(self, event: FeeCharged) -> None:
        self.owed += event.fee


class LongShip(ConsumerView, of="docks.moored", versions=">=2"):
    ship: str
    length: int


@billing.decides(Account, id="ship")
def charge_fee(command: ChargeFee, account: Account) -> None:
    account.record(FeeCharged(ship=command.ship, fee=command.length * 3))


@billing.publishes
def charged(event: FeeCharged) -> Charged:
    return Charged(ship=event.ship, fee=event.fee)


@billing.translates
def to_fee(event: LongShip) -> ChargeFee:
    return ChargeFee(ship=event.ship, length=event.length)


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
    AntiCorruptionLayer(upstream=docks, downstream=billing, layer="tests.billing.docks"),
    Conformist(upstream=docks, downstream=watch),
    Conformist(upstream=billing, downstream=watch),
    AntiCorruptionLayer(upstream=customs, downstream=billing, layer="tests.billing.customs"),
    Conformist(upstream=watch, downstream=docks),
)


def app() -> App:
    """The harbour; customs is run by somebody else."""
    return App(docks, billing, watch, store="memory:", context_map=MAP)
