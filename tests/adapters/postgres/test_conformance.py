"""The PostgreSQL store keeps every law of the port, in each of its settings."""

from __future__ import annotations

import pytest

from leftfold.adapters.postgres import PostgresStore, open_postgres
from leftfold.testing.conformance import Opener, StoreConformance, check_against_reference


@pytest.fixture(params=["", "&pool=1"])
def opener(request: pytest.FixtureRequest, store_url: str) -> Opener:
    async def open_one() -> PostgresStore:
        return await open_postgres(store_url + str(request.param))

    return open_one


class TestPostgres(StoreConformance):
    pass


@pytest.mark.parametrize("examples", [12, pytest.param(200, marks=pytest.mark.long)])
def test_any_sequence_of_operations_agrees_with_the_reference(opener: Opener, examples: int) -> None:
    check_against_reference(opener, examples=examples)
