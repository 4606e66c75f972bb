"""Names are written once and stand for the same stream or tag in every process, whatever was rolled back."""

from __future__ import annotations

from pathlib import Path

import pytest

from leftfold.adapters.sqlite import naming
from leftfold.errors import IdReused, StoreError
from leftfold.store import AppendCondition, QueryItem, ToStream
from leftfold.testing.conformance.stores import log_of
from tests.adapters.sqlite.opened import connected, event, opened, url_of
from tests.copying import copied


async def test_a_number_given_in_an_append_that_was_refused_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store, opened(url_of(path)) as other:
        known = event()
        await store.append(ToStream("a-1", 0, [known]))
        with pytest.raises(IdReused):
            await store.append(ToStream("b-1", 0, [event(tags=("red",)), known]))
        await other.append(ToStream("c-1", 0, [event(tags=("blue",))]))
        await store.append(ToStream("b-1", 0, [event(tags=("red",))]))
        log = await log_of(other)
        assert [(found.stream, found.tags) for found in log] == [("a-1", ()), ("c-1", ("blue",)), ("b-1", ("red",))]
        assert await log_of(store) == log


async def test_names_that_another_process_gave_are_found(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store, opened(url_of(path)) as other:
        for n in range(3):
            await store.append(ToStream(f"a-{n}", 0, [event(tags=(f"tag-{n}",))]))
            await other.append(ToStream(f"a-{n}", 1, [event(tags=(f"tag-{n}", "red"))]))
        assert [found.version for found in await store.read_stream("a-2")] == [1, 2]
        assert await log_of(store) == await log_of(other)
    with connected(path) as anybody:
        assert anybody.execute("select count(*) from names").fetchone() == (7,)


@pytest.mark.parametrize("reads", [False, True])
async def test_a_backup_put_in_the_place_of_the_content_has_names_of_its_own(tmp_path: Path, reads: bool) -> None:
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    async with opened(url_of(path)) as store, opened(url_of(path)) as reader:
        await store.append(ToStream("a-1", 0, [event()]))
        copied(path, copy)
        await store.append(ToStream("b-1", 0, [event(tags=("red",))]))
        assert len(await log_of(reader)) == 2
        copied(copy, path)
        async with opened(url_of(path)) as other:
            await other.append(ToStream("c-1", 0, [event(tags=("blue",))]))
        if reads:
            assert [found.stream for found in await log_of(store)] == ["a-1", "c-1"]
        await store.append(ToStream("b-1", 0, [event(tags=("red",))]))
        log = await log_of(reader)
        assert [(found.stream, found.tags) for found in log] == [("a-1", ()), ("c-1", ("blue",)), ("b-1", ("red",))]
        assert await log_of(store) == log


async def test_more_names_than_are_remembered_are_all_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "_REMEMBERED", 3)
    async with opened(url_of(tmp_path / "store.db")) as store:
        for version in range(2):
            for n in range(8):
                await store.append(ToStream(f"a-{n}", version, [event(tags=(f"tag-{n}", "red"))]))
        log = await log_of(store)
        assert [found.stream for found in log] == [f"a-{n}" for n in range(8)] * 2
        assert [found.tags for found in log] == [("red", f"tag-{n}") for n in range(8)] * 2


async def test_asking_for_a_name_that_nothing_has_writes_none(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    nothing = QueryItem(tags=frozenset({"red"}))
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event()]), condition=AppendCondition(none_of=(nothing,)))
        assert (await store.read_log(match=(nothing,))).events == []
        assert list(await store.read_stream("b-1")) == []
        assert list(await store.read_facts("b-1")) == []
    with connected(path) as anybody:
        assert anybody.execute("select name from names").fetchall() == [("a-1",)]


async def test_a_number_that_stands_for_no_name_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event()]))
    with connected(path) as anybody:
        anybody.execute("drop trigger names_no_delete")
        anybody.execute("delete from names")
    async with opened(url_of(path)) as store:
        with pytest.raises(StoreError, match="the file is damaged: number 1 stands for no name"):
            await store.read_log()


@pytest.mark.parametrize(
    "damage", ["occurred_at = 9223372036854775807", "recorded_at = -1e17", "tags = '[1'", "id = x'00'"]
)
async def test_a_row_that_is_no_event_is_said_so_with_its_position(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event(), event(tags=("red",))]))
    with connected(path) as anybody:
        anybody.execute("pragma ignore_check_constraints = on")
        anybody.execute("drop trigger events_no_update")
        anybody.execute(f"update events set {damage} where position = 2")
    async with opened(url_of(path)) as store:
        assert [found.position for found in await store.read_stream("a-1", upto=1)] == [1]
        with pytest.raises(StoreError, match="the file is damaged: position 2 is no event"):
            await store.read_log()
