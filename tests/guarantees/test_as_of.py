"""G5: states as of any version and time are those of a plain list, whatever was corrected and however clocks jumped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import App, Envelope, Event, Expected, NotFound, Snapshots, applies
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


@given(facts=facts, moments=moments)
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_every_state_of_the_past_is_the_one_that_a_plain_list_tells(
    kind: Literal["memory", "sqlite"], facts: Sequence[tuple[str, datetime, timedelta]], moments: Sequence[datetime]
) -> None:
    with TemporaryDirectory() as directory:
        store = "memory:" if kind == "memory" else f"sqlite:///{Path(directory)}/notes.db"
        asyncio.run(_compared(store, facts, moments))


async def _compared(store: str, facts: Sequence[tuple[str, datetime, timedelta]], moments: Sequence[datetime]) -> None:
    clock = ManualClock(START)
    log: list[Told] = []
    async with App(Note, store=store, clock=clock, snapshots=Snapshots(cached=1)) as app:
        notes = app.repository(Note)
        for number, (note, happened, jump) in enumerate(facts):
            clock.set(clock.now() + jump)
            recorded = max(clock.now(), log[-1].recorded) if log else clock.now()
            log.append(Told(note, happened, recorded))
            event = Envelope(event=Set(value=number), valid_at=happened)
            await app.events.append(f"note-{note}", event, expected=Expected.ANY)
            await notes.find(note)  # snapshots and the cache come to life on the way
        clock.set(START + 1000 * DAY)
        before = await _digest(app)
        for moment in moments:
            points: list[tuple[datetime | None, datetime | None]] = [
                (moment, None),
                (None, moment),
                (moment, moments[0]),
            ]
            for known, valid in points:
                alive: dict[str, tuple[int, ...]] = {}
                for note in ("a", "b"):
                    wanted = _model(log, note, known, valid)
                    if wanted:
                        alive[note] = wanted
                        assert (await notes.at(note, recorded=known, valid=valid)).values == wanted
                    else:
                        with pytest.raises(NotFound):
                            await notes.at(note, recorded=known, valid=valid)
                assert {each.id: each.values async for each in notes.each(recorded=known, valid=valid)} == alive
        for note in ("a", "b"):
            numbers = [number for number, told in enumerate(log) if told.note == note]
            for version in range(1, len(numbers) + 1):
                assert (await notes.at(note, version=version)).values == tuple(numbers[:version][-3:])
            history = await notes.history(note, lambda each: each.values)
            assert [change.value for change in history] == [tuple(numbers[: n + 1][-3:]) for n in range(len(numbers))]
            for change in await notes.history(note, lambda each: each.values, valid=True):
                assert change.value == _model(log, note, None, change.at)
        assert await _digest(app) == before


def _model(log: Sequence[Told], note: str, recorded: datetime | None, valid: datetime | None) -> tuple[int, ...]:
    return tuple(
        number
        for number, told in enumerate(log)
        if told.note == note
        and (recorded is None or told.recorded <= recorded)
        and (valid is None or told.happened <= valid)
    )[-3:]


async def _digest(app: App) -> str:
    """G6: of every stored byte."""
    digest = sha256()
    for event in (await app.store.read_log(limit=10_000)).events:
        digest.update(event.data + event.metadata + f"{event.position}{event.recorded_at}{event.occurred_at}".encode())
    return digest.hexdigest()
