"""The SQLite store keeps every law of the port, in each of its settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteStore, open_sqlite
from leftfold.testing import ManualClock
from leftfold.testing.conformance import Later, Opener, StoreConformance, check_against_reference


@pytest.fixture(params=["full", "normal"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db?durability={request.param}"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def opener(url: str, clock: ManualClock) -> Opener:
    async def open_one() -> SqliteStore:
        return await open_sqlite(url, clock=clock)

    return open_one


@pytest.fixture
def later(clock: ManualClock) -> Later:
    async def move(seconds: float) -> None:
        clock.advance(timedelta(seconds=seconds))

    return move


class TestSqlite(StoreConformance):
    pass


@pytest.mark.parametrize("examples", [16, pytest.param(200, marks=pytest.mark.long)])
def test_any_sequence_of_operations_agrees_with_the_reference(opener: Opener, examples: int) -> None:
    check_against_reference(opener, examples=examples)
