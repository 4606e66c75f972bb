"""Sagas that events start: once each, with what the event says."""

from __future__ import annotations

import pytest

from leftfold import App, Context, DefinitionError, Event, Saga, step
from leftfold.messages.metadata import Metadata
from leftfold.store import Expected
from tests.processes.test_timers import Bell
from tests.processes.watches import Marked, Poke, Poked, Wait, Waited, watching


class Brew(Saga):
    id: str

    @step(undoable=False)
    async def boil(self, bell: Bell) -> None:
        bell.ring(f"boil {self.id}")


class Spill(Saga):
    id: str

    @step(undoable=False)
    async def wipe(self, bell: Bell) -> None:
        bell.ring(f"wipe {self.id}")


def brewing(bell: Bell) -> Context:
    context = watching(bell)
    context.saga(Brew)

    @context.starts
    def brew(event: Waited | Poked) -> Brew | None:
        return Brew(id=event.id) if isinstance(event, Waited) else None

    return context


async def test_an_event_starts_a_saga_once(each_url: str) -> None:
    bell = Bell()
    async with App(brewing(bell), store=each_url, provide={Bell: bell}) as app:
        await app.send(Wait(id="w"), metadata=Metadata(correlation_id="request 7", actor="ann"))
        await app.send(Poke(id="w", what="ignore"))
        await app.settle()
        (waited, _) = (await app.events.read_log()).events
        view = await app.sagas.ended(Brew, str(waited.id))
        assert (view.status, view.fields) == ("completed", '{"id":"w"}')
        assert bell.rung.count("boil w") == 1
        assert [one.id async for one in app.sagas.find()] == [str(waited.id)]


class Poured(Event):
    id: str


class Filled(Event):
    id: str


class Drunk(Event):
    id: str


def poured_is_two(event: Poured) -> tuple[Filled, Drunk]:
    return Filled(id=event.id), Drunk(id=event.id)


async def test_each_part_of_an_event_that_is_split_starts_a_saga_of_its_own() -> None:
    bell, context = Bell(), Context("desk")
    context.saga(Brew)
    context.upcasts(poured_is_two)

    @context.starts
    def fill(event: Filled) -> Brew:
        return Brew(id=f"{event.id} for the cup")

    @context.starts
    def drink(event: Drunk) -> Brew:
        return Brew(id=f"{event.id} for the pot")

    async with App(context, store="memory:", provide={Bell: bell}) as app:
        await app.events.append("pot-1", Poured(id="p"), expected=Expected.NO_STREAM)
        await app.settle()
        id = (await app.events.read_log()).events[0].id
        begun = {one.id: one.read(Brew).id async for one in app.sagas.find()}
    assert begun == {str(id): "p for the cup", f"{id}.1": "p for the pot"}


def test_what_is_wrong_with_a_start_is_said_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:

        @Context("desk").starts
        async def brew(_event: str) -> int:
            raise NotImplementedError

    said = "\n".join(caught.value.findings)
    for flaw in ("brew", "is async", "event str", "annotate it with a saga"):
        assert flaw in said


def test_a_start_that_does_not_say_what_it_returns_is_told_so_once() -> None:
    def brew(_event: Poked):  # type: ignore[no-untyped-def]  # noqa: ANN202 - that is the point
        raise NotImplementedError

    with pytest.raises(DefinitionError) as caught:
        Context("desk").starts(brew)
    (said,) = caught.value.findings
    assert "its result has no annotation" in said


def test_a_saga_that_is_not_registered_is_a_finding_of_the_app() -> None:
    bell = Bell()
    context = brewing(bell)

    @context.starts
    def spill(event: Poked) -> Spill:
        return Spill(id=event.id)

    with pytest.raises(DefinitionError, match="'spill' begins Spill, which is no saga of this context"):
        App(context, store="memory:", provide={Bell: bell})


def test_one_saga_that_two_functions_begin_from_one_event_is_a_finding_of_the_app() -> None:
    bell = Bell()
    context = brewing(bell)

    @context.starts
    def once_more(event: Waited) -> Brew:
        return Brew(id=event.id)

    @context.starts
    def other(event: Marked) -> Brew:
        return Brew(id=event.id)

    with pytest.raises(DefinitionError) as caught:
        App(context, store="memory:", provide={Bell: bell})
    (said,) = caught.value.findings
    assert said.startswith("starts 'brew' and 'once_more' both begin Brew from Waited")
