"""A small store of the newest schema version, and how it is written down for ever.

`python -m tests.golden.stores sqlite` and `... postgres` write the files of this schema version; run it once, when the
version is released, and never again: what is here shows that every later version still opens what an old one wrote.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from leftfold.adapters.postgres import open_postgres
from leftfold.adapters.postgres.migrations import MIGRATIONS as POSTGRES_MIGRATIONS
from leftfold.adapters.sqlite import open_sqlite
from leftfold.adapters.sqlite.schema import APPLICATION_ID
from leftfold.adapters.sqlite.schema import MIGRATIONS as SQLITE_MIGRATIONS
from leftfold.store import (
    Begin,
    Expected,
    Hold,
    NewEvent,
    Revise,
    Snapshot,
    SnapshotKey,
    StoredEvent,
    ToStream,
    Transaction,
)
from leftfold.testing import ManualClock
from leftfold.testing.conformance.stores import FullStore
from leftfold.testing.postgres import find_binaries, postgres_server

__all__ = [
    "HERE",
    "SNAPSHOTS",
    "SNAPSHOTS_SINCE",
    "WORK",
    "WORK_SINCE",
    "WRITERS",
    "Fill",
    "events_in",
    "repeatable",
    "text_of",
]

Fill: TypeAlias = Callable[[FullStore], Awaitable[None]]
"""Puts into an empty store what its golden database is to hold."""

HERE: Final = Path(__file__).parent
_EVENTS: Final = (
    ("account-1", "Opened", 1, b'{"owner":"Zo\xc3\xab \xe5\xb0\xba","limit":1e2}', ("owner:1", "kind:private")),
    ("account-1", "Deposited", 2, b'{ "amount" : "100.50" , "n":-0 }', ()),
    ("conto-\u00fc", "Opened", 1, b'{"owner":"\\u00e9 \\"\\\\ \'","b":1,"a":2,"b":3}', ("owner:1",)),
    ("account-1", "Withdrawn", 2, b"null", ("owner:1", "large")),
    ("\u8ba2\u5355-7", "Placed", 7, b'["123456789012345678901234567890.000000000000000001"]', ()),
)

SNAPSHOTS_SINCE: Final = 2
"""The first schema version that keeps snapshots."""

SNAPSHOTS: Final = (
    Snapshot(
        SnapshotKey("account-1", "6f1d2c", 2),
        b'{"owner":"Zo\xc3\xab \xe5\xb0\xba","limit":1e2,"b":1,"a":-0}',
        "4d81caf376f9bf53ec42a5398b14357a",
    ),
    Snapshot(SnapshotKey("account-1", "6f1d2c", 3), b'{ "balance" : "100.50" }', "2b1d26da9048d25a187db87b723b5137"),
    Snapshot(SnapshotKey("\u8ba2\u5355-7", "older", 1), b"null", "3055bc184b60b8361a293ab6835de1d5"),
)
"""The golden snapshots, ordered by their keys."""

WORK_SINCE: Final = 4
"""The first schema version that keeps work."""

_WORK_STATE: Final = b'{"b":1, "a" : 1.0e2,"b":12345678901234567890, "\xc3\xbc":"\\u0041"}'
WORK: Final = (
    Begin(
        id="held",
        queue="saga:Transfer:1",
        status="running",
        state=b'{ "step" : "reserve" }',
        wake=Hold("worker-\u00fc", 15.0),
    ),
    Begin(id="never", queue="process:Order:2", status="done", state=_WORK_STATE, wake=None),
    Begin(
        id="\u8ba2\u5355-7",
        queue="saga:Transfer:1",
        status="waiting",
        state=b"{}",
        wake=datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-5, minutes=-30))),
    ),
)
"""The golden work, ordered by ids; `never` was revised once, and so has token 2."""


def repeatable(number: int) -> ToStream:
    """The append of one of the golden events, as it was first sent; it can be sent again."""
    stream, type_, schema_version, data, tags = _EVENTS[number]
    return ToStream(
        stream,
        Expected.ANY,
        [
            NewEvent(
                id=UUID(int=(0x01A2 << 112) | (7 << 76) | (1 << 63) | (number + 1)),
                type=type_,
                schema_version=schema_version,
                data=data,
                metadata=b'{"actor":"golden","note":"\xc3\xbc"}',
                tags=tags,
                occurred_at=_occurred_at(number),
            )
        ],
    )


def _occurred_at(number: int) -> datetime | None:
    if number % 2:
        return None
    return datetime(1993, 1, 1, 23, 59, 59, number + 1, tzinfo=timezone(timedelta(hours=5, minutes=30)))


def text_of(events: Sequence[StoredEvent]) -> str:
    """Events as JSON that a person can read, one a line."""
    lines = [
        msgspec.json.encode(
            msgspec.to_builtins(event) | {"data": event.data.decode(), "metadata": event.metadata.decode()}
        ).decode()
        for event in events
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def events_in(path: Path) -> list[StoredEvent]:
    """The events of such a file."""
    found = msgspec.json.decode(path.read_bytes(), type=list[dict[str, object]])
    for event in found:
        event["data"] = str(event["data"]).encode()
        event["metadata"] = str(event["metadata"]).encode()
    return [msgspec.convert(event, StoredEvent, builtin_types=(bytes,)) for event in found]


async def _fill(store: FullStore) -> None:
    for number in range(len(_EVENTS)):
        await store.append(repeatable(number))
    for snapshot in SNAPSHOTS:
        await store.save_snapshot(snapshot)
    never = WORK[1]
    revised = Revise(id=never.id, token=1, status=never.status, state=never.state, wake=never.wake)
    await store.transact(Transaction(writes=[*WORK, revised]))


async def _filled(store: FullStore, fill: Fill) -> Sequence[StoredEvent]:
    await fill(store)
    events = (await store.read_log()).events
    await store.close()
    return events


def _write_sqlite(name: str, fill: Fill) -> Sequence[StoredEvent]:
    """Write a golden SQLite file of the newest schema version, and return the events in it."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "store.db"

        async def filled() -> Sequence[StoredEvent]:
            clock = ManualClock(datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC))
            return await _filled(await open_sqlite(f"sqlite:///{path}", clock=clock), fill)

        events = asyncio.run(filled())
        connection = sqlite3.connect(path)
        dump = "\n".join([f"PRAGMA application_id = {APPLICATION_ID};", *connection.iterdump(), ""])
        connection.close()
    (HERE / f"{name}.sql").write_text(dump)
    return events


def _write_postgres(name: str, fill: Fill) -> Sequence[StoredEvent]:
    """Write a golden PostgreSQL schema of the newest schema version, and return the events in it."""
    with postgres_server() as server:
        url = server.create_database("golden")

        async def filled() -> Sequence[StoredEvent]:
            return await _filled(await open_postgres(url, migrate=True), fill)

        events = asyncio.run(filled())
        command = [str(find_binaries() / "pg_dump"), "--inserts", "--no-owner", "--schema=leftfold", url]
        dump = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    # What only the newest servers and clients understand, and has nothing to do with the store.
    passing = ("\\restrict", "\\unrestrict", "SET transaction_timeout", "-- Dumped")
    lines = [line for line in dump.splitlines(keepends=True) if not line.startswith(passing)]
    (HERE / f"{name}.sql").write_text("".join(lines))
    return events


WRITERS: Final = {
    f"sqlite_{SQLITE_MIGRATIONS[-1].version}": _write_sqlite,
    f"postgres_{POSTGRES_MIGRATIONS[-1].version}": _write_postgres,
}
"""What writes the golden database of each kind of store, by the name of its files."""

if __name__ == "__main__":
    for stem, write in WRITERS.items():
        if not sys.argv[1:] or stem.partition("_")[0] in sys.argv:
            (HERE / f"{stem}.json").write_text(text_of(write(stem, _fill)))
