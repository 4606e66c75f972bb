"""What the examples run on: an empty store of each kind, and the bank's real file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from leftfold.app import open_schema
from tests.conftest import ROOT, LeftOut
from tests.servers import bare_url, database, postgres

__all__ = ["bare_url", "database", "postgres"]

PKDD99 = ROOT.parent / "shared" / "data" / "pkdd99-bank" / "trans.asc"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    url: str = request.getfixturevalue("bare_url")
    asyncio.run(open_schema(url).migrate())
    return url


@pytest.fixture
def real_file(left_out: LeftOut) -> Path:
    """The first part of the PKDD'99 transactions."""
    if not PKDD99.exists():
        left_out(f"the real bank transactions are not at ../{PKDD99.relative_to(ROOT.parent)}")
    return PKDD99
