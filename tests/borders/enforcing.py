"""What comes of what contexts do, by the means of each column of the table of what relations enforce."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from msgspec.structs import replace

from leftfold import (
    Aggregate,
    App,
    Attempt,
    Command,
    ConsumerView,
    Context,
    Event,
    IntegrationEvent,
    Sender,
    applies,
    sends,
)
from leftfold.cli.errors import UsageError
from leftfold.cli.schema_accepting import Accepting
from leftfold.cli.schema_agreeing import agreements
from leftfold.cli.schema_language import readings_of, spoken_in
from leftfold.contexts import ContextMap, MapBroken, Relation
from leftfold.errors import DefinitionError, LeftfoldError
from leftfold.integration import CloudEvent, CountryCode, PublishedLanguage, received
from leftfold.integration.language_check import language_findings
from leftfold.integration.language_finding import Reading
from leftfold.integration.language_lock import Accepted, LanguageLock, lock_of_languages
from leftfold.schemas import Compatibility
from tests.app.delivery import AT_ONCE, Order, Ordered, Parcel, PlacedV1, Take, ordering, placed_v1
from tests.borders.kernel_site import ANN, BEA, Site
from tests.cli import languages
from tests.integration import sales

__all__ = [
    "Deed",
    "Relate",
    "accepted",
    "agreed",
    "approved",
    "conforming",
    "heard",
    "outside",
    "parked",
    "running",
    "sold",
    "spoken",
]

Deed = Literal["takes an event", "sends a command", "sends what it does not say"]
Relate = Callable[[Context, Context], Relation]
"""Relates an upstream, or whoever comes first, and the other."""


class Noted(Event):
    order: str


class Note(Command):
    order: str


class Slip(Aggregate[Noted], category="slip"):
    @applies
    def _noted(self, event: Noted) -> None: ...


class Sold(IntegrationEvent, name="acme.sold"):
    """It names a format, which its language holds it to."""

    country: CountryCode


class Abroad(ConsumerView, of="acme.sold", versions="1"):
    country: str

    def __post_init__(self) -> None:
        if self.country == "FR":
            raise ValueError("not there")


def _shipping(deed: Deed) -> Context:
    made = Context("shipping", package=__name__.rpartition(".")[0])

    @made.decides(Slip, id="order")
    def note(_command: Note, slip: Slip) -> None:
        slip.record(Noted(order=slip.id))

    async def hear(event: Parcel) -> None: ...

    async def ask(event: Noted, sender: Sender, attempt: Attempt) -> None:
        await sender.send(Take(order=event.order), id=attempt.key)

    if deed == "takes an event":
        made.on(policy=AT_ONCE)(hear)
    else:
        made.on(policy=AT_ONCE)(sends(Take)(ask) if deed == "sends a command" else ask)
    return made


async def running(deed: Deed, *relate: Relate) -> list[str]:
    """The rules that an app is refused by in which shipping does something with ordering; else what was parked."""
    one, other = ordering(), _shipping(deed)
    context_map = ContextMap("acme", *(each(one, other) for each in relate), alone=(one, other))
    try:
        app = App(one, other, store="memory:{context}", context_map=context_map)
    except MapBroken as told:
        return re.findall(r"^map 'acme', ([a-z-]+): ", "\n".join(told.findings), re.MULTILINE)
    return await _parked(app, Note(order="A"))


async def sold(country: str) -> list[str]:
    """What is parked when a language says that something was sold to a country."""
    selling, listening = Context("selling", language=PublishedLanguage("acme")), Context("listening")

    @selling.decides(Order, id="order")
    def take(command: Take, order: Order) -> None:
        order.take(command.cents, command.street)

    @selling.publishes
    def published(event: Ordered) -> Sold:
        return Sold(country=event.street)

    @listening.on(policy=AT_ONCE)
    async def hear(event: Abroad) -> None: ...

    return await _parked(App(selling, listening, store="memory:{context}"), Take(order="A", street=country))


async def parked(*, version: Literal[1, 2]) -> list[str]:
    """What is parked when an event comes in a version, of which the view that takes it reads the second."""
    listening = Context("listening")

    @listening.on(policy=AT_ONCE)
    async def hear(event: Parcel) -> None: ...

    app = App(ordering(), listening, store="memory:{context}")
    return await _parked(app, Take(order="A", cents=version - 1))  # what is free is told in version 1 alone


async def _parked(app: App, command: Command) -> list[str]:
    async with app:
        await app.send(command)
        await app.settle()
        return [letter.error.partition(":")[0] async for letter in app.dead_letters.all()]


def heard(*, version: int = 1, source: str = "/sales") -> list[str]:
    """What a view, of which version 1 is read, says to an event of another system, where `/sales` is known."""
    event = CloudEvent(
        id="1", source=source, type="acme.sold", data=b'{"country":"DE"}', extensions={"schemaversion": version}
    )
    try:
        received(event, Abroad, sources=["/sales"])
    except LeftfoldError as told:
        return [type(told).__name__]
    return []


def conforming(*, gone: bool) -> list[str]:
    """What an app says whose conformist takes a class that the upstream publishes, or does no more."""
    upstream, listening = Context("ordering"), Context("listening")
    if not gone:
        upstream.publishes(placed_v1)

    @listening.on(PlacedV1)
    async def hear(event: PlacedV1) -> None: ...

    try:
        App(upstream, listening, store="memory:{context}")
    except DefinitionError as told:
        return [DefinitionError.__name__ for one in told.findings if "no context of this App publishes PlacedV1" in one]
    return []


def spoken(
    *now: type[IntegrationEvent], reader: type | None = None, mode: Compatibility = Compatibility.FULL_TRANSITIVE
) -> list[str]:
    """What blocks when two versions were promised, fully and for good, and this is published now."""
    readings = () if reader is None else (Reading("billing", reader),)
    found = sales.found(sales.locked(sales.PlacedV1, sales.PlacedV2), sales.speaking(*now, mode=mode), readings)
    return [one.rule for one in found if one.blocks]


def accepted(*reasons: str) -> list[str]:
    """What still blocks of a break when the owner of the language has put reasons into its lock."""
    lock, now = sales.locked(sales.PlacedV1), sales.speaking(sales.PlacedV1, sales.RenamedV2)
    found = sales.found(lock, now)
    passing = tuple(Accepted(finding=one.id, reason=reason) for one, reason in zip(found, reasons, strict=False))
    return [one.rule for one in sales.found(replace(lock, accepted=passing), now) if one.blocks]


def agreed(make: Callable[[], App], *teams: str) -> list[str]:
    """Why a break of what a reader reads is not locked, when these teams have agreed; nothing when it is."""
    app, lock = make(), lock_of_languages(spoken_in(languages.first()), LanguageLock())
    found = language_findings(lock, spoken_in(app), readings_of(app), sales.TODAY)
    assert any(one.blocks for one in found)
    try:
        Accepting(accept="it is shorter", agreed=teams).reason(agreements(app, found))
    except UsageError as told:
        return ["not-agreed"] if "Readers" in str(told) else [str(told)]
    return []


def outside(*, changes: bool) -> Callable[[Site], None]:
    """A change of a kernel: it takes a type from outside, all approve that, and the type changes then, or does not."""

    def change(site: Site) -> None:
        name = f"{site.package}_outside"
        other = site.root / f"{name}.py"
        other.write_text("from msgspec import Struct\nclass Unit(Struct):\n    name: str\n")
        site.edit("from msgspec import Struct\n", f"from msgspec import Struct\nfrom {name} import Unit\n")
        site.edit("minor: int\n", "minor: int\n    unit: Unit\n")
        site.approve("checkout", ANN)
        site.approve("billing", BEA)
        if changes:
            other.write_text(other.read_text().replace("str", "int"))
        del sys.modules[name]

    return change


def approved(change: Callable[[Site], object]) -> Sequence[str]:
    """What is found of a kernel that all have approved, after a change."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [folder, *sys.path])
        patch.setattr(sys, "dont_write_bytecode", True)
        site = Site(Path(folder))
        site.approve_all()
        change(site)
        return site.rules()
