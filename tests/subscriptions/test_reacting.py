"""A reaction has the events of each stream in order: what is parked is not passed, and other streams go on."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from leftfold import RecordedEvent
from leftfold.processes.beginning import Beginning
from leftfold.store.work import Begin
from leftfold.subscriptions import Attempt, Consumer, Failing
from leftfold.subscriptions.reaction import Reacting

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
BAD = 3


class Told:
    """What every event reads as."""


def recorded(stream: str, position: int) -> RecordedEvent[object]:
    return RecordedEvent(
        event=Told(),
        stream=stream,
        version=1,
        position=position,
        id=UUID(int=position),
        type="told",
        schema_version=1,
        occurred_at=WHEN,
        recorded_at=WHEN,
    )


EVENTS = [recorded("a", 1), recorded("b", 2), recorded("a", BAD), recorded("a", 4), recorded("b", 5)]


def consumer(kind: str, seen: list[int], failing: Failing) -> Consumer:
    """One that notes the positions it handles, and cannot handle one of them."""

    def handle(event: RecordedEvent[object]) -> None:
        if event.position == BAD:
            raise ValueError("bad")
        seen.append(event.position)

    async def react(event: RecordedEvent[object], _attempt: Attempt) -> None:
        handle(event)

    def begun(event: RecordedEvent[object], _number: int) -> list[Begin]:
        handle(event)
        return []

    events = frozenset({Told})
    return Reacting("tell", events, react, failing) if kind == "reaction" else Beginning(events, begun, failing)


@pytest.fixture(params=["reaction", "beginning"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_what_follows_a_failure_in_its_stream_waits_and_other_streams_go_on(kind: str) -> None:
    seen = list[int]()
    outcome = await consumer(kind, seen, Failing.PARK).consume(EVENTS, ())
    assert seen == [1, 2, 5]
    assert [(one.subject, one.event.position, one.error is None) for one in outcome.failures] == [
        ("a", BAD, False),
        ("a", 4, True),
    ]


async def test_nothing_of_a_parked_stream_is_handled(kind: str) -> None:
    seen = list[int]()
    outcome = await consumer(kind, seen, Failing.PARK).consume(EVENTS, {"a"})
    assert seen == [2, 5]
    assert [(one.event.position, one.error) for one in outcome.failures] == [(1, None), (BAD, None), (4, None)]


async def test_with_a_policy_that_skips_what_follows_is_handled(kind: str) -> None:
    seen = list[int]()
    outcome = await consumer(kind, seen, Failing.SKIP).consume(EVENTS, ())
    assert seen == [1, 2, 4, 5]
    assert [one.event.position for one in outcome.failures] == [BAD]


async def test_a_stream_that_is_tried_again_is_handled_alone(kind: str) -> None:
    seen = list[int]()
    outcome = await consumer(kind, seen, Failing.PARK).consume(EVENTS, (), "b")
    assert (seen, list(outcome.failures)) == ([2, 5], [])
