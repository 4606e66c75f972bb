"""The bank behind HTTP, asked as a program on the other side would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from examples.web.fastapi_bank import create


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncClient]:
    web = create(f"sqlite:///{tmp_path}/bank.db")
    transport = ASGITransport(web)
    async with web.router.lifespan_context(web), AsyncClient(transport=transport, base_url="http://bank") as client:
        assert (await client.post("/accounts", json={"account": "A", "owner": "ann"})).status_code == 201
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
