"""Logs are read once, and what is kept of them is bounded, however far a cause is from what it led to."""

from __future__ import annotations

from pathlib import Path

import pytest

from leftfold.adapters.sqlite.store import SqliteStore
from leftfold.cli import walking
from leftfold.flow import Observation
from leftfold.store import Page, QueryItem
from tests.cli.command import Leftfold
from tests.cli.trading import traded
from tests.flow.market import APP

VERBS = [("flow", "--observed", "--json"), ("context", "observe", "--json")]


@pytest.fixture
def market(tmp_path: Path) -> str:
    return traded(f"sqlite:///{tmp_path}/{{context}}.db")


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A 0 for each time that a log is read from its start."""
    starts: list[int] = []
    read = SqliteStore.read_log

    async def noted(
        self: SqliteStore,
        *,
        after: int = 0,
        upto: int | None = None,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        limit: int = 500,
    ) -> Page:
        if after == 0 and upto is not None:
            starts.append(after)
        return await read(self, after=after, upto=upto, match=match, category=category, limit=limit)

    monkeypatch.setattr(SqliteStore, "read_log", noted)
    return starts


@pytest.mark.parametrize("verb", VERBS)
def test_each_log_is_read_once_where_causes_are_near(
    leftfold: Leftfold, market: str, begun: list[int], verb: tuple[str, ...]
) -> None:
    assert leftfold(*verb, "--app", APP, "--store", market).code == 0
    assert len(begun) == 2


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("waiting", [0, 1, 100])
def test_the_same_is_seen_where_causes_are_far(
    leftfold: Leftfold, market: str, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...], waiting: int
) -> None:
    near = leftfold(*verb, "--app", APP, "--store", market)
    monkeypatch.setattr(walking, "_RECENT", 0)
    monkeypatch.setattr(walking, "_MOST_WAITING", waiting)
    assert leftfold(*verb, "--app", APP, "--store", market) == near


def test_no_more_causes_wait_than_memory_is_meant_for(
    leftfold: Leftfold, market: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, record = 0, Observation.record

    def noted(self: Observation, *arguments: object) -> str | None:
        nonlocal most
        cause = record(self, *arguments)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        most = max(most, self.waiting)
        return cause

    monkeypatch.setattr(Observation, "record", noted)
    monkeypatch.setattr(walking, "_RECENT_BYTES", 0)
    monkeypatch.setattr(walking, "_MOST_WAITING", 2)
    assert leftfold("flow", "--observed", "--app", APP, "--store", market).code == 0
    assert most == 3
