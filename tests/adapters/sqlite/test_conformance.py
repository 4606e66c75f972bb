"""The SQLite store keeps every law of the port, in each of its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteStore, open_sqlite
from leftfold.testing.conformance import Opener, StoreConformance, check_against_reference


@pytest.fixture(params=["full", "normal"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db?durability={request.param}"


@pytest.fixture
def opener(url: str) -> Opener:
    async def open_one() -> SqliteStore:
        return await open_sqlite(url)

    return open_one


class TestSqlite(StoreConformance):
    pass


def test_any_sequence_of_operations_agrees_with_the_reference(opener: Opener) -> None:
    check_against_reference(opener)
