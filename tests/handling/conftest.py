from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leftfold import App
from leftfold.app.opening import open_store
from leftfold.store.port import Store
from tests.handling.bank import Account, purse
from tests.handling.teller import Desk, open_desk
from tests.servers import bare_url, database, postgres, reused, store_url

__all__ = ["app", "bare_url", "database", "desk", "each_url", "postgres", "reused", "store", "store_url", "url"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bank.db"


@pytest.fixture
async def app(url: str) -> AsyncIterator[App]:
    async with App(Account, purse, store=url) as app:
        yield app


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def each_url(request: pytest.FixtureRequest, url: str) -> str:
    """The URL of an empty store of each kind."""
    match request.param:
        case "memory":
            return "memory:"
        case "sqlite":
            return url
        case _:
            return str(request.getfixturevalue("store_url"))


@pytest.fixture
async def store(each_url: str) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    opened = await open_store(each_url)
    yield opened
    await opened.close()


@pytest.fixture
async def desk(store: Store) -> Desk:
    """Both buses on an empty store of each kind."""
    return await open_desk(store)
