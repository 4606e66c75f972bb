"""What a rebuilt read model has otherwise than the one that is shown: each such row once, by key, and no other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.clock import SystemClock
from leftfold.messages.codec import Codec
from leftfold.messages.registry import Registry
from leftfold.projections import rebuilding
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.generations import GENERATIONS
from leftfold.projections.rebuilding import Rebuild, RowDifference
from leftfold.store import MemoryStore, Put, Transaction
from leftfold.store.event_store import EventStore
from leftfold.subscriptions import Source
from tests.guarantees.counting import Total
from tests.guarantees.kept_up import TOTALS
from tests.turns import counted_turns

totals = st.integers(1, 2).map(lambda total: Total(account="a", factor=1, total=total, count=1, position=1, chain=""))
rows = st.dictionaries(st.sampled_from("abcdefg"), totals)


async def _put(store: MemoryStore, generation: int, kept: dict[str, Total]) -> None:
    await store.prepare(TOTALS.table, generation)
    if kept:
        put = Put(table=TOTALS.table, generation=generation, rows={key: TOTALS.dump(row) for key, row in kept.items()})
        await store.transact(Transaction(writes=[put]))


async def _rebuild(shown: dict[str, Total] | None, built: dict[str, Total]) -> Rebuild[Any]:
    store = MemoryStore()
    await store.prepare(GENERATIONS)
    follower = ProjectionFollower(
        TOTALS, Source(store, EventStore(store, Codec(Registry("log")))), store, SystemClock()
    )
    if shown is not None:
        await _put(store, 1, shown)
        assert await follower.generations.switch(await follower.generations.begin("worker"), 0)
    await _put(store, (await follower.generations.begin("rebuild")).generation, built)
    return Rebuild[Any](follower, "me")


async def _differences(shown: dict[str, Total] | None, built: dict[str, Total]) -> list[RowDifference[Any]]:
    return [one async for one in (await _rebuild(shown, built)).differences()]


@given(shown=st.none() | rows, built=rows)
def test_each_row_that_differs_is_told_once_by_key_and_no_other(
    shown: dict[str, Total] | None, built: dict[str, Total]
) -> None:
    before = shown or {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebuilding, "_PAGE", 2)
        told = asyncio.run(_differences(shown, built))
    expected = [
        RowDifference(key, before.get(key), built.get(key))
        for key in sorted(before.keys() | built.keys())
        if before.get(key) != built.get(key)
    ]
    assert told == expected


async def test_between_two_pages_of_rows_the_loop_has_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "_PAGE", 2)
    same = {key: Total(account=key, factor=1, total=1, count=1, position=1, chain="") for key in "abcdefg"}
    rebuild = await _rebuild(same, same)
    async with counted_turns() as turns:
        assert [one async for one in rebuild.differences()] == []
        assert turns() >= 3
