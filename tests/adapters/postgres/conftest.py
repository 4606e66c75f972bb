"""The PostgreSQL that these tests run on."""

from __future__ import annotations

import pytest

from leftfold.testing.conformance.stores import Later
from tests.adapters.postgres.opened import clock_moved
from tests.servers import bare_url, database, lone_url, migrated, pgbouncer, postgres, reused, store_url

__all__ = ["bare_url", "database", "later", "lone_url", "migrated", "pgbouncer", "postgres", "reused", "store_url"]


@pytest.fixture
def later(store_url: str) -> Later:
    """Moves the clock of the store's schema forward."""
    moved = 0.0

    async def move(seconds: float) -> None:
        nonlocal moved
        moved += seconds
        await clock_moved(store_url, moved)

    return move
