from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leftfold import App
from leftfold.adapters.postgres import open_postgres
from leftfold.adapters.sqlite import open_sqlite
from leftfold.store import MemoryStore
from leftfold.store.port import Store
from tests.handling.bank import Account, purse
from tests.handling.teller import Desk, open_desk
from tests.servers import bare_url, database, postgres, store_url

__all__ = ["app", "bare_url", "database", "desk", "postgres", "store", "store_url", "url"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bank.db"


@pytest.fixture
async def app(url: str) -> AsyncIterator[App]:
    async with App(Account, purse, store=url) as app:
        yield app


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def store(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    match request.param:
        case "memory":
            opened: Store = MemoryStore()
        case "sqlite":
            opened = await open_sqlite(url)
        case _:
            opened = await open_postgres(str(request.getfixturevalue("bare_url")), migrate=True)
    yield opened
    await opened.close()


@pytest.fixture
async def desk(store: Store) -> Desk:
    """Both buses on an empty store of each kind."""
    return await open_desk(store)
