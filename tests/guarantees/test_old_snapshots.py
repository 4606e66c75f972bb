"""G1 on PostgreSQL: a transaction that looks at an older state of the log cannot append on the strength of it."""

from __future__ import annotations

from typing import Literal

import pytest

from leftfold.adapters.postgres import PostgresLocation, append_within
from leftfold.errors import LeftfoldError
from leftfold.store import AppendCondition, QueryItem, ToStream
from leftfold.testing.conformance.stores import event, log_of
from tests.guarantees.places import connect_postgres, open_place

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("isolation", ["read_committed", "repeatable_read", "serializable"])
async def test_a_transaction_that_began_before_a_seat_was_booked_cannot_book_it_again(
    store_url: str, isolation: Literal["read_committed", "repeatable_read", "serializable"]
) -> None:
    schema = PostgresLocation.parse(store_url).schema
    free = AppendCondition(none_of=(QueryItem(tags=frozenset({"seat:1"})),))
    store = await open_place(store_url)
    own = await connect_postgres(store_url)
    transaction = own.transaction(isolation=isolation)
    await transaction.start()
    assert await own.fetchval(f'select count(*) from "{schema}".events') == 0
    await store.append(ToStream("hall-1", 0, [event(tags=["seat:1"])]), condition=free)
    try:
        await append_within(own, ToStream("hall-2", 0, [event(tags=["seat:1"])]), condition=free, schema=schema)
        await transaction.commit()
    except LeftfoldError:
        await transaction.rollback()
    await own.close()
    assert [booked.stream for booked in await log_of(store)] == ["hall-1"]
    await store.close()
