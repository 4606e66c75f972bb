"""An event whose writes the store refuses is parked for what it belongs to, beside what waits there already."""

from __future__ import annotations

from collections.abc import Container, Sequence

import msgspec
import pytest

from leftfold import RecordedEvent
from leftfold.clock import SystemClock
from leftfold.errors import InvalidInput
from leftfold.ids import new_id
from leftfold.store import Expected, MemoryStore, NewEvent, Put, ToStream, Transaction
from leftfold.store.tables import Selection, Table
from leftfold.subscriptions import Failure, Outcome, Policy, Source, Subscription
from leftfold.subscriptions.parking import LETTERS, PARKED, Letter, ParkedSubject, subject_key
from leftfold.subscriptions.runner import Runner
from tests.subscriptions.telling import Telling, Told


class Both:
    """Every event is about two subjects, and what comes of it has a key that no store takes."""

    events: frozenset[type] = frozenset({Told})

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        return ("a", "b")

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        failures = [Failure(one, event, None) for event in events for one in ("a", "b") if one in parked]
        return Outcome([Put(table=LETTERS, rows={"": b"{}"})], failures)

    def forget(self) -> None:
        pass


class _Looking(MemoryStore):
    """Counts the looks at all that is parked."""

    looks = 0

    async def scan(
        self, table: Table, *, after: str = "", limit: int = 500, generation: int | None = None
    ) -> Sequence[tuple[str, bytes]]:
        self.looks += table is PARKED
        return await super().scan(table, after=after, limit=limit, generation=generation)


class Refused:
    """Every event is about its stream: one fails, and the writes of the others have a key that no store takes."""

    events: frozenset[type] = frozenset({Told})

    def __init__(self) -> None:
        self.parked: list[tuple[str, bool]] = []

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        return (event.stream,)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        self.parked.append((events[0].stream, events[0].stream in parked))
        failures = [Failure(one.stream, one, ValueError(one.stream)) for one in events if one.stream == "x-1"]
        return Outcome([Put(table=LETTERS, rows={"": b"{}"})] if len(failures) < len(events) else [], failures)

    def forget(self) -> None:
        pass


async def test_a_subject_that_is_dead_already_stays_so_when_the_event_is_refused_for_another() -> None:
    store = MemoryStore()
    for table in (LETTERS, PARKED):
        await store.prepare(table)
    dead = ParkedSubject(subscription="s", part=0, subject="a", attempts=5, dead=True, due=None, error="of old")
    await store.transact(
        Transaction(writes=[Put(table=PARKED, rows={subject_key("s", "a"): msgspec.json.encode(dead)})])
    )
    await store.append(ToStream("x-1", Expected.ANY, [NewEvent(id=new_id(), type="told", data=b"{}", metadata=b"{}")]))
    source = Source(store, Telling())
    [part] = Subscription(name="s", source=source, target=store, clock=SystemClock(), policy=Policy()).parts
    claim = await store.claim(part.checkpoint, "me", 60.0)
    assert claim is not None

    async def until_done(_position: int, done: bool) -> bool:
        return not done

    await Runner(part, Both(), claim, until_done).run()
    parked = [msgspec.json.decode(row, type=ParkedSubject) for row in await store.select(PARKED, Selection())]
    assert {(one.subject, one.attempts, one.dead) for one in parked} == {("a", 5, True), ("b", 1, False)}
    letters = [msgspec.json.decode(row, type=Letter) for row in await store.select(LETTERS, Selection())]
    assert {(one.subject, bool(one.error)) for one in letters} == {("a", False), ("b", True)}


async def test_what_is_parked_is_not_read_again_for_each_event_that_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, consumer = _Looking(), Refused()
    for table in (LETTERS, PARKED):
        await store.prepare(table)
    for n in range(4):
        event = NewEvent(id=new_id(), type="told", data=b"{}", metadata=b"{}")
        await store.append(ToStream(f"x-{n}", Expected.ANY, [event]))
    source = Source(store, Telling())
    [part] = Subscription(name="s", source=source, target=store, clock=SystemClock(), policy=Policy()).parts
    claim = await store.claim(part.checkpoint, "me", 60.0)
    assert claim is not None

    async def until_done(_position: int, done: bool) -> bool:
        return not done

    await Runner(part, consumer, claim, until_done).run()
    parked = [msgspec.json.decode(row, type=ParkedSubject) for row in await store.select(PARKED, Selection())]
    assert {one.subject: one.error for one in parked if one.subject == "x-1"} == {"x-1": "ValueError: x-1"}
    assert sorted(one.subject for one in parked) == ["x-0", "x-1", "x-2", "x-3"]
    assert not any(there for _, there in consumer.parked), "what was refused has parked nothing"
    assert store.looks == 1
    told = [one.exc_info[1] for one in caplog.records if one.exc_info is not None]
    assert [type(error) for error in told].count(InvalidInput) == 3
    assert not any(error.__context__ for error in told if error is not None), "none tells of another event"
