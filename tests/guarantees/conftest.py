"""The stores that every guarantee is tried on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.guarantees.places import Place
from tests.servers import bare_url, database, postgres, reused, store_url

__all__ = ["bare_url", "database", "place", "postgres", "reused", "store_url"]

_numbers = count(1)


def _sqlite(request: pytest.FixtureRequest) -> Callable[[], str]:
    directory: Path = request.getfixturevalue("tmp_path")
    return lambda: f"sqlite:///{directory}/store{next(_numbers)}.db"


def _postgres(request: pytest.FixtureRequest) -> Callable[[], str]:
    database: str = request.getfixturevalue("database")
    return lambda: f"{database}?schema=place{next(_numbers)}"


STORES = {"sqlite": _sqlite, "postgres": _postgres}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest) -> Place:
    """An empty store of each kind; on PostgreSQL in a schema of its own."""
    kind = str(request.param)
    spare = STORES[kind](request)
    return Place(kind, spare(), spare)
