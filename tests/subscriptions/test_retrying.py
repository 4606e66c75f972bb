"""What is parked is tried again from its first letter on: when its time has come, and when somebody asks for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Sequence
from datetime import timedelta
from typing import Final, Literal

import msgspec
import pytest

from leftfold import RecordedEvent
from leftfold.errors import Fenced, InvalidInput, Overtaken
from leftfold.ids import new_id
from leftfold.store import Expected, MemoryStore, NewEvent, Put, ToStream, Transaction
from leftfold.store.tables import Selection
from leftfold.store.transaction import Delete, Write
from leftfold.subscriptions import Failure, Outcome, Policy, Retry, Source
from leftfold.subscriptions.parking import (
    LETTERS,
    PARKED,
    REQUESTS,
    Letter,
    ParkedSubject,
    Parking,
    Request,
    letter_key,
    request_key,
    subject_key,
)
from leftfold.subscriptions.retrying import Retrying
from leftfold.testing import ManualClock
from tests.subscriptions.telling import Telling, Told

POLICY: Final = Policy(retry=Retry(attempts=3, first=timedelta(seconds=8)))
_SOON: Final = timedelta(seconds=60)


class Doing:
    """Notes the positions that it does; it cannot do those in `broken`. It leaves a row when nothing waits any more."""

    events: frozenset[type] = frozenset({Told})

    def __init__(self) -> None:
        self.broken: set[int] = set()
        self.done: list[int] = []
        self.forgotten = 0
        self.tells = False
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        return (event.stream,)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        assert only == "a"
        assert only not in parked
        if not events:
            return Outcome([Put(table=LETTERS, rows={"free": b"{}"})] if self.tells else [], [])
        (event,) = events
        if self.meanwhile is not None:
            await self.meanwhile()
        if event.position in self.broken:
            return Outcome([], [Failure(only, event, ValueError("broken"))])
        self.done.append(event.position)
        return Outcome([], [])

    def forget(self) -> None:
        self.forgotten += 1


class Parked:
    """A subject with three letters, which is parked unless it was only skipped."""

    def __init__(self) -> None:
        self.clock, self.store, self.doing = ManualClock(), MemoryStore(), Doing()
        self.refused: list[Exception] = []
        self.written: list[list[type]] = []
        self.parking = Parking(self.store, "s", 0, POLICY, self.clock)
        self.retrying = Retrying(self.parking, self.doing, Source(self.store, Telling()), self._write)

    async def begin(self, *, parked: bool = True) -> None:
        for table in (LETTERS, PARKED, REQUESTS):
            await self.store.prepare(table)
        news = [NewEvent(id=new_id(), type="told", data=b"{}", metadata=b"{}") for _ in range(3)]
        await self.store.append(ToStream("x-1", Expected.ANY, news))
        letters = [
            Letter(subscription="s", part=0, subject="a", position=at, type="told", stream="x-1", version=at)
            for at in (1, 2, 3)
        ]
        writes = [Put(table=LETTERS, rows={letter_key(one): msgspec.json.encode(one) for one in letters})]
        if parked:
            row = ParkedSubject(subscription="s", part=0, subject="a", attempts=1, dead=False, due=None, error="")
            due = msgspec.structs.replace(row, due=self.clock.now() + _SOON)
            writes.append(Put(table=PARKED, rows={subject_key("s", "a"): msgspec.json.encode(due)}))
        await self.store.transact(Transaction(writes=writes))
        await self.parking.load()

    async def ask(self, action: Literal["replay", "drop"], *positions: int) -> None:
        requests = [Request(subscription="s", part=0, subject="a", position=at, action=action) for at in positions]
        rows = {request_key(one): msgspec.json.encode(one) for one in requests}
        await self.store.transact(Transaction(writes=[Put(table=REQUESTS, rows=rows)]))

    async def asked(self, action: Literal["replay", "drop"], *positions: int) -> None:
        await self.ask(action, *positions)
        await self.retrying.turn(asked=True)
        assert await self.parking.requests() == [], "what is asked for is done once"

    async def turn(self) -> None:
        await self.retrying.turn(asked=False)

    async def letters(self) -> list[int]:
        rows = await self.store.select(LETTERS, Selection(order_by=("position",)))
        return [msgspec.json.decode(row, type=Letter).position for row in rows]

    async def parked(self) -> list[ParkedSubject]:
        return [msgspec.json.decode(row, type=ParkedSubject) for row in await self.store.select(PARKED, Selection())]

    async def _write(self, writes: Sequence[Write]) -> None:
        if self.refused:
            raise self.refused.pop(0)
        await self.store.transact(Transaction(writes=writes))
        self.written.append([type(one) for one in writes])


@pytest.fixture
async def parked() -> Parked:
    made = Parked()
    await made.begin()
    return made


@pytest.fixture
async def skipped() -> Parked:
    made = Parked()
    await made.begin(parked=False)
    return made


async def test_a_replay_does_every_letter_in_order_and_nothing_is_parked_then(parked: Parked) -> None:
    await parked.asked("replay", 2)
    assert (parked.doing.done, await parked.letters(), await parked.parked()) == ([1, 2, 3], [], [])
    assert not parked.parking.subjects


async def test_a_replay_that_fails_on_the_way_keeps_what_is_not_done(parked: Parked) -> None:
    parked.doing.broken = {2}
    await parked.asked("replay", 1)
    assert (parked.doing.done, await parked.letters()) == ([1], [2, 3])
    (row,) = await parked.parked()
    assert (row.attempts, row.dead, row.error) == (2, False, "ValueError: broken")


async def test_what_waited_behind_a_letter_that_is_dropped_is_done_and_the_letter_is_not(parked: Parked) -> None:
    parked.doing.broken = {1}
    await parked.asked("drop", 1)
    assert (parked.doing.done, await parked.letters(), await parked.parked()) == ([2, 3], [], [])


async def test_a_drop_that_is_asked_for_while_the_letter_is_tried_again_is_not_taken_for_done(parked: Parked) -> None:
    parked.doing.broken = {1}
    parked.doing.meanwhile = lambda: parked.ask("drop", 1)
    await parked.ask("replay", 1)
    await parked.retrying.turn(asked=True)
    assert await parked.letters() == [1, 2, 3]
    assert [one.action for one in await parked.parking.requests()] == ["drop"]


@pytest.mark.parametrize("action", ["replay", "drop"])
async def test_what_a_consumer_does_when_nothing_waits_any_more_is_done_with_noting_that(
    parked: Parked, action: Literal["replay", "drop"]
) -> None:
    parked.doing.tells = True
    await parked.asked(action, 1, 2, 3)
    assert [one for one in parked.written if Put in one] == [[Put, Delete]]
    assert await parked.parked() == []


async def test_of_what_was_skipped_that_alone_is_done_which_was_asked_for(skipped: Parked) -> None:
    await skipped.asked("replay", 2)
    assert (skipped.doing.done, await skipped.letters()) == ([2], [1, 3])


async def test_of_what_was_skipped_nothing_that_is_dropped_is_done(skipped: Parked) -> None:
    await skipped.asked("drop", 1, 2)
    assert (skipped.doing.done, await skipped.letters()) == ([], [3])


async def test_what_was_skipped_and_fails_again_parks_nothing(skipped: Parked) -> None:
    skipped.doing.broken = {2}
    await skipped.asked("replay", 2)
    assert (skipped.doing.done, await skipped.letters(), await skipped.parked()) == ([], [1, 2, 3], [])


async def test_it_is_tried_when_its_time_has_come_and_as_often_as_its_policy_says(parked: Parked) -> None:
    parked.doing.broken = {1}
    tries = list[tuple[int, bool, bool]]()
    await parked.turn()
    for _ in range(3):
        parked.clock.advance(_SOON)
        await parked.turn()
        (row,) = await parked.parked()
        tries.append((row.attempts, row.dead, row.due is None))
    assert tries == [(2, False, False), (3, True, True), (3, True, True)]
    assert await parked.letters() == [1, 2, 3]


async def test_it_is_not_tried_before_its_time(parked: Parked) -> None:
    await parked.turn()
    parked.clock.advance(_SOON - timedelta(seconds=1))
    await parked.turn()
    assert parked.doing.done == []


async def test_a_clock_that_is_set_back_makes_no_pause_longer_than_any_that_its_policy_has(parked: Parked) -> None:
    parked.doing.broken = {1}
    parked.clock.set(parked.clock.now() - timedelta(days=1))
    await parked.turn()
    assert [row.attempts for row in await parked.parked()] == [2]
    await parked.turn()
    assert [row.attempts for row in await parked.parked()] == [2]


async def test_one_that_others_overtook_is_decided_anew(parked: Parked) -> None:
    parked.refused = [Overtaken("work")]
    await parked.asked("replay", 1)
    assert (parked.doing.done, parked.doing.forgotten) == ([1, 1, 2, 3], 1)
    assert await parked.letters() == []


async def test_one_whose_writes_are_refused_has_failed_and_is_forgotten(parked: Parked) -> None:
    parked.refused = [InvalidInput("no such row")]
    await parked.asked("replay", 1)
    assert (parked.doing.done, parked.doing.forgotten) == ([1], 1)
    assert await parked.letters() == [1, 2, 3]
    assert [(row.attempts, row.error) for row in await parked.parked()] == [(2, "InvalidInput: no such row")]


async def test_who_has_lost_his_part_tries_nothing_more(parked: Parked) -> None:
    parked.refused = [Fenced("s/0.1", 1)]
    parked.clock.advance(_SOON)
    with pytest.raises(Fenced):
        await parked.turn()
    assert (parked.doing.done, await parked.letters()) == ([1], [1, 2, 3])
    assert [row.attempts for row in await parked.parked()] == [1]


async def test_it_is_looked_at_again_when_the_first_is_due_and_at_the_latest_in_the_time_given(parked: Parked) -> None:
    assert [parked.parking.failed("dead", ValueError("broken")) for _ in range(3)]
    assert parked.parking.subjects["dead"].due is None
    soon = _SOON.total_seconds()
    assert [parked.retrying.wait_s(most) for most in (1.0, 2 * soon)] == [1.0, soon]
    parked.clock.advance(2 * _SOON)
    assert 0 < parked.retrying.wait_s(1.0) < 0.1
    parked.parking.freed("a")
    assert parked.retrying.wait_s(1.0) == 1.0
