"""What is wrong with a process is said where it is declared, all of it, with the name of its function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import Struct

from leftfold import App, Command, Context, DefinitionError, Event, IntegrationEvent
from leftfold.errors import InvalidInput
from leftfold.messages.recorded import RecordedEvent
from leftfold.processes import IGNORE, CommandRefused, Ignored, Next, TimerDue


class Opened(Event):
    id: str


class Moved(Event):
    other: str


class Told(IntegrationEvent):
    id: str


class Tell(Command):
    id: str


class State(Struct, frozen=True):
    id: str


@dataclass
class Loose:
    id: str


def findings(error: pytest.ExceptionInfo[DefinitionError]) -> str:
    return "\n".join(error.value.findings)


def test_a_process_that_fits_is_registered_and_given_back() -> None:
    context = Context("desk")

    @context.process(key="id")
    def desk(
        _state: State | None, _event: Opened | TimerDue, _recorded: RecordedEvent[object]
    ) -> Next[State] | Ignored:
        return IGNORE

    (process,) = context.processes
    assert (process.name, process.version) == ("desk", 1)
    assert (process.events, process.own) == (frozenset({Opened}), frozenset({TimerDue}))
    assert desk.__name__ == "desk"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:

        @Context("desk").process(
            key="id", name="Desk", version=0, shards=65, missing=timedelta(0), abandoned=timedelta(1)
        )
        async def opening(_state: Loose, _event: Opened | Moved | str, _third: int) -> Loose:
            raise NotImplementedError

    said = findings(caught)
    for flaw in (
        "opening",
        "is async",
        "a name is 1 to 40",
        "version=0",
        "shards=65",
        "missing=0:00:00",
        "annotate `State | None`",
        "frozen dataclass",
        "annotate `-> Next[Loose] | Ignored`",
        "key='id' is no field of Moved",
        "event str",
        "abandoned= hands in TimerDue",
        "its third parameter is a RecordedEvent",
    ):
        assert flaw in said


async def _awaited(event: Opened) -> str:
    return event.id


def _of_three(event: Opened, _recorded: object, _more: object) -> str:
    return event.id


def _of_another(event: Opened, _recorded: Opened) -> str:
    return event.id


@pytest.mark.parametrize(
    ("key", "flaw"),
    [
        (_awaited, "_awaited, which finds its key, is a coroutine function"),
        (_of_three, r"_of_three, which finds its key, takes \(event\), or \(event, recorded\)"),
        (_of_another, "_of_another, which finds its key, is handed a RecordedEvent for '_recorded', not Opened"),
    ],
)
def test_what_finds_the_key_is_looked_at_where_it_is_declared(key: Callable[..., Any], flaw: str) -> None:
    with pytest.raises(DefinitionError, match=rf"process 'opening' \(.*\): {flaw}"):

        @Context("desk").process(key=key)
        def opening(_state: State | None, _event: Opened) -> Next[State]:
            raise NotImplementedError


def test_options_of_other_types_are_findings() -> None:
    wrong: Any = 5
    text: Any = "5"
    with pytest.raises(DefinitionError) as caught:

        @Context("desk").process(key=wrong, missing=wrong, abandoned=wrong, retry=wrong, shards=text, version=text)
        def opening(_state: State | None, _event: Opened | TimerDue) -> Next[State]:
            raise NotImplementedError

    said = findings(caught)
    for flaw in (
        "missing=5; give a timedelta",
        "abandoned=5; give a timedelta",
        "retry=5; give a Retry",
        "key=5; give the name of a field",
        "shards='5'; there are",
        "version='5'; versions count",
    ):
        assert flaw in said


def test_a_time_that_goes_beyond_what_a_moment_can_be_is_a_finding() -> None:
    with pytest.raises(DefinitionError) as caught:

        @Context("desk").process(key="id", missing=timedelta.max, abandoned=timedelta(days=365_001))
        def opening(_state: State | None, _event: Opened | TimerDue) -> Next[State]:
            raise NotImplementedError

    said = findings(caught)
    for flaw in (
        "missing=999999999 days, 23:59:59.999999; give 365000 days at most, or None",
        "abandoned=365001 days, 0:00:00; give 365000 days at most, or None",
    ):
        assert flaw in said


def test_a_process_needs_an_event_to_begin_with() -> None:
    with pytest.raises(DefinitionError, match="no instance would ever begin"):

        @Context("desk").process(key="id")
        def opening(_state: State | None, _event: TimerDue | CommandRefused) -> Next[State]:
            raise NotImplementedError


def test_a_process_takes_state_and_event() -> None:
    with pytest.raises(DefinitionError, match="takes \\(state, event\\)"):

        @Context("desk").process(key="id")
        def opening(_state: State | None) -> Next[State]:
            raise NotImplementedError


def test_a_state_is_of_one_class_with_exact_json() -> None:
    @dataclass(frozen=True)
    class Anything:
        value: object

    with pytest.raises(DefinitionError, match="has no codec"):

        @Context("desk").process(key="id")
        def opening(_state: Anything | None, _event: Opened) -> Next[Anything]:
            raise NotImplementedError

    with pytest.raises(DefinitionError, match="a state of one class"):

        @Context("desk").process(key="id")
        def closing(_state: State | Anything | None, _event: Opened) -> Next[State]:
            raise NotImplementedError


def test_versions_of_one_name_follow_together_and_differ() -> None:
    context = Context("desk")

    @context.process(key="id", name="desk", shards=2)
    def first(_state: State | None, _event: Opened) -> Next[State] | Ignored:
        return IGNORE

    @context.process(key="id", name="desk")
    def other(_state: State | None, _event: Opened) -> Next[State] | Ignored:
        return IGNORE

    @context.process(key="id", name="desk", version=2)
    def second(_state: State | None, _event: Opened | Told) -> Next[State] | Ignored:
        return IGNORE

    with pytest.raises(DefinitionError) as caught:
        App(context, store="memory:")
    for flaw in ("'desk' of version 1", "2 and 1 shards", "no context of this App publishes Told"):
        assert flaw in findings(caught)


class Lent(Event):
    friend: str | None = None


async def test_an_event_whose_field_holds_no_key_concerns_no_instance() -> None:
    context = Context("club")

    @context.process(key="friend")
    def lending(_state: State | None, event: Lent) -> Next[State]:
        return Next(State(str(event.friend)))

    async with App(context, store="memory:") as app:
        await app.events.append("book-1", Lent(), Lent(friend="Ann"), Lent(), expected=0)
        await app.settle()
        assert [one.key async for one in app.processes.find()] == ["Ann"]


def test_what_comes_next_is_immutable_and_compared_by_value() -> None:
    nothing = Next(State("1"))
    one = nothing.send(Tell(id="1")).timer("b", timedelta(1)).timer("a", timedelta(2)).cancel("b").end()
    assert nothing == Next(State("1"))
    assert one == Next(State("1")).cancel("b").timer("a", timedelta(2)).send(Tell(id="1")).end()
    assert one.timers == (("a", timedelta(2)), ("b", None))


def test_a_timer_is_due_later_and_its_moment_has_a_zone() -> None:
    with pytest.raises(InvalidInput, match="negative"):
        Next(State("1")).timer("a", timedelta(-1))
    with pytest.raises(InvalidInput, match="no zone"):
        Next(State("1")).timer("a", datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(InvalidInput, match="is too long; give 365000 days at most"):
        Next(State("1")).timer("a", timedelta.max)
    never: Any = "soon"
    with pytest.raises(InvalidInput, match="'soon' is no time; give a timedelta or a datetime"):
        Next(State("1")).timer("a", never)
    with pytest.raises(InvalidInput, match="'a#2' holds '#'"):
        Next(State("1")).timer("a#2", timedelta(1))
    with pytest.raises(InvalidInput, match="empty"):
        Next(State("1")).timer("", datetime(2026, 1, 1, tzinfo=UTC))


def test_what_is_no_name_of_a_timer_cannot_be_cancelled() -> None:
    none: Any = None
    with pytest.raises(InvalidInput, match="timer None is no text"):
        Next(State("1")).timer("a", timedelta(1)).cancel(none)
    with pytest.raises(InvalidInput, match="'a#2' holds '#'"):
        Next(State("1")).cancel("a#2")
