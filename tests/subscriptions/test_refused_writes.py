"""An event whose writes the store refuses is parked for what it belongs to, beside what waits there already."""

from __future__ import annotations

from collections.abc import Container, Sequence

import msgspec

from leftfold import RecordedEvent
from leftfold.clock import SystemClock
from leftfold.ids import new_id
from leftfold.store import Expected, MemoryStore, NewEvent, Put, ToStream, Transaction
from leftfold.store.tables import Selection
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
