"""What the tests of the SQLite store watch."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import pytest

from leftfold.adapters.sqlite.batch import Batch
from leftfold.adapters.sqlite.ends import Ends
from leftfold.adapters.sqlite.naming import Naming


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[Batch]:
    """The group commits from now on: a refusal that has every member tried again alone shows here."""
    begun: list[Batch] = []
    begin = Batch.__init__

    def noted(
        self: Batch, connection: sqlite3.Connection, naming: Naming, ends: Ends, now: datetime, *, trusting: bool
    ) -> None:
        begun.append(self)
        begin(self, connection, naming, ends, now, trusting=trusting)

    monkeypatch.setattr(Batch, "__init__", noted)
    return begun
