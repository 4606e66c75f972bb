"""Reactions that send commands, and what is expected of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from leftfold import App, Command, Context, DefinitionError
from leftfold.errors import StoreUnavailable
from leftfold.messages.recorded import RecordedEvent
from leftfold.processes import Overdue, sends
from leftfold.store.events import Appended
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, Begin, End
from leftfold.testing import ManualClock
from tests.processes.test_timers import STAYING, Bell, bell, clock, marks, store
from tests.processes.watches import Mark, Marked, Poke, Poked, Wait, Waited, watching

__all__ = ["bell", "clock", "store"]


def echoing(bell: Bell) -> Context:
    context = watching(bell)

    @context.reacts(within=timedelta(minutes=15))
    def echo(event: Waited) -> Mark:
        return Mark(id=event.id, name="began")

    @context.reacts
    def twice(event: Poked, recorded: RecordedEvent[Poked]) -> list[Mark] | None:
        if event.what != "twice":
            return None
        return [Mark(id=event.id, name=f"{recorded.version}.{n}") for n in (1, 2)]

    return context


async def test_commands_follow_from_events_each_carried_out_once(each_url: str, bell: Bell) -> None:
    async with App(echoing(bell), store=each_url) as app:
        await app.send(Wait(id="w"))
        await app.send(Poke(id="w", what="twice"))
        await app.send(Poke(id="w", what="ignore"))
        await app.settle()
        assert sorted(await marks(app)) == ["2.1", "2.2", "began", "twice"]
        events = (await app.events.read_log()).events
        waited = events[0]
        (began,) = [one for one in events if isinstance(one.event, Marked) and one.event.name == "began"]
        assert began.metadata.causation_id == str(waited.id)
        assert began.metadata.correlation_id == waited.metadata.correlation_id
        assert (began.metadata.actor, began.metadata.extra) == (
            "reaction/watching.echo",
            {"reaction": "watching.echo"},
        )


async def test_what_is_carried_out_in_time_leaves_no_trace_of_an_expectation(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    async with App(echoing(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w"))
        await app.settle()
        clock.advance(timedelta(hours=1))
        await app.settle()
        assert [recorded.type for recorded in (await app.events.read_log()).events] == ["Waited", "Marked"]
        assert await store.find_work(queues="expectation/") == []


async def test_what_was_carried_out_in_time_by_a_worker_that_died_right_after_is_not_overdue(
    store: Store, clock: ManualClock, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact = store.transact

    async def dying(transaction: Transaction) -> Appended | None:
        if any(isinstance(one, End) and one.id.startswith("command/") for one in transaction.writes):
            raise StoreUnavailable("the worker is dead")
        return await transact(transaction)

    monkeypatch.setattr(store, "transact", dying)
    async with App(echoing(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w"))
        await app.settle()
        assert len(await store.find_work(queues="command/")) == 1
        clock.advance(timedelta(hours=1))
        await app.settle()
        assert [recorded.type for recorded in (await app.events.read_log()).events] == ["Waited", "Marked"]
        assert await store.find_work(queues="expectation/") == []


async def test_what_was_refused_is_overdue(store: Store, clock: ManualClock, bell: Bell) -> None:
    context = watching(bell)

    @context.reacts(within=timedelta(minutes=15))
    def echo(event: Waited) -> Mark:
        return Mark(id=event.id, name="no began")

    async with App(context, store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w"))
        await app.settle()
        clock.advance(timedelta(hours=1))
        await app.settle()
        assert [recorded.type for recorded in (await app.events.read_log()).events] == ["Waited", "leftfold.Overdue"]


async def test_what_is_not_carried_out_in_time_is_recorded_once_and_stays_on_its_way(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    heard: list[Overdue] = []
    context = echoing(bell)

    @context.on()
    async def complain(event: Overdue) -> None:
        heard.append(event)

    bell.broken.add("began")
    async with App(context, store=store, clock=clock, workers=STAYING) as app:
        receipt = await app.send(Wait(id="w"))
        began = clock.now()
        await app.settle()
        clock.advance(timedelta(minutes=15) - timedelta(microseconds=1))
        await app.settle()
        assert heard == []
        for _ in range(3):
            clock.advance(timedelta(minutes=1))
            await app.settle()
        waited = (await app.events.read_log(after=receipt.position - 1, limit=1)).events[0]
        (overdue,) = heard
        assert overdue == Overdue(
            reaction="watching.echo", event_id=waited.id, command="Mark", due=began + timedelta(minutes=15)
        )
        bell.broken.clear()
        clock.advance(timedelta(hours=1))
        await app.settle()
        assert await marks(app) == ["began"]
        assert len(heard) == 1


async def test_an_expectation_that_comes_again_when_it_is_known_to_be_overdue_is_let_go(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    """As when the reaction follows the log once more, and its command is still not carried out."""
    bell.broken.add("began")
    async with App(echoing(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w"))
        await app.settle()
        [expected] = await store.find_work(queues="expectation/")
        clock.advance(timedelta(hours=1))
        await app.settle()
        assert await store.find_work(queues="expectation/") == []
        again = Begin(id=expected.id, queue=expected.queue, status=expected.status, state=expected.state, wake=AT_ONCE)
        await store.transact(Transaction(writes=[again]))
        await app.settle()
        assert await store.find_work(queues="expectation/") == []
        assert [one.type for one in (await app.events.read_log()).events].count("leftfold.Overdue") == 1


async def test_a_reaction_that_raises_holds_up_its_stream_alone(each_url: str, bell: Bell) -> None:
    context = watching(bell)

    @context.reacts
    def echo(event: Waited) -> Mark | None:
        bell.ring(event.id)
        return Mark(id=event.id, name="began")

    bell.broken.add("bad")
    async with App(context, store=each_url) as app:
        for id in ("bad", "good"):
            await app.send(Wait(id=id))
        await app.settle()
        assert (await marks(app, "good"), await marks(app, "bad")) == (["began"], [])
        (letter,) = [letter async for letter in app.dead_letters.all("echo")]
        bell.broken.clear()
        await app.dead_letters.replay(letter)
        await app.settle()
        assert await marks(app, "bad") == ["began"]


@pytest.mark.parametrize("slip", [None, Poke(id="w", what="x"), [Mark(id="w", name="a"), None], "mark"], ids=repr)
async def test_what_a_reaction_does_not_declare_is_never_sent_nor_passed_over(bell: Bell, slip: Any) -> None:  # noqa: ANN401 - a slip
    context = watching(bell)

    @context.reacts
    def echo(_event: Waited) -> Mark | list[Mark]:
        answer: Mark = slip
        return answer

    async with App(context, store="memory:") as app:
        await app.send(Wait(id="w"))
        await app.settle()
        (letter,) = [letter async for letter in app.dead_letters.all("echo")]
        assert "which it does not declare" in letter.error
        assert [recorded.type for recorded in (await app.events.read_log()).events] == ["Waited"]


class Unheard(Command):
    id: str


def test_what_is_wrong_with_a_reaction_is_said_at_once() -> None:
    context = Context("desk")
    with pytest.raises(DefinitionError) as caught:

        @context.reacts(within=timedelta(0))
        async def echo(_event: str, _recorded: int) -> UUID:
            raise NotImplementedError

    said = "\n".join(caught.value.findings)
    for flaw in ("echo", "is async", "event str", "a RecordedEvent", "annotate what it sends", "within=0:00:00"):
        assert flaw in said


def test_what_is_expected_beyond_all_moments_is_refused() -> None:
    with pytest.raises(DefinitionError, match="; give 365000 days at most, or None"):

        @Context("desk").reacts(within=timedelta.max)
        def echo(_event: Poked) -> Mark:
            raise NotImplementedError


def test_a_reaction_that_does_not_say_what_it_sends_is_told_so_once() -> None:
    within: Any = 5

    def echo(_event: Poked):  # type: ignore[no-untyped-def]  # noqa: ANN202 - that is the point
        raise NotImplementedError

    with pytest.raises(DefinitionError) as caught:
        Context("desk").reacts(within=within)(echo)
    (unsaid, untimed) = caught.value.findings
    assert "its result has no annotation" in unsaid
    assert "within=5; give a timedelta" in untimed


def test_a_command_that_nothing_handles_is_a_finding_of_the_app() -> None:
    context = watching(Bell())

    @context.reacts
    def echo(event: Waited) -> Unheard:
        return Unheard(id=event.id)

    with pytest.raises(DefinitionError, match="echo sends Unheard, which nothing here handles"):
        App(context, store="memory:")


@pytest.mark.parametrize("above", [True, False])
def test_a_function_that_says_it_sends_another_command_than_it_returns_is_a_finding_of_the_app(*, above: bool) -> None:
    context = watching(Bell())

    def poking(event: Waited) -> Poke | None:
        return Poke(id=event.id, what="")

    if above:
        sends(Mark)(context.reacts(poking))
    else:
        context.reacts(sends(Mark)(poking))
    with pytest.raises(DefinitionError, match=r"'poking' .* says @sends\(Mark\), .* returns Poke; .* take @sends away"):
        App(context, store="memory:")


def test_a_function_that_says_it_sends_what_it_returns_is_taken() -> None:
    context = watching(Bell())

    @sends(Poke)
    @context.reacts
    def poking(event: Waited) -> Poke | None:
        return Poke(id=event.id, what="")

    App(context, store="memory:")
