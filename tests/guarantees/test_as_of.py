"""G5: states as of any version and time are those of a plain list, whatever was corrected and however clocks jumped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import App, Envelope, Event, Expected, NotFound, Snapshots, applies
from leftfold.adapters.postgres import PostgresLocation, PostgresSchema
from leftfold.domain import Aggregate
from leftfold.testing import ManualClock

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Set(Event):
    value: int


class Note(Aggregate[Set], category="note", snapshot_every=3):
    """Its state depends on the order of what is folded."""

    values: tuple[int, ...] = ()

    @applies
    def _set(self, event: Set) -> None:
        self.values = (*self.values, event.value)[-3:]


class Told(NamedTuple):
    note: str
    happened: datetime
    recorded: datetime


facts = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(-5, 5).map(lambda days: START + days * DAY),
        st.integers(-2, 3).map(lambda days: days * DAY),
    ),
    min_size=1,
    max_size=14,
)
moments = st.lists(st.integers(-8, 30).map(lambda days: START + days * DAY / 2), min_size=1, max_size=4)
_numbers = count(1)


@given(facts=facts, moments=moments)
@settings(max_examples=40)
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_every_state_of_the_past_is_the_one_that_a_plain_list_tells(
    kind: Literal["memory", "sqlite"], facts: Sequence[tuple[str, datetime, timedelta]], moments: Sequence[datetime]
) -> None:
    with TemporaryDirectory() as directory:
        store = "memory:" if kind == "memory" else f"sqlite:///{Path(directory)}/notes.db"
        asyncio.run(_told(store, ManualClock(START), facts, moments))


@pytest.mark.postgres
@given(facts=facts, moments=moments)
@settings(max_examples=6)
def test_a_store_with_a_clock_of_its_own_tells_the_same_past(
    database: str, facts: Sequence[tuple[str, datetime, timedelta]], moments: Sequence[datetime]
) -> None:
    async def migrated() -> None:
        await PostgresSchema(PostgresLocation.parse(store)).migrate()
        await _told(store, None, facts, moments)

    store = f"{database}?schema=past{next(_numbers)}"
    asyncio.run(migrated())


async def _told(
    store: str,
    clock: ManualClock | None,
    facts: Sequence[tuple[str, datetime, timedelta]],
    moments: Sequence[datetime],
) -> None:
    """Record *facts* and compare; without a *clock* the recorded times are those that the store gave."""
    log: list[Told] = []
    async with App(Note, store=store, clock=clock, snapshots=Snapshots(cached=1)) as app:
        for number, (note, happened, jump) in enumerate(facts):
            if clock is not None:
                clock.set(clock.now() + jump)
            event = Envelope(event=Set(value=number), valid_at=happened)
            await app.events.append(f"note-{note}", event, expected=Expected.ANY)
            await app.repository(Note).find(note)  # snapshots and the cache come to life on the way
            recorded = (await app.store.read_log(after=number)).events[0].recorded_at
            if clock is not None:
                assert recorded == (max(clock.now(), log[-1].recorded) if log else clock.now())
            log.append(Told(note, happened, recorded))
        times = [told.recorded for told in log[::4]]
        if clock is not None:
            clock.set(START + 1000 * DAY)
            times += moments
        before = await _digest(app)
        for recorded in times:
            await _compare(app, log, recorded, None)
            await _compare(app, log, recorded - timedelta(microseconds=1), moments[0])
            await _compare(app, log, recorded, moments[-1])
        for valid in moments:
            await _compare(app, log, None, valid)
        for note in ("a", "b"):
            await _compare_along(app, log, note)
        assert await _digest(app) == before


async def _compare(app: App, log: Sequence[Told], recorded: datetime | None, valid: datetime | None) -> None:
    notes, alive = app.repository(Note), dict[str, tuple[int, ...]]()
    for note in ("a", "b"):
        wanted = _model(log, note, recorded, valid)
        if wanted:
            alive[note] = wanted
            assert (await notes.at(note, recorded=recorded, valid=valid)).values == wanted
        else:
            with pytest.raises(NotFound):
                await notes.at(note, recorded=recorded, valid=valid)
    assert {each.id: each.values async for each in notes.each(recorded=recorded, valid=valid)} == alive


async def _compare_along(app: App, log: Sequence[Told], note: str) -> None:
    notes = app.repository(Note)
    numbers = [number for number, told in enumerate(log) if told.note == note]
    for version in range(1, len(numbers) + 1):
        assert (await notes.at(note, version=version)).values == tuple(numbers[:version][-3:])
    history = await notes.history(note, lambda each: each.values)
    assert [change.value for change in history] == [tuple(numbers[: n + 1][-3:]) for n in range(len(numbers))]
    days = await notes.history(note, lambda each: each.values, valid=True)
    assert [change.at for change in days] == sorted({log[number].happened for number in numbers})
    for change in days:
        assert change.value == _model(log, note, None, change.at)


def _model(log: Sequence[Told], note: str, recorded: datetime | None, valid: datetime | None) -> tuple[int, ...]:
    return tuple(
        number
        for number, told in enumerate(log)
        if told.note == note
        and (recorded is None or told.recorded <= recorded)
        and (valid is None or told.happened <= valid)
    )[-3:]


async def _digest(app: App) -> str:
    """G6: of everything that is stored of every event."""
    return sha256(repr((await app.store.read_log(limit=10_000)).events).encode()).hexdigest()
