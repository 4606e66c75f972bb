from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes.grounds import ground
from tests.servers import bare_url, database, postgres, reused, store_url

__all__ = ["bare_url", "database", "each_url", "ground", "postgres", "reused", "store_url"]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def each_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind."""
    match request.param:
        case "memory":
            return "memory:"
        case "sqlite":
            return f"sqlite:///{tmp_path}/shop.db"
        case _:
            return str(request.getfixturevalue("store_url"))
