"""Events go in many at a time, but no statement is left with much of them: it keeps what it was handed last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from leftfold.store import NewEvent, ToStream
from tests.adapters.sqlite.opened import event, opened, traced, url_of


def _events(count: int, *, length: int, alike: bool) -> list[NewEvent]:
    data = b'"%s"' % (b"x" * length)
    return [replace(event(), data=data, metadata=b'{"n":%d}' % (0 if alike else n)) for n in range(count)]


def _inserts(statements: Sequence[str]) -> int:
    return sum(statement.startswith("insert or fail into events") for statement in statements)


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize(("length", "inserts"), [(10, 1), (10_000, 64)])
async def test_large_events_go_in_one_at_a_time(tmp_path: Path, length: int, inserts: int, *, alike: bool) -> None:
    given = _events(64, length=length, alike=alike)
    async with opened(url_of(tmp_path / "a.db")) as store, opened(url_of(tmp_path / "b.db")) as other:
        statements = traced(store), traced(other)
        await store.append(ToStream("a-1", 0, given))
        stored = await store.read_stream("a-1")
        await other.restore(stored)
        assert [_inserts(each) for each in statements] == [inserts, inserts]
        assert [(one.position, one.version) for one in stored] == [(n, n) for n in range(1, 65)]
        assert [(one.id, one.data, one.metadata) for one in stored] == [(e.id, e.data, e.metadata) for e in given]
        assert await other.read_stream("a-1") == stored
