from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leftfold import App
from tests.handling.bank import Account, purse


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bank.db"


@pytest.fixture
async def app(url: str) -> AsyncIterator[App]:
    async with App(Account, purse, store=url) as app:
        yield app
