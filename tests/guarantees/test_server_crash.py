"""G4 on PostgreSQL: what was acknowledged survives a crash of the server, whatever the database's settings say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leftfold.store import StoredEvent, ToStream
from leftfold.testing.conformance.stores import event, log_of
from leftfold.testing.postgres import PostgresServer, postgres_server
from tests.guarantees.places import open_place

pytestmark = pytest.mark.postgres


@pytest.fixture
def lazy(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """A server of its own that would flush a commit long after it told of it."""
    settings = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
    with postgres_server(settings=settings) as server:
        yield server


async def test_every_acknowledged_append_survives_a_crash_of_a_server_that_commits_asynchronously(
    lazy: PostgresServer,
) -> None:
    url = lazy.create_database("crash")
    before: list[StoredEvent] = []
    for crash in range(3):
        store = await open_place(url)
        assert await log_of(store) == before, "an acknowledged append is gone"
        head = len(before)
        for number in range(20):
            appended = await store.append(ToStream(f"crash-{crash}", number, [event()]))
            assert appended.position == head + number + 1
        before = await log_of(store)
        lazy.crash()
        await store.close()
        lazy.start()
    store = await open_place(url)
    assert await log_of(store) == before
    await store.close()
