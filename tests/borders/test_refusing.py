"""What the map does not allow is refused while a program runs."""

from __future__ import annotations

import pytest
from msgspec import Struct

from leftfold import (
    IGNORE,
    Aggregate,
    App,
    Attempt,
    Command,
    Context,
    Event,
    Ignored,
    IntegrationEvent,
    Next,
    Saga,
    Sender,
    applies,
    sends,
    step,
)
from leftfold.contexts import (
    AntiCorruptionLayer,
    ContextMap,
    CustomerSupplier,
    Partnership,
    Relation,
    SeparateWays,
)
from leftfold.errors import DefinitionError, LeftfoldError, NotRelated


class Placed(Event):
    order: str


class Confirmed(Event):
    order: str


class Ordered(IntegrationEvent, name="ordering.ordered"):
    order: str


class Place(Command):
    order: str


class Confirm(Command):
    order: str


class Note(Event):
    order: str


class Order(Aggregate[Placed | Confirmed], category="order"):
    @applies
    def _any(self, event: Placed | Confirmed) -> None: ...


class Parcel(Aggregate[Note], category="parcel"):
    @applies
    def _noted(self, event: Note) -> None: ...


class Pack(Command):
    order: str


class State(Struct, frozen=True):
    order: str


def ordering() -> Context:
    made = Context("ordering")

    @made.decides(Order, id="order")
    def place(_command: Place, order: Order) -> None:
        order.record(Placed(order=order.id))

    @made.decides(Order, id="order")
    def confirm(_command: Confirm, order: Order) -> None:
        order.record(Confirmed(order=order.id))

    @made.publishes
    def ordered(event: Placed) -> Ordered:
        return Ordered(order=event.order)

    return made


def shipping(package: str = "") -> Context:
    made = Context("shipping", package=package)

    @made.decides(Parcel, id="order")
    def pack(_command: Pack, parcel: Parcel) -> None:
        parcel.record(Note(order=parcel.id))

    return made


def listening(made: Context) -> None:
    @made.on(Ordered)
    async def hear(event: Ordered) -> None: ...


def answering(made: Context) -> None:
    @made.on(Note)
    @sends(Confirm)
    async def answer(event: Note, sender: Sender, attempt: Attempt) -> None: ...


def app_of(made: Context, upstream: Context, *relations: Relation) -> App:
    return App(upstream, made, store="memory:", context_map=ContextMap("shop", *relations, alone=(upstream, made)))


@pytest.mark.parametrize(
    ("registers", "said"),
    [(listening, "reaction shipping.hear takes the event ordering.ordered"), (answering, "sends the command Confirm")],
)
def test_an_app_is_refused_whose_handlers_need_a_relation_that_is_not_there(registers: object, said: str) -> None:
    assert callable(registers)
    one, other = ordering(), shipping()
    registers(other)
    with pytest.raises(DefinitionError, match="no-relation") as told:
        app_of(other, one)
    assert said in str(told.value)
    assert f"found at {__file__}:" in str(told.value)
    App(one, other, store="memory:")
    app_of(other, one, CustomerSupplier(supplier=one, customer=other))


def test_everything_that_is_refused_is_told_at_once() -> None:
    one, other = ordering(), shipping()
    listening(other)
    answering(other)
    with pytest.raises(DefinitionError) as told:
        app_of(other, one, SeparateWays(one, other, reason="nobody wants it"))
    assert len(told.value.findings) == 2
    assert all("separate-ways: " in one and "(nobody wants it)" in one for one in told.value.findings)


def test_the_wrong_way_is_refused() -> None:
    one, other = ordering(), shipping()
    listening(other)
    with pytest.raises(DefinitionError, match="wrong-way"):
        app_of(other, one, CustomerSupplier(supplier=other, customer=one))


@pytest.mark.parametrize(
    ("registers", "said"),
    [(listening, "reaction shipping.hear takes the event ordering.ordered"), (answering, "sends the command Confirm")],
)
def test_a_handler_outside_of_the_layer_is_refused_and_one_inside_is_not(registers: object, said: str) -> None:
    assert callable(registers)
    package, here = __name__.rpartition(".")[0], __name__
    for layer, refused in ((f"{here}_of_old", True), (here, False)):
        one, other = ordering(), shipping(package)
        registers(other)
        relation = AntiCorruptionLayer(upstream=one, downstream=other, layer=layer)
        if not refused:
            app_of(other, one, relation)
            continue
        with pytest.raises(DefinitionError, match="outside-layer") as told:
            app_of(other, one, relation)
        (finding,) = told.value.findings
        assert said in finding
        assert f"in {here}, outside of {layer}; translate what belongs to ordering there" in finding
        assert f"; declared at {relation.place}" in finding


def test_contexts_of_the_map_that_are_not_run_here_refuse_nothing_here() -> None:
    one, other = ordering(), shipping()
    listening(other)
    App(one, store="memory:", context_map=ContextMap("shop", alone=(one, other)))


def test_a_context_that_is_not_on_the_map_is_refused() -> None:
    with pytest.raises(DefinitionError, match="does not know shipping"):
        App(shipping(), store="memory:", context_map=ContextMap("shop", alone=(ordering(),)))


async def recorded(app: App) -> list[type]:
    """What ordering recorded."""
    return [type(each.event) for each in (await app.running("ordering").loader.events.read_log()).events]


def by_hand(made: Context, met: list[LeftfoldError]) -> None:
    """A reaction that does not say what it sends."""

    @made.on(Note)
    async def answer(event: Note, sender: Sender, attempt: Attempt) -> None:
        try:
            await sender.send(Confirm(order=event.order), id=attempt.key)
        except NotRelated as error:
            met.append(error)


async def test_a_command_that_only_run_time_shows_is_refused_when_it_is_sent() -> None:
    one, other, met = ordering(), shipping(), list[LeftfoldError]()
    by_hand(other, met)
    async with app_of(other, one) as app:
        await app.send(Pack(order="A"))
        await app.settle()
        assert await recorded(app) == []
    (refusal,) = met
    assert isinstance(refusal, NotRelated)
    assert (refusal.context, refusal.other, refusal.command) == ("shipping", "ordering", "Confirm")
    assert str(refusal) == (
        "shipping may not send Confirm to ordering: no relation lets shipping follow ordering; declare one, or take it "
        "out"
    )


async def test_a_command_that_the_map_allows_is_sent_however_it_is_found() -> None:
    one, other, met = ordering(), shipping(), list[LeftfoldError]()
    by_hand(other, met)
    async with app_of(other, one, Partnership(one, other)) as app:
        await app.send(Pack(order="A"))
        await app.settle()
        assert await recorded(app) == [Confirmed]
    assert met == []


async def test_a_process_that_does_not_say_what_it_sends_is_refused_too() -> None:
    one, other = ordering(), shipping()

    @other.process(key="order")
    def carry(state: State | None, event: Note) -> Next[State] | Ignored:
        return IGNORE if state else Next(State(event.order)).send(Confirm(order=event.order))

    async with app_of(other, one) as app:
        await app.send(Pack(order="A"))
        await app.settle()
        (letter,) = [one async for one in app.dead_letters.all()]
        assert "shipping may not send Confirm to ordering" in letter.error
        assert await recorded(app) == []


async def test_a_step_of_a_saga_that_does_not_say_what_it_sends_is_refused_too() -> None:
    one, other, met = ordering(), shipping(), list[LeftfoldError]()

    @other.saga
    class Send(Saga):
        order: str

        @step(undoable=False)
        async def go(self, sender: Sender, attempt: Attempt) -> None:
            try:
                await sender.send(Confirm(order=self.order), id=attempt.key)
            except NotRelated as error:
                met.append(error)

    async with app_of(other, one) as app:
        await app.start(Send(order="A"), id="A")
        await app.sagas.ended(Send, "A")
        assert await recorded(app) == []
    assert [type(each) for each in met] == [NotRelated]


async def test_whoever_is_outside_of_all_contexts_sends_as_before() -> None:
    one, other = ordering(), shipping()
    async with app_of(other, one) as app:
        await app.send(Place(order="A"))
        assert await recorded(app) == [Placed]
