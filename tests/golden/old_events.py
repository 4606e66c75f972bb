"""What releases before today's have stored, byte for byte, and how it is written down for ever.

`python -m tests.golden.old_events` writes the databases of the newest schema version anew. Run it only on purpose, and
read what has changed: what a release has stored, no later one writes otherwise.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from leftfold.domain.state import state_codec
from leftfold.store import Snapshot, SnapshotKey, StoredEvent, digest_of
from leftfold.testing.conformance.stores import FullStore
from tests.golden.accounts import Account
from tests.golden.reading import Answers, answers, app_on, checks, dropping, text_of_answers
from tests.golden.stores import HERE, WRITERS, text_of

__all__ = ["EVENTS", "TODAY", "dumps", "restored_sqlite"]

EVENTS: Final = HERE / "old_events.json"
"""The events in each of the databases."""

TODAY: Final = HERE / "old_events_today.json"
"""What the code of today reads in each of them, see `Answers`."""

_START: Final = datetime(2024, 1, 1, 12, 0, 0, 1, tzinfo=UTC)


class _Old(NamedTuple):
    """An event of the golden log.

    Args:
        day: of January 2024 that it was recorded on.
        happened: the day it happened on, where it was told late.
    """

    stream: str
    type: str
    schema_version: int
    data: str
    day: int
    happened: int | None = None


_LOG: Final = (
    _Old("account-Zoë", "AccountOpened", 1, r'{"owner":"Zo\u00eb 尺"}', 1),
    _Old("account-B", "AccountOpened", 1, '{"owner":"Bob"}', 1),
    _Old("account-Zoë", "Deposited", 1, '{ "teller" : "T1",  "amount" : "100.50" }', 2),
    _Old("account-Zoë", "PaidIn", 1, '{"cents":5050}', 3),
    _Old("account-B", "Deposited", 2, '{"amount":"20","teller":"","currency":"USD"}', 3),
    _Old("account-Zoë", "StatementPrinted", 1, '{"pages":2}', 4),
    _Old("account-Zoë", "MovedOut", 1, '{"amount":"30.25","fee":"0.75"}', 5),
    _Old("account-B", "MovedOut", 1, '{"amount":"5","fee":"1"}', 5),
    _Old("account-C", "AccountOpened", 2, '{"owner":"Cho","currency":"JPY"}', 6),
    _Old("account-C", "PaidIn", 1, '{"cents":70000}', 6),
    _Old("account-C", "Withdrawn", 1, '{"amount":"1E+2"}', 7),
    _Old("account-Zoë", "Deposited", 1, '{"amount":"9.00","teller":"T2"}', 8, happened=2),
    _Old("account-D", "AccountOpened", 1, '{"owner":"Dan"}', 8),
    _Old("account-D", "PaidIn", 1, '{"cents":1250}', 9),
    _Old("account-D", "Deposited", 3, '{"value":"1.00","currency":"EUR"}', 10),
    _Old("account-E", "StatementPrinted", 1, '{"pages":1}', 10),
    _Old("account-Zoë", "Withdrawn", 2, '{"value":"10"}', 11),
    _Old("account-B", "Withdrawn", 1, '{"amount":"2"}', 11, happened=4),
    _Old("account-C", "MovedOut", 1, '{"amount":"0","fee":"0.5"}', 12),
    _Old("account-D", "StatementPrinted", 1, '{"pages":9}', 12),
)


def dumps(kind: str) -> list[Path]:
    """The databases of a kind of store, oldest schema version first."""
    return sorted(HERE.glob(f"{kind}_*_old_events.sql"), key=lambda path: int(path.stem.split("_")[1]))


def _stored() -> list[StoredEvent]:
    versions: dict[str, int] = {}
    stored: list[StoredEvent] = []
    for position, old in enumerate(_LOG, start=1):
        versions[old.stream] = versions.get(old.stream, 0) + 1
        recorded_at = _START + timedelta(days=old.day - 1)
        stored.append(
            StoredEvent(
                position=position,
                stream=old.stream,
                version=versions[old.stream],
                id=UUID(int=(0x018C << 112) | (7 << 76) | (1 << 63) | position),
                type=old.type,
                schema_version=old.schema_version,
                data=old.data.encode(),
                metadata=b'{"actor":"golden"}',
                occurred_at=recorded_at if old.happened is None else _START + timedelta(days=old.happened - 1),
                recorded_at=recorded_at,
                tags=("late",) if old.happened else (),
            )
        )
    return stored


def _folded_before() -> type[Account]:
    """The account as it was before its fold changed: in the same place, one version earlier."""

    class Before(Account, category="account", snapshot_every=4):
        __module__ = Account.__module__
        __qualname__ = Account.__qualname__

    return Before


def _snapshots() -> list[Snapshot]:
    """One of the fold before, a damaged one, one of cents that were taken for euros, and one that is sound."""
    today, before = state_codec(Account).fingerprint, state_codec(_folded_before()).fingerprint
    whole = _snapshot("C", today, 3, '"600.00","entries":["700.00","-1E+2"],"owner":"Cho (JPY)"')
    entries = '["100.50","50.50","-30.25","-0.75"]'
    return [
        _snapshot("B", before, 3, '"15","entries":["20","-5"],"fees":"1","owner":"Bob (EUR)"'),
        replace(whole, state=whole.state.replace(b"600", b"900")),
        _snapshot("D", today, 3, '"1251.00","entries":["1250","1.00"],"owner":"Dan (EUR)"'),
        _snapshot("Zoë", today, 5, f'"120.00","entries":{entries},"fees":"0.75","owner":"Zoë 尺 (EUR)"'),
    ]


def _snapshot(id: str, fingerprint: str, version: int, balance_and_more: str) -> Snapshot:
    key, state = SnapshotKey(f"account-{id}", fingerprint, version), f'{{"balance":{balance_and_more}}}'.encode()
    return Snapshot(key, state, digest_of(key, state))


async def _fill(store: FullStore) -> None:
    await store.restore(_stored())
    for snapshot in _snapshots():
        await store.save_snapshot(snapshot)


def restored_sqlite(dump: Path, directory: Path) -> str:
    """Make the SQLite file that was dumped, `golden.db` in *directory*, and return its URL."""
    connection = sqlite3.connect(directory / "golden.db")
    connection.executescript(dump.read_text())
    connection.close()
    return f"sqlite:///{directory}/golden.db"


async def _answers(store: str) -> Answers:
    async with app_on(store) as app:
        return await answers(app)


def _write() -> None:
    for stem, write in WRITERS.items():
        EVENTS.write_text(text_of(write(f"{stem}_old_events", _fill)))
    with tempfile.TemporaryDirectory() as directory:
        store = restored_sqlite(dumps("sqlite")[-1], Path(directory))
        found = checks(store) | {"verify --snapshots --drop": dropping(store)}
        TODAY.write_text(text_of_answers(found | asyncio.run(_answers(store))))


if __name__ == "__main__":
    _write()
