"""A shop that speaks a language, today and in deployments to come, and who reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final, TypeAlias

from leftfold import App, ConsumerView, Context, ContextMap, Event, IntegrationEvent
from leftfold.contexts import CustomerSupplier, Partnership, Relation
from leftfold.integration import PublishedLanguage

__all__ = [
    "PLACE",
    "NoteView",
    "first",
    "fitting",
    "mute",
    "partnered",
    "partnered_with_the_last",
    "publish_v1",
    "renamed",
    "retyped",
    "sunset",
    "tampered",
    "unheard",
    "unvetoed",
    "vetoed",
    "withdrawn",
]

PLACE: Final = "tests.cli.languages"


class Ordered(Event):
    id: str


class PlacedV1(IntegrationEvent, name="acme.shop.placed", version=1):
    """An order was placed."""

    id: str
    note: str | None = None


class PlacedV2(IntegrationEvent, name="acme.shop.placed", version=2):
    id: str
    note: str | None = None
    total: int = 0


class Renamed(IntegrationEvent, name="acme.shop.placed", version=2):
    order: str
    note: str | None = None


class Tampered(IntegrationEvent, name="acme.shop.placed", version=1):
    id: str
    note: str | None = None
    total: int = 0


class Retyped(IntegrationEvent, name="acme.shop.placed", version=1):
    id: str
    note: int


class NoteView(ConsumerView, of="acme.shop.placed", versions=">=1"):
    note: str | None = None


class NothingView(ConsumerView, of="nothing.here", versions=">=1"):
    note: str | None = None


def publish_v1(event: Ordered) -> PlacedV1:
    return PlacedV1(id=event.id)


def publish_v2(event: Ordered) -> PlacedV2:
    return PlacedV2(id=event.id)


def publish_renamed(event: Ordered) -> Renamed:
    return Renamed(order=event.id)


def publish_retyped(event: Ordered) -> Retyped:
    return Retyped(id=event.id, note=1)


def publish_tampered(event: Ordered) -> Tampered:
    return Tampered(id=event.id)


Related: TypeAlias = Callable[[Context, Context], Relation]
"""How the shop and its reader relate."""


def _app(
    *publications: object, sunset: date | None = None, related: Related | None = None, name: str = "reader"
) -> App:
    language = PublishedLanguage("acme.shop", sunset={} if sunset is None else {1: sunset})
    shop = Context("shop", language=language, team="Shop", purpose="Sell")
    for one in publications:
        if callable(one):
            shop.publishes(one)
    reader = Context(name, team="Readers")

    @reader.on()
    async def hear(event: NoteView) -> None:
        raise NotImplementedError

    context_map = None if related is None else ContextMap("acme", related(shop, reader))
    return App(shop, reader, store="memory:{context}", context_map=context_map)


def retyped() -> App:
    """Another type for a field of version 1 that a customer with a veto reads, so that its view breaks."""
    return _app(publish_retyped, related=_vetoing)


def unheard() -> App:
    """As it was, beside a context that reads what nobody publishes."""
    language = PublishedLanguage("acme.shop")
    shop, reader = Context("shop", language=language), Context("reader")
    shop.publishes(publish_v1)

    @reader.on()
    async def hear(event: NothingView) -> None:
        raise NotImplementedError

    return App(shop, reader, store="memory:{context}")


def first() -> App:
    """It publishes version 1."""
    return _app(publish_v1)


def fitting() -> App:
    """Version 2 beside it, which fits."""
    return _app(publish_v1, publish_v2)


def renamed() -> App:
    """Version 2 beside it, which does not fit."""
    return _app(publish_v1, publish_renamed)


def vetoed() -> App:
    """The same, where the reader is a customer with a veto."""
    return _app(publish_v1, publish_renamed, related=_vetoing)


def unvetoed() -> App:
    """The same, where the reader is a customer without one."""
    return _app(publish_v1, publish_renamed, related=_supplied)


def partnered() -> App:
    """The same, where the reader is a partner."""
    return _app(publish_v1, publish_renamed, related=Partnership)


def partnered_with_the_last() -> App:
    """The same, where its name comes after the shop's."""
    return _app(publish_v1, publish_renamed, related=Partnership, name="warehouse")


def _vetoing(shop: Context, reader: Context) -> Relation:
    return CustomerSupplier(supplier=shop, customer=reader, veto=True)


def _supplied(shop: Context, reader: Context) -> Relation:
    return CustomerSupplier(supplier=shop, customer=reader)


def tampered() -> App:
    """Another schema for version 1."""
    return _app(publish_tampered)


def sunset() -> App:
    """Both versions, and a sunset for the first that is long past."""
    return _app(publish_v1, publish_v2, sunset=date(2020, 1, 1))


def withdrawn() -> App:
    """Version 1 is gone."""
    return _app(publish_v2)


def mute() -> App:
    """An app without a language."""
    return App(Context("mute"), store="memory:")
