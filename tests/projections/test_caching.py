"""Answers that are loaded once however many ask, and never kept past a change of what they come from."""

from __future__ import annotations

import asyncio

from leftfold.projections.cache import LocalCache
from leftfold.projections.caching import TOUCHED, CachedAnswers

_TTL_S = 60.0
_ROW = ("totals", "a")


class Rows:
    """One row that is read when it is let go on."""

    def __init__(self) -> None:
        self.value = b"1"
        self.loads = 0
        self.read = asyncio.Event()
        self.go_on = asyncio.Event()

    async def load(self) -> bytes:
        """Read the row, then take a while."""
        self.loads += 1
        touched = TOUCHED.get()
        assert touched is not None
        touched.add(_ROW)
        found = self.value
        self.read.set()
        await self.go_on.wait()
        return found


async def test_fifty_readers_of_one_cold_answer_load_it_once() -> None:
    answers, rows = CachedAnswers(LocalCache()), Rows()
    readers = [asyncio.create_task(answers.answer("key", _TTL_S, rows.load)) for _ in range(50)]
    await rows.read.wait()
    rows.go_on.set()
    assert await asyncio.gather(*readers) == [b"1"] * 50
    assert await answers.answer("key", _TTL_S, rows.load) == b"1"
    assert rows.loads == 1
    assert (answers.stats.misses, answers.stats.joined, answers.stats.hits) == (1, 49, 1)


async def test_an_answer_whose_row_changed_while_it_was_loaded_is_not_kept() -> None:
    answers, rows = CachedAnswers(LocalCache()), Rows()
    early = asyncio.create_task(answers.answer("key", _TTL_S, rows.load))
    await rows.read.wait()
    rows.value = b"2"
    answers.drop([_ROW])
    rows.go_on.set()
    assert await early == b"1"
    assert await answers.answer("key", _TTL_S, rows.load) == b"2"


async def test_who_asks_after_a_change_does_not_wait_for_a_load_that_began_before_it() -> None:
    answers, rows = CachedAnswers(LocalCache()), Rows()
    early = asyncio.create_task(answers.answer("key", _TTL_S, rows.load))
    await rows.read.wait()
    rows.value = b"2"
    answers.drop([_ROW])
    late = asyncio.create_task(answers.answer("key", _TTL_S, rows.load))
    await asyncio.sleep(0)
    rows.go_on.set()
    assert await early == b"1"
    assert await late == b"2"
    assert await answers.answer("key", _TTL_S, rows.load) == b"2"
    assert rows.loads == 2


async def test_a_change_of_another_row_leaves_an_answer_where_it_is() -> None:
    answers, rows = CachedAnswers(LocalCache()), Rows()
    rows.go_on.set()
    await answers.answer("key", _TTL_S, rows.load)
    answers.drop([("totals", "b"), ("others", None)])
    rows.value = b"2"
    assert await answers.answer("key", _TTL_S, rows.load) == b"1"
    answers.drop([("totals", None)])
    assert await answers.answer("key", _TTL_S, rows.load) == b"2"
