"""Sagas that events start: once each, with what the event says."""

from __future__ import annotations

import pytest

from leftfold import App, Context, DefinitionError, Saga, step
from leftfold.messages.metadata import Metadata
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
