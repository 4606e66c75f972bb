"""What an append condition costs: what its rarest tag costs, however many events have the others."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteStore
from leftfold.errors import ConditionFailed, Conflict, LeftfoldError
from leftfold.store import AppendCondition, QueryItem, ToStream
from tests.adapters.sqlite.opened import event, opened, traced, url_of

_MANY = 3_000


async def _steps(store: SqliteStore, *tags: str, refusal: type[LeftfoldError] = Conflict) -> int:
    """Tens of SQLite's own steps of an append that finds *tags* or, finding nothing, is at no version expected."""
    connection: sqlite3.Connection = vars(store)["_connection"]
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    condition = AppendCondition(none_of=(QueryItem(tags=frozenset(tags)),))
    connection.set_progress_handler(step, 10)
    with pytest.raises(refusal):
        await store.append(ToStream("a-1", 7, [event()]), condition=condition)
    connection.set_progress_handler(None, 0)
    return steps


async def test_a_condition_after_the_last_event_looks_for_none(tmp_path: Path) -> None:
    condition = AppendCondition(none_of=(QueryItem(tags=frozenset("ab")), QueryItem(types=frozenset({"T"}))), after=30)
    async with opened(url_of(tmp_path / "store.db")) as store:
        await store.append(ToStream("a-1", 0, [event(tags=("a", "b")) for _ in range(30)]))
        statements = traced(store)
        await store.append(ToStream("a-1", 30, [event()]), condition=condition)
        assert [text for text in statements if text.startswith("select")] == []


async def test_a_condition_on_several_tags_begins_with_the_rarest(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        many = [event(tags=("all", "rare") if n in (0, _MANY - 1) else ("all", f"b{n % 2}")) for n in range(_MANY)]
        await store.append(ToStream("a-1", 0, many))
        one = await _steps(store, "absent")
        assert await _steps(store, "all", "b0", "b1") > _MANY / 20  # of two that never meet, one is gone through
        assert await _steps(store, "absent", "all") < one + 30
        assert await _steps(store, "all", "zero") < one + 30
        assert await _steps(store, "all", "b0", "rare") < one + 80
        assert await _steps(store, "all", "rare", refusal=ConditionFailed) < one + 60
