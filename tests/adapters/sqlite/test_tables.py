"""Rows in the file: what anybody sees of them with plain SQL, and what is left when they are gone."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteLocation, SqliteStore, tables
from leftfold.adapters.sqlite.layout import Layout
from leftfold.adapters.sqlite.registry import find
from leftfold.adapters.sqlite.schema import connect, install, prepare
from leftfold.clock import SystemClock
from leftfold.errors import InvalidInput, ShardMismatch, StoreBusy, TableMismatch
from leftfold.store.tables import Column, ColumnType, Compare, Selection, Table, Where
from leftfold.store.transaction import Delete, Point, Put
from tests.adapters.sqlite.opened import connected, opened, url_of
from tests.adapters.sqlite.tabled import ACCOUNTS, NOTES, active, write
from tests.adapters.sqlite.test_busy import held


def _names(path: Path) -> set[str]:
    with connected(path) as anybody:
        return {
            name for (name,) in anybody.execute("select name from sqlite_schema where name like '%!_!_1!_%' escape '!'")
        }


def _noted(*texts: str) -> dict[str, bytes]:
    return {str(n): json.dumps({"text": text}).encode() for n, text in enumerate(texts)}


async def test_a_view_shows_key_and_columns_to_whoever_opens_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    full = {
        "owner": "Ann",
        "balance": "10.50",
        "visits": 3,
        "rate": 2,
        "open": True,
        "opened_at": "2026-06-01T01:02:03.5+05:30",
        "born": "1990-02-28",
        "id": "01A20FAA-F7C8-7073-8CEB-DE87E3C48402",
        "tags": ["red", {"a": 1}],
        "more": "not a column",
    }
    async with opened(url_of(path)) as store:
        await active(store, ACCOUNTS, view="accounts_now")
        rows = {"a": json.dumps(full).encode(), "b": b'{"owner":null,"tags":null,"opened_at":"0999-01-01T00:00:00Z"}'}
        await write(store, Put(table=ACCOUNTS, rows=rows))
        with connected(path) as anybody:
            shown = anybody.execute("select * from accounts_now order by key")
            assert [column[0] for column in shown.description] == ["key", *(column.name for column in ACCOUNTS.columns)]
            assert shown.fetchall() == [
                (
                    *("a", "Ann", 10.5, 3, 2.0, 1, "2026-05-31T19:32:03.500000Z", "1990-02-28"),
                    *("01a20faa-f7c8-7073-8ceb-de87e3c48402", '["red", {"a": 1}]'),
                ),
                ("b", None, None, None, None, None, "0999-01-01T00:00:00.000000Z", None, None, None),
            ]
            assert anybody.execute("select owner from accounts_now where opened_at > '2026-05-31'").fetchall() == [
                ("Ann",)
            ]


async def test_a_view_follows_the_active_generation(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, NOTES, view="notes_now")
        await store.prepare(NOTES, 2)
        await write(store, Put(table=NOTES, rows=_noted("old")))
        await write(store, Put(table=NOTES, rows=_noted("new"), generation=2))
        with connected(path) as anybody:
            anybody.execute("begin")
            assert anybody.execute("select text from notes_now").fetchall() == [("old",)]
            await write(store, Point(table=NOTES, generation=2, view="notes_now"))
            await store.discard(NOTES, 1)
            assert anybody.execute("select text from notes_now").fetchall() == [("old",)]
            anybody.execute("rollback")
            assert anybody.execute("select text from notes_now").fetchall() == [("new",)]


@pytest.mark.parametrize("made", ["create table Taken (a)", "create index TAKEN on meta (value)"])
async def test_a_view_takes_no_other_thing_s_name_and_nothing_is_pointed_at_then(tmp_path: Path, made: str) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.prepare(NOTES)
        with connected(path) as anybody:
            anybody.execute(made)
        other = asyncio.ensure_future(store.claim("a", "me", 1.0))
        with pytest.raises(InvalidInput, match="something else called 'taken'"):
            await write(store, Point(table=NOTES, generation=1, view="taken"))
        assert await store.generation(NOTES) == 0
        assert await other is not None


async def test_what_is_discarded_leaves_nothing_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, ACCOUNTS, NOTES)
        before = _names(path)
        for table in (ACCOUNTS, NOTES):
            await store.prepare(table, 2)
        assert len(_names(path)) > len(before)
        for table in (ACCOUNTS, NOTES):
            await store.discard(table, 2)
        assert _names(path) == before


async def test_what_is_removed_leaves_nothing_in_the_file_and_what_others_made_there(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        before = _names(path)
        for table in (ACCOUNTS, NOTES):
            await active(store, table)
            await store.prepare(table, 2)
            await write(store, Point(table=table, generation=2, view=f"{table.name}_shown"))
        with connected(path) as anybody:
            anybody.execute(f"create table {NOTES.name}__1_10 (a)")
            anybody.execute(f"create view mine as select a from {NOTES.name}__1_10")
        for table in (ACCOUNTS, NOTES):
            assert await store.remove(Table(name=table.name)) == 2
        assert _names(path) - before == {f"{NOTES.name}__1_10"}
        with connected(path) as anybody:
            views = anybody.execute("select name from sqlite_schema where type = 'view' order by name").fetchall()
        assert views == [("log",), ("mine",)]


async def test_a_generation_that_is_dropped_by_another_while_it_is_read_is_read_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, NOTES)
        await write(store, Put(table=NOTES, rows=_noted("old")))

        def found(cursor: sqlite3.Cursor, table: Table, generation: int | None) -> Layout:
            layout = find(cursor, table, generation)
            with connected(path) as anybody:
                anybody.execute(f"drop table {layout.name}")
            return layout

        monkeypatch.setattr(tables, "find", found)
        assert await store.get(NOTES, ["0"]) == _noted("old")


async def test_a_table_of_another_shape_is_refused_before_its_columns_are_missed(tmp_path: Path) -> None:
    changed = Table(name="notes", columns=(Column("title", ColumnType.TEXT),))
    async with opened(url_of(tmp_path / "store.db")) as store:
        await active(store, NOTES)
        for attempt in (
            store.prepare(changed, 2),
            store.get(changed, ["a"]),
            store.select(changed, Selection(where=(Where("title", Compare.EQUAL, "a"),))),
            write(store, Put(table=changed, rows={"a": b"{}"})),
        ):
            with pytest.raises(TableMismatch):
                await attempt


@pytest.mark.parametrize("count", [1, 49, 50, 51, 120])
async def test_one_row_of_another_shard_among_many_is_found(tmp_path: Path, count: int) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await active(store, NOTES)
        rows = _noted(*(f"text {n}" for n in range(count)))
        await write(store, Put(table=NOTES, rows=rows, shard=1))
        await write(store, Put(table=NOTES, rows=rows, shard=1))
        await write(store, Delete(table=NOTES, keys=["0"]), Put(table=NOTES, rows=_noted("mine"), shard=2))
        with pytest.raises(ShardMismatch):
            await write(store, Put(table=NOTES, rows=_noted(*["changed"] * count), shard=1))
        assert len(await store.search(NOTES, "text", Selection(limit=500))) == count - 1
        assert list(await store.search(NOTES, "changed", Selection())) == []
        assert len(await store.scan(NOTES)) == count


async def test_a_table_with_very_many_columns_is_written(tmp_path: Path) -> None:
    wide = Table(name="wide", columns=tuple(Column(f"c{n}", ColumnType.INTEGER) for n in range(700)))
    rows = {str(n): json.dumps({f"c{n}": n}).encode() for n in range(120)}
    location = SqliteLocation(path=tmp_path / "store.db")
    connection = connect(location)
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)  # what SQLite allows unless it is built otherwise
    prepare(connection, location)
    install(connection)
    store = SqliteStore(connection, location, SystemClock())
    await active(store, wide)
    await write(store, Put(table=wide, rows=rows))
    assert await store.select(wide, Selection(where=(Where("c99", Compare.EQUAL, 99),))) == [rows["99"]]
    await store.close()


async def test_words_are_found_after_the_file_was_vacuumed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, NOTES)
        await write(store, Put(table=NOTES, rows=_noted("one", "two", "three")), Delete(table=NOTES, keys=["0"]))
    with connected(path) as anybody:
        anybody.execute("vacuum")
        assert anybody.execute("select c0 from notes__1_1_search order by 1").fetchall() == [("three",), ("two",)]
    async with opened(url_of(path)) as store:
        await write(store, Put(table=NOTES, rows={"9": b'{"text":"three too"}'}))
        assert [found.key for found in await store.search(NOTES, "two", Selection())] == ["1"]
        assert sorted(found.key for found in await store.search(NOTES, "three", Selection())) == ["2", "9"]


_ODD = [
    *(
        '"',
        '""',
        "' or 1=1 --",
        "text:",
        "{text}: a",
        "NEAR(a b, 5)",
        "a AND NOT b",
        "^a",
        "a + b",
        "*",
        "a * b",
        "a**",
    ),
    *(
        "\x01\x1f",
        "ß",
        "ŉ",
        "İ",
        "ﬁ",
        "①²",
        "क्ष",
        "日本語*",
        "🚀",
        "𐐀",
        "\u0301",
        "﷽",
        "_",
        "%",
        "a\u0301b",
        "\U0001e900",
    ),
]


@pytest.mark.parametrize("text", _ODD)
async def test_any_text_can_be_searched_for_and_one_with_words_finds_itself(tmp_path: Path, text: str) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await active(store, NOTES)
        await write(store, Put(table=NOTES, rows=_noted("zzz", text, "yyy")))
        found = [found.key for found in await store.search(NOTES, text, Selection())]
        assert found == (["1"] if any(character.isalnum() for character in text) else [])


async def test_words_that_a_tokenizer_of_sqlite_would_take_for_one_are_two(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await active(store, NOTES)
        await write(store, Put(table=NOTES, rows=_noted("cafe", "caf\u00e9")))
        assert [found.key for found in await store.search(NOTES, "CAFE", Selection())] == ["0"]
        assert [found.key for found in await store.search(NOTES, "CAF\u00c9", Selection())] == ["1"]


async def test_what_no_text_in_a_file_can_hold_only_separates_words(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await active(store, NOTES)
        await write(store, Put(table=NOTES, rows=_noted("a b")))
        for text in ("a\x00b", "\ud83da b\udfff"):
            assert [found.key for found in await store.search(NOTES, text, Selection())] == ["0"]


async def test_preparing_waits_for_a_busy_file_and_gives_up_with_nothing_made(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path, deadline_s=0.2)) as store:
        with held(path) as holder:
            with pytest.raises(StoreBusy):
                await store.prepare(NOTES)
            assert await store.generation(NOTES) == 0
            holder.release()
        await active(store, NOTES)
        assert await store.generation(NOTES) == 1


async def test_reading_rows_leaves_no_statement_open(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, NOTES)
        await write(store, Put(table=NOTES, rows=_noted(*["some text"] * 9)))
        await store.get(NOTES, ["1", "2"])
        await store.select(NOTES, Selection(limit=2))
        await store.scan(NOTES, limit=2)
        await store.search(NOTES, "text", Selection(limit=2))
        await store.claim("p", "me", 1.0)
        await store.checkpoints()
        await store.reached("p", 1, 0.0)
        with connected(path) as anybody:
            assert anybody.execute("pragma wal_checkpoint(truncate)").fetchone()[0] == 0, "a statement was left open"
