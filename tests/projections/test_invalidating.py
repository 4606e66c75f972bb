"""While nobody can tell which rows change no answer is kept, and that is said once, and when it is over.

Who waits for a position is given no answer from before it, when other rows have come to be shown as well.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from msgspec import Struct

from leftfold import Event
from leftfold.errors import InvalidQuery, StoreUnavailable
from leftfold.ids import new_id
from leftfold.messages import Codec, Registry
from leftfold.projections import invalidating
from leftfold.projections.cache import LocalCache
from leftfold.projections.caching import TOUCHED, CachedAnswers
from leftfold.projections.generations import GENERATIONS, Generation, Generations
from leftfold.projections.invalidating import Invalidating
from leftfold.projections.projection import Projection, ProjectionOptions, projection_of
from leftfold.store import Advance, EventStore, Selection, Transaction
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.memory import MemoryStore
from leftfold.store.tables import Table
from leftfold.subscriptions import Policy
from leftfold.subscriptions.parking import LETTERS
from leftfold.subscriptions.subscription import Source


class Counted(Event):
    key: str


class Count(Struct, frozen=True):
    n: int


class Away(MemoryStore):
    """Is out of reach at first."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 5
        self.back = asyncio.Event()

    async def generation(self, table: Table) -> int:
        self.left -= 1
        if self.left >= 0:
            raise StoreUnavailable("nobody listens")
        if self.left < -1:
            self.back.set()
        return await super().generation(table)


def counts(row: Count | None, _event: Counted) -> Count:
    return Count(n=1 if row is None else row.n + 1)


def _projection(shards: int = 1) -> Projection[Any]:
    return projection_of(counts, ProjectionOptions("key", "counts", 1, (), (), shards, Policy()))


async def test_that_no_answers_are_kept_is_said_once_and_that_they_are_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, logger="leftfold")
    monkeypatch.setattr(invalidating, "_RETRY_S", 0.001)

    projection = _projection()
    store, answers = Away(), CachedAnswers(LocalCache())
    source = Source(store, EventStore(store, Codec(Registry("log"))))
    watching = asyncio.create_task(Invalidating(projection, source, store, answers).run())
    async with asyncio.timeout(10.0):
        await store.back.wait()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    assert caplog.messages == ["answers from counts are not kept: nobody listens", "answers from counts are kept again"]
    assert not answers.paused


class Slow(MemoryStore):
    """Can be told to hold whoever looks for letters, or to be out of reach for who asks how far something is."""

    def __init__(self) -> None:
        super().__init__()
        self.held: asyncio.Event | None = None
        self.looked = asyncio.Event()
        self.away = 0

    async def select(self, table: Table, selection: Selection, *, generation: int | None = None) -> Sequence[bytes]:
        if self.held is not None and table == LETTERS:
            self.looked.set()
            await self.held.wait()
        return await super().select(table, selection, generation=generation)

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("nobody listens")
        return await super().checkpoints(prefix)


async def _shown(store: MemoryStore, shards: int, position: int) -> Generation:
    """Rows in so many parts, which are at *position*, take the place of others."""
    await store.prepare(GENERATIONS)
    generations = Generations(_projection(shards), store)
    one = await generations.begin("rebuild")
    for name in one.checkpoints if position else ():
        claim = await store.claim(name, "worker", 60.0)
        assert claim is not None
        moved = Advance(name=name, token=claim.token, position=position, event_id=new_id())
        await store.transact(Transaction(writes=[moved]))
    assert await generations.switch(one, position)
    return one


async def _kept(answers: CachedAnswers) -> None:
    """Have an answer kept that comes from the row of `a`."""

    async def load() -> bytes:
        touched = TOUCHED.get()
        assert touched is not None
        touched.add(("counts", "a"))
        return b"1"

    await answers.answer("question", 60.0, load)
    assert answers.kept("question") == b"1"


async def test_who_waits_while_other_rows_come_to_be_shown_is_given_no_answer_of_those_before() -> None:
    store, answers = Slow(), CachedAnswers(LocalCache())
    await _shown(store, 1, 0)
    source = Source(store, EventStore(store, Codec(Registry("log"))))
    noticing = Invalidating(_projection(), source, store, answers)
    await noticing.start()
    await _kept(answers)
    await _shown(store, 1, 1)
    store.held = asyncio.Event()
    watching = asyncio.create_task(noticing.run())
    async with asyncio.timeout(10.0):
        await store.looked.wait()
        waiting = asyncio.create_task(noticing.passed(1))
        await asyncio.sleep(0)
        assert not waiting.done() or answers.kept("question") is None
        store.held.set()
        await waiting
    assert answers.kept("question") is None
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_rows_that_are_put_back_to_an_older_state_take_what_is_kept_with_them() -> None:
    store, answers = Slow(), CachedAnswers(LocalCache())
    shown = await _shown(store, 1, 3)
    source = Source(store, EventStore(store, Codec(Registry("log"))))
    noticing = Invalidating(_projection(), source, store, answers)
    await noticing.start()
    await _kept(answers)
    for name in shown.checkpoints:
        await store.forget(name)  # which is where it began now
    watching = asyncio.create_task(noticing.run())
    async with asyncio.timeout(10.0):
        while answers.kept("question") is not None:
            await asyncio.sleep(0.01)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_a_store_that_is_away_when_other_rows_are_shown_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invalidating, "_RETRY_S", 0.001)
    store, answers = Slow(), CachedAnswers(LocalCache())
    await _shown(store, 1, 0)
    source = Source(store, EventStore(store, Codec(Registry("log"))))
    noticing = Invalidating(_projection(), source, store, answers)
    await noticing.start()
    await _shown(store, 2, 1)
    store.away = 1
    watching = asyncio.create_task(noticing.run())
    passed = asyncio.create_task(noticing.passed(1))
    await asyncio.wait([watching, passed], timeout=10.0, return_when=asyncio.FIRST_COMPLETED)
    assert passed.done()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


class Odd(MemoryStore):
    """Raises an error of no store once, when it is asked for checkpoints."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return await super().checkpoints(prefix)


@pytest.mark.parametrize("error", [KeyError("odd"), InvalidQuery("odd"), asyncio.CancelledError()])
async def test_no_error_of_any_kind_leaves_answers_kept_that_nobody_drops(
    error: BaseException, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invalidating, "_RETRY_S", 0.001)
    monkeypatch.setattr(invalidating, "_WAIT_S", 0.01)
    store, answers = Odd(), CachedAnswers(LocalCache())
    shown = await _shown(store, 1, 3)
    source = Source(store, EventStore(store, Codec(Registry("log"))))
    noticing = Invalidating(_projection(), source, store, answers)
    await noticing.start()
    await _kept(answers)
    store.error = error
    watching = asyncio.create_task(noticing.run())
    try:
        async with asyncio.timeout(10.0):
            while answers.kept("question") is not None and not watching.done():
                await asyncio.sleep(0.001)
            while answers.paused:
                await asyncio.sleep(0.001)
            await _kept(answers)
            for name in shown.checkpoints:
                await store.forget(name)  # what follows is heard again
            while answers.kept("question") is not None and not watching.done():
                await asyncio.sleep(0.001)
        assert not watching.done()
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    assert caplog.messages[0].startswith("answers from counts are not kept: ")


async def test_a_key_that_lets_out_a_cancellation_stands_for_any_row() -> None:
    def strayed(_event: Counted) -> str:
        raise asyncio.CancelledError

    projection = projection_of(counts, ProjectionOptions(strayed, "counts", 1, (), (), 1, Policy()))
    store, answers = MemoryStore(), CachedAnswers(LocalCache())
    events = EventStore(store, Codec(Registry("log", Counted)))
    noticing = Invalidating(projection, Source(store, events), store, answers, inline=True)
    await store.prepare(GENERATIONS)
    await noticing.start()
    await _kept(answers)
    watching = asyncio.create_task(noticing.run())
    await events.append("log-1", Counted(key="a"), expected=0)
    async with asyncio.timeout(10.0):
        await noticing.passed(1)
    assert answers.kept("question") is None
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
