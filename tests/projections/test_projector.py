"""Each try of a fold begins with the row as it is stored, so that one which changes what it is handed spoils none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from leftfold import Event, RecordedEvent
from leftfold.projections.projection import ProjectionOptions, projection_of
from leftfold.projections.projector import Projector
from leftfold.store.memory import MemoryStore
from leftfold.store.transaction import Transaction
from leftfold.subscriptions import Failing, Failure, Policy, Retry

WHEN = datetime(2026, 1, 2, tzinfo=UTC)


class Noted(Event):
    key: str
    number: int
    bad: bool = False


@dataclass(frozen=True)
class Notes:
    of: str
    numbers: list[int] = field(default_factory=list)


class Fold:
    """Changes the row it is handed, and only then finds out that it cannot."""

    def __init__(self) -> None:
        self.mended = False

    def __call__(self, row: Notes | None, event: Noted) -> Notes:
        row = row or Notes(event.key)
        row.numbers.append(event.number)
        if event.bad and not self.mended:
            raise ValueError(event.number)
        return row


class Followed:
    """A projector on its store, as a follower uses it: batches, then parked keys again from their first letter on."""

    def __init__(self, failing: Failing) -> None:
        self.fold, self.store = Fold(), MemoryStore()

        def notes(row: Notes | None, event: Noted) -> Notes:
            return self.fold(row, event)

        policy = Policy(failing=failing, retry=Retry(attempts=1))
        options = ProjectionOptions("key", "notes", 1, (), (), 1, policy)
        self.projection = projection_of(notes, options)
        self.projector = Projector(self.projection, self.store, 1)
        self.failures: list[Failure] = []
        self._parks = failing is Failing.PARK

    async def follow(self, events: Sequence[RecordedEvent[object]], size: int) -> None:
        await self.store.prepare(self.projection.table, 1)
        for start in range(0, len(events), size):
            outcome = await self.projector.consume(events[start : start + size], self._parked())
            if outcome.writes:
                await self.store.transact(Transaction(writes=outcome.writes))
            self.failures += outcome.failures

    async def replay(self) -> None:
        for failure in self.failures:
            outcome = await self.projector.consume([failure.event], (), failure.subject)
            assert not outcome.failures
            await self.store.transact(Transaction(writes=outcome.writes))

    async def rows(self) -> dict[str, list[int]]:
        found = await self.store.scan(self.projection.table, after="", limit=100, generation=1)
        return {key: self.projection.load(row).numbers for key, row in found}

    def _parked(self) -> set[str]:
        return {one.subject for one in self.failures} if self._parks else set()


def recorded(position: int, event: Noted) -> RecordedEvent[object]:
    return RecordedEvent(
        event=event,
        stream=f"notes-{event.key}",
        version=position,
        position=position,
        id=UUID(int=position),
        type="noted",
        schema_version=1,
        occurred_at=WHEN,
        recorded_at=WHEN,
    )


notes = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12).map(
    lambda found: [recorded(at, Noted(key=key, number=at, bad=bad)) for at, (key, bad) in enumerate(found, 1)]
)


def split(events: Sequence[RecordedEvent[object]], failing: Failing) -> tuple[dict[str, list[int]], list[int]]:
    """What a pure fold would keep, and the positions that it would not do."""
    kept: dict[str, list[int]] = {}
    out: list[int] = []
    parked: set[str] = set()
    for one in events:
        assert isinstance(one.event, Noted)
        if one.event.bad or one.event.key in parked:
            out.append(one.position)
            if failing is Failing.PARK:
                parked.add(one.event.key)
        else:
            kept.setdefault(one.event.key, []).append(one.event.number)
    return kept, out


@given(events=notes, size=st.integers(1, 6), failing=st.sampled_from(Failing))
def test_rows_hold_what_was_folded_without_an_error_and_nothing_else(
    events: list[RecordedEvent[object]], size: int, failing: Failing
) -> None:
    async def run() -> None:
        followed = Followed(failing)
        await followed.follow(events, size)
        kept, out = split(events, failing)
        assert await followed.rows() == kept
        assert [one.event.position for one in followed.failures] == out

    asyncio.run(run())


@given(events=notes, size=st.integers(1, 6))
def test_once_the_fold_is_mended_rows_are_what_they_would_have_been(
    events: list[RecordedEvent[object]], size: int
) -> None:
    async def run() -> None:
        followed = Followed(Failing.PARK)
        await followed.follow(events, size)
        followed.fold.mended = True
        await followed.replay()
        whole: dict[str, list[int]] = {}
        for one in events:
            assert isinstance(one.event, Noted)
            whole.setdefault(one.event.key, []).append(one.event.number)
        assert await followed.rows() == whole

    asyncio.run(run())


async def test_what_fails_when_it_is_folded_anew_is_not_written() -> None:
    followed, calls = Followed(Failing.PARK), list[int]()

    def flaky(row: Notes | None, event: Noted) -> Notes:
        calls.append(event.number)
        if event.number == 2 or calls.count(1) == 2:
            raise ValueError(event.number)
        return Notes(event.key, [*(row.numbers if row else []), event.number])

    options = ProjectionOptions("key", "notes", 1, (), (), 1, Policy(retry=Retry(attempts=1)))
    followed.projection = projection_of(flaky, options)
    followed.projector = Projector(followed.projection, followed.store, 1)
    await followed.follow([recorded(at, Noted(key="a", number=at)) for at in (1, 2)], 2)
    assert await followed.rows() == {}
    assert [one.event.position for one in followed.failures] == [1, 2]


async def test_what_was_folded_and_not_written_is_folded_anew_once_it_is_forgotten() -> None:
    followed = Followed(Failing.PARK)
    first, second = (recorded(at, Noted(key="a", number=at)) for at in (1, 2))
    await followed.follow([first], 1)
    await followed.projector.consume([second], ())  # and its transaction is refused
    followed.projector.forget()
    await followed.follow([second], 1)
    assert await followed.rows() == {"a": [1, 2]}
