"""Writes of work whose commit fails as far as the disk tells: each is told what became of it, and is done once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from leftfold.errors import Fenced, KeyTaken, OutcomeUnknown, StoreError
from leftfold.store import KEEP, End, Expected, ToStream
from leftfold.store.transaction import Insert
from leftfold.store.work import WorkWrite
from leftfold.testing.conformance.ledger import COUNTS, active, all_rows, row
from leftfold.testing.conformance.work_ground import all_work, begin, begun, item_of, revise
from tests.adapters.sqlite.opened import connected, event, opened, url_of
from tests.adapters.sqlite.tabled import write

_DONE = type(None)
_CLAIM = "update work set token = token + 1, owner = 'you', changed_at = changed_at + 1"
_END = "delete from work"
_BEGIN = (
    "insert into work select '{}', queue, status, state, 1, null, null, created_at + {}, changed_at from work limit 1"
)

Break = Callable[..., None]


class _Disk:
    """Fails one statement, carried out or not, after others have written."""

    def __init__(self) -> None:
        self.statement = ""
        self.stored = False
        self.meanwhile: Callable[[], None] = lambda: None

    def fails(self, sql: str) -> bool:
        if not self.statement or not sql.startswith(self.statement):
            return False
        self.statement = ""
        return True


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Disk]:
    """What the connections that are opened from now on write to; it has to have failed in the end."""
    broken = _Disk()

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, parameters: Sequence[object] = (), /) -> sqlite3.Cursor:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            fails = broken.fails(sql)
            if not fails or broken.stored:
                super().execute(sql, parameters)
            if fails:
                if self.connection.in_transaction:
                    self.connection.rollback()
                broken.meanwhile()
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise error
            return self

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, parameters: Sequence[object] = (), /) -> sqlite3.Cursor:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            return self.cursor().execute(sql, parameters)

        def cursor(self, *_: object) -> sqlite3.Cursor:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            return super().cursor(Cursor)

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Connection))
    yield broken
    assert broken.statement == ""


def _break(disk: _Disk, path: Path, statement: str, *, stored: bool, others: str = "") -> None:
    def meanwhile() -> None:
        with connected(path) as connection:
            connection.execute(others or "select 1")

    disk.statement, disk.stored, disk.meanwhile = statement, stored, meanwhile


@pytest.mark.parametrize(
    ("stored", "others", "verdict"),
    [
        (True, "", _DONE),
        (False, "", _DONE),
        (False, _CLAIM, Fenced),
        (True, _CLAIM, OutcomeUnknown),
        (True, _END, OutcomeUnknown),
    ],
)
async def test_who_revises_what_may_be_stored_already_is_told_what_can_be_known(
    disk: _Disk, tmp_path: Path, stored: bool, others: str, verdict: type
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        item = await begun(store, "a")
        _break(disk, path, "update work", stored=stored, others=others)
        [outcome] = await asyncio.gather(write(store, revise(item, KEEP)), return_exceptions=True)
        assert type(outcome) is verdict
        if not others:
            now = await item_of(store, "a")
            assert (now.token, now.state) == (2, b'{"n":1}')
            with pytest.raises(Fenced):
                await write(store, revise(item, KEEP))


@pytest.mark.parametrize(
    ("stored", "others", "verdict"),
    [
        (True, "", _DONE),
        (False, "", _DONE),
        (True, f"{_CLAIM} where id = 'b'", _DONE),
        (False, _BEGIN.format("b", -1), KeyTaken),
        (False, _BEGIN.format("b", 10**9), OutcomeUnknown),
    ],
)
async def test_who_begins_what_may_be_stored_already_is_told_what_can_be_known(
    disk: _Disk, tmp_path: Path, stored: bool, others: str, verdict: type
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await begun(store, "a")
        _break(disk, path, "insert into work", stored=stored, others=others)
        [outcome] = await asyncio.gather(write(store, begin("b")), return_exceptions=True)
        assert type(outcome) is verdict
        assert [item.id for item in await all_work(store)] == ["a", "b"]


@pytest.mark.parametrize(("stored", "others", "verdict"), [(True, "", OutcomeUnknown), (False, _CLAIM, Fenced)])
async def test_who_ends_what_may_be_ended_already_is_told_what_can_be_known(
    disk: _Disk, tmp_path: Path, stored: bool, others: str, verdict: type
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await begun(store, "a")
        _break(disk, path, "delete from work", stored=stored, others=others)
        with pytest.raises(verdict):
            await write(store, End(id="a", token=1))


async def test_a_commit_of_many_that_fails_after_it_was_stored_tells_each_the_truth(
    disk: _Disk, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        item, other = await begun(store, "a"), await begun(store, "b")
        several: list[WorkWrite] = [revise(item, KEEP), begin("c")]
        _break(disk, path, "commit", stored=True)
        outcomes = await asyncio.gather(
            write(store, *several),
            write(store, begin("d")),
            write(store, revise(other, KEEP)),
            write(store, begin("b")),
            write(store, begin("d")),
            write(store, begin("e"), begin("d")),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [_DONE, _DONE, _DONE, KeyTaken, KeyTaken, KeyTaken]
        there = [(item.id, item.token) for item in await all_work(store)]
        assert there == [("a", 2), ("b", 2), ("c", 1), ("d", 1)]


async def test_an_append_that_was_stored_by_a_commit_that_failed_is_known_and_its_stream_goes_on(
    disk: _Disk, tmp_path: Path
) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await store.append(ToStream("account-1", 0, [event()]))
        disk.stored, disk.statement = True, "commit"
        written = await store.append(ToStream("account-1", Expected.ANY, [event()]))
        assert (written.repeated, written.versions) == (True, {"account-1": 2})
        written = await store.append(ToStream("account-1", 2, [event()]))
        assert (written.position, written.versions) == (3, {"account-1": 3})


async def test_what_was_restored_by_a_commit_that_failed_is_seen(disk: _Disk, tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store, opened(url_of(tmp_path / "other.db")) as other:
        await store.append(ToStream("account-1", 0, [event()]))
        await other.restore(await store.read_stream("account-1"))
        await other.append(ToStream("account-1", 1, [event()]))
        later = await other.read_stream("account-1", after=1)
        disk.stored, disk.statement = True, "commit"
        with pytest.raises(StoreError):
            await store.restore(later)
        assert (await store.append(ToStream("account-1", 2, [event()]))).position == 3


async def test_a_row_alone_that_was_inserted_by_a_commit_that_failed_is_not_known_again(
    disk: _Disk, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, COUNTS)
        _break(disk, path, "commit", stored=True)
        with pytest.raises(OutcomeUnknown):
            await write(store, Insert(table=COUNTS, key="k", row=row(1)))
        assert await all_rows(store, COUNTS) == {"k": row(1)}
