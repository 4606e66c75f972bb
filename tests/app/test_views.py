"""Views of what another context publishes, wherever an event of one's own may stand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from leftfold import IGNORE, App, ConsumerView, Context, Ignored, IntegrationEvent, Next
from leftfold.flow import declared_flow
from tests.app.delivery import (
    AskDue,
    Deliver,
    Due,
    Notes,
    Order,
    Ordered,
    Parcel,
    PlacedV1,
    Take,
    delivering,
    ordering,
    placed_v1,
)


async def test_a_view_is_followed_by_everything_that_follows_events(each_url: str) -> None:
    notes = Notes()
    stores = {"ordering": each_url, "delivering": "memory:"}
    async with App(ordering(), delivering(), store=stores, provide={Notes: notes}) as app:
        receipt = await app.send(Take(order="A", street="Low Street"))
        assert await app.ask(AskDue(order="A"), after=receipt) == Due("Low Street")
        await app.settle()
        recorded = (await app.running("delivering").loader.events.read_log()).events
        assert {one.stream for one in recorded} == {"delivery-A", "delivery-tour A"}
        assert sorted(notes.notes) == ["insured A", "told A fragile=False"]


class Unnamed(IntegrationEvent):
    """It is published under the name of its class."""

    order: str


class Toured(Struct, frozen=True):
    order: str


def touring() -> Context:
    """A process of all that there is to follow, and one for which nothing has begun yet."""
    context = Context("touring")

    @context.process(key="order", abandoned=None)
    def tour(state: Toured | None, event: Parcel | PlacedV1 | Unnamed) -> Next[Toured]:
        return Next(state or Toured(event.order))

    @context.process(key="order", abandoned=None, missing=timedelta(minutes=1))
    def idle(_state: Toured | None, _event: Parcel) -> Next[Toured] | Ignored:
        return IGNORE

    return context


async def test_a_process_names_events_as_they_are_published_and_as_its_context_knows_them() -> None:
    published = ordering()

    @published.publishes
    def unnamed(event: Ordered) -> Unnamed:
        return Unnamed(order=event.order)

    async with App(published, touring(), store="memory:", workers=True) as app:
        await app.send(Take(order="A"))
        await app.settle()
        names = ["acme.placed", "Unnamed", "acme.placed"]
        assert [one.what for one in (await app.processes.show("tour", "A")).journal] == names
        assert [one.what for one in (await app.processes.show("idle", "A")).journal] == ["acme.placed"]
        [parked] = [one async for one in app.processes.parked()]
        assert parked.what == "acme.placed"
        await app.processes.retry(parked.id, who="ann", why="it may begin now")
        entries = (await app.processes.show("idle", "A")).journal
        assert [(one.kind, one.what) for one in entries] == [("parked", "acme.placed"), ("retried", "acme.placed")]


def test_a_context_knows_its_views_and_its_translations() -> None:
    context = delivering()
    assert context.views == (Parcel,)
    assert [(one.name, one.sends) for one in context.translations] == [("to_deliver", (Deliver,))]
    assert context.translations[0] in context.command_reactions
    assert context.translations[0].where.endswith("tests.app.delivery.delivering.<locals>.to_deliver")


def test_the_flow_leads_from_the_published_event_to_what_follows_its_view() -> None:
    edges = {(edge.source, edge.target) for edge in declared_flow([delivering(), ordering()]).edges}
    placed = "integration/ordering/acme.placed"
    assert ("event/ordering/Ordered", placed) in edges
    reaching = {target for source, target in edges if source == placed}
    assert {"reaction/delivering.to_deliver", "reaction/delivering.tell", "process/delivering.touring"} <= reaching


class PlacedLater(IntegrationEvent, name="acme.placed", version=3):
    """What a later deployment of the publisher says: more, and one field less."""

    order: str
    total: int
    currency: str
    gift: dict[str, int]


class Reader(ConsumerView, of="acme.placed", versions=">=1"):
    """Written when there was version 1 alone; version 3 has no `cents` any more."""

    order: str
    cents: int | None = None


def listening(notes: Notes) -> Context:
    context = Context("listening")

    @context.on()
    async def hear(event: Reader) -> None:
        notes.notes.append(f"{event.order} {event.cents}")

    return context


async def test_an_old_reader_reads_the_data_of_a_newer_publisher(tmp_path: Path) -> None:
    notes, url = Notes(), f"sqlite:///{tmp_path}/{{context}}.db"

    def later() -> Context:
        context = Context("ordering")
        context.includes(Order)

        @context.decides(Order, id="order")
        def take(command: Take, order: Order) -> None:
            order.take(command.cents, command.street)

        @context.publishes
        def placed(event: Ordered) -> PlacedLater:
            return PlacedLater(order=event.order, total=event.cents, currency="EUR", gift={"card": 1})

        return context

    def first() -> Context:
        context = Context("ordering")
        context.publishes(placed_v1)

        @context.decides(Order, id="order")
        def take(command: Take, order: Order) -> None:
            order.take(command.cents, command.street)

        return context

    async with App(first(), listening(notes), store=url) as app:
        await app.send(Take(order="A", cents=5))
        await app.settle()
    async with App(later(), listening(notes), store=url) as app:
        await app.send(Take(order="B", cents=6))
        await app.settle()
    assert notes.notes == ["A 5", "B None"]
