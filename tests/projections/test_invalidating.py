"""While nobody can tell which rows change no answer is kept, and that is said once, and when it is over."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import pytest
from msgspec import Struct

from leftfold import Event
from leftfold.errors import StoreUnavailable
from leftfold.messages import Codec, Registry
from leftfold.projections import invalidating
from leftfold.projections.cache import LocalCache
from leftfold.projections.caching import CachedAnswers
from leftfold.projections.invalidating import Invalidating
from leftfold.projections.projection import ProjectionOptions, projection_of
from leftfold.store import EventStore
from leftfold.store.memory import MemoryStore
from leftfold.store.tables import Table
from leftfold.subscriptions import Policy
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


async def test_that_no_answers_are_kept_is_said_once_and_that_they_are_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, logger="leftfold")
    monkeypatch.setattr(invalidating, "_RETRY_S", 0.001)

    def counts(row: Count | None, _event: Counted) -> Count:
        return Count(n=1 if row is None else row.n + 1)

    projection = projection_of(counts, ProjectionOptions("key", "counts", 1, (), (), 1, Policy()))
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
