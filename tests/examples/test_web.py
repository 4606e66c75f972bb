"""The bank behind HTTP, asked as a program on the other side would."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from examples.web.bank import app
from examples.web.fastapi_bank import create


@asynccontextmanager
async def served(store: str, *, workers: bool = True, patience_s: float = 10.0) -> AsyncGenerator[AsyncClient]:
    web = create(store, workers=workers, patience_s=patience_s)
    transport = ASGITransport(web)
    async with web.router.lifespan_context(web), AsyncClient(transport=transport, base_url="http://bank") as client:
        assert (await client.post("/accounts", json={"account": "A", "owner": "ann"})).status_code == 201
        yield client


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncClient]:
    async with served(f"sqlite:///{tmp_path}/bank.db") as client:
        yield client


async def test_a_deposit_is_seen_by_who_hands_its_position_back(client: AsyncClient) -> None:
    made = await client.post("/accounts/A/deposits", json={"cents": 500})
    assert (made.status_code, made.json()) == (201, {"account": "A", "cents": 500})
    shown = await client.get("/accounts/A", params={"after": made.headers["Leftfold-Position"]})
    assert (shown.status_code, shown.json()) == (200, {"account": "A", "owner": "ann", "cents": 500})


async def test_a_request_sent_twice_with_one_key_is_carried_out_once(client: AsyncClient) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await client.post("/accounts/A/deposits", json={"cents": 5}, headers=key)
    second = await client.post("/accounts/A/deposits", json={"cents": 5}, headers=key)
    assert first.headers["Leftfold-Position"] == second.headers["Leftfold-Position"]
    assert second.json()["cents"] == 5


async def test_errors_are_answered_by_what_they_are(client: AsyncClient) -> None:
    assert (await client.post("/accounts/A/deposits", json={"cents": 0})).status_code == 409
    assert (await client.post("/accounts/B/deposits", json={"cents": 5})).status_code == 404
    long = {"Idempotency-Key": "k" * 513}
    assert (await client.post("/accounts/A/deposits", json={"cents": 5}, headers=long)).status_code == 422
    assert (await client.get("/accounts/B")).status_code == 404
    again = await client.post("/accounts", json={"account": "A", "owner": "bob"})
    assert again.status_code == 409
    assert "version 1" in again.json()["detail"]
    key = {"Idempotency-Key": "k-1"}
    assert (await client.post("/accounts/A/deposits", json={"cents": 5}, headers=key)).status_code == 201
    assert (await client.post("/accounts/A/deposits", json={"cents": 6}, headers=key)).status_code == 422


async def test_rows_that_are_not_there_yet_may_be_asked_for_again(tmp_path: Path) -> None:
    async with served(f"sqlite:///{tmp_path}/bank.db", patience_s=0.05) as client:
        asked = await client.get("/accounts/A", params={"after": 99})
    assert (asked.status_code, asked.headers["Retry-After"]) == (503, "1")
    assert "had reached position 1" in asked.json()["detail"]


async def test_rows_that_nobody_follows_for_are_not_to_be_had_at_all(tmp_path: Path) -> None:
    async with served(f"sqlite:///{tmp_path}/bank.db", workers=False) as client:
        asked = await client.get("/accounts/A", params={"after": 1})
    assert (asked.status_code, asked.headers.get("Retry-After")) == (503, None)
    assert "leftfold work" in asked.json()["detail"]


async def test_rows_may_be_followed_by_another_process(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/bank.db"
    async with served(store, workers=False) as client, app(store):
        made = await client.post("/accounts/A/deposits", json={"cents": 500})
        asked = await client.get("/accounts/A", params={"after": made.headers["Leftfold-Position"]})
    assert (asked.status_code, asked.json()["cents"]) == (200, 500)


async def test_a_store_that_is_held_may_be_tried_again_and_where_it_is_is_nobodys_business(tmp_path: Path) -> None:
    async with served(f"sqlite:///{tmp_path}/bank.db?deadline_s=0.1", workers=False) as client:
        with closing(sqlite3.connect(tmp_path / "bank.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            refused = await client.post("/accounts/A/deposits", json={"cents": 5})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert str(tmp_path) not in refused.text
        assert (await client.post("/accounts/A/deposits", json={"cents": 5})).json()["cents"] == 5
