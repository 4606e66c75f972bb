"""The bank behind HTTP, asked as a program on the other side would."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

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
