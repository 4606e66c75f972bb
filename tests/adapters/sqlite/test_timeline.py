"""What a question about moments costs: a few rows however long the log is, and never the loop for long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteLocation, SqliteStore
from leftfold.adapters.sqlite.schema import connect, install, prepare
from leftfold.clock import SystemClock
from leftfold.store import Expected, ToStream
from leftfold.testing import ManualClock
from tests.adapters.sqlite.opened import event, opened, url_of
from tests.turns import counted_turns

_Question = Callable[[SqliteStore], Awaitable[object]]

_QUESTIONS: dict[str, _Question] = {
    "which position a moment is": lambda store: store.position_at(SystemClock().now() - timedelta(hours=1)),
    "which version a stream had": lambda store: store.version_at("long-1", 40),
    "which streams of a category there are": lambda store: store.streams(category="short"),
    "which streams of a category there were": lambda store: store.streams(category="short", upto=40),
    "which streams come next": lambda store: store.streams(after="long-1", limit=3),
}


async def _steps(path: Path, events: int, question: _Question) -> int:
    """Hundreds of SQLite's own steps that *question* takes when a stream and the log are so long."""
    connection = connect(SqliteLocation(path=path))
    prepare(connection, SqliteLocation(path=path))
    install(connection)
    store = SqliteStore(connection, SqliteLocation(path=path), ManualClock())
    await store.append(ToStream("short-1", 0, [event(tags=("short-0", "short-2"))]), ToStream("z-1", 0, [event()]))
    await store.append(ToStream("long-1", 0, [event() for _ in range(events)]))
    for n in range(9):
        await store.append(ToStream(f"m-{n}", Expected.ANY, [event()]))
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(step, 10)
    await question(store)
    connection.set_progress_handler(None, 0)
    await store.close()
    return steps


@pytest.mark.parametrize("question", _QUESTIONS.values(), ids=_QUESTIONS.keys())
async def test_a_log_a_hundred_times_as_long_is_hardly_more_work(tmp_path: Path, question: _Question) -> None:
    few = await _steps(tmp_path / "few.db", 100, question)
    many = await _steps(tmp_path / "many.db", 10_000, question)
    assert 0 < few <= many < 3 * few + 20


async def test_streams_that_are_passed_over_leave_the_loop_its_turns(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await store.append(ToStream("z-1", 0, [event()]))
        for n in range(20):
            await store.append(*(ToStream(f"a-{n}-{m}", 0, [event(tags=(f"b-{n}-{m}",))]) for m in range(200)))
        async with counted_turns() as turns:
            assert [head.stream for head in await store.streams(upto=1)] == ["z-1"]
            assert await store.streams(category="b") == []
            assert turns() > 20
