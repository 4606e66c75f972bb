"""Laws of generations: tables are built beside one another, and one step makes another the active one for everybody."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from leftfold.errors import InvalidInput, NotAtHead, TableMismatch, TableMissing
from leftfold.store.events import StoredEvent, ToStream
from leftfold.store.port import Store
from leftfold.store.tables import Column, ColumnType, Selection, Table
from leftfold.store.transaction import Delete, Insert, Point, Put, Rest, RowWrite, Transaction
from leftfold.testing.conformance.ledger import (
    BOOKS,
    COUNTS,
    Refused,
    active,
    adding,
    all_rows,
    count_of,
    counted,
    put,
    row,
    write,
)
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, events, opened

__all__ = ["GenerationLaws"]

_TEXT = Column("a", ColumnType.TEXT)
_BAD_NAMES = ["", "A", "ä", "1a", "a-b", "a b", 'a"b', "a;b", "a\x00", "x" * 41]


def _point(
    generation: int,
    *,
    table: Table = COUNTS,
    view: str | None = None,
    at_head: int | None = None,
    rest: Rest | None = None,
) -> Point:
    return Point(table=table, generation=generation, view=view, at_head=at_head, rest=rest)


def _counting(
    generation: int = 2,
    *,
    limit: int = 500,
    keys: BaseException | None = None,
    project: BaseException | None = None,
) -> Rest:
    """Counts the events of each stream under its name; or raises in one of its functions."""

    def streams(found: Sequence[StoredEvent]) -> Sequence[str]:
        if keys is not None:
            raise keys
        return [event.stream for event in found]

    def count(found: Sequence[StoredEvent], rows: Mapping[str, bytes]) -> Sequence[RowWrite]:
        if project is not None:
            raise project
        assert set(rows) <= set(streams(found)), "it is handed the rows it asked for"
        counts = Counter(streams(found))
        new = {stream: row(count_of(rows.get(stream)) + more) for stream, more in counts.items()}
        return [Put(table=COUNTS, generation=generation, rows=new)]

    return Rest(limit=limit, keys=streams, project=count)


async def _built(store: Store) -> None:
    await active(store, COUNTS)
    await store.prepare(COUNTS, 2)
    await put(store, COUNTS, {"a": row(1)})
    await put(store, COUNTS, {"a": row(2), "b": row(2)}, generation=2)


class GenerationLaws(Laws):
    """What tables promise that are built beside one another."""

    async def test_a_table_can_be_filled_before_it_is_the_active_one(self, store: FullStore) -> None:
        await store.prepare(COUNTS)
        assert await store.generation(COUNTS) == 0
        for attempt in (
            store.get(COUNTS, ["a"]),
            store.select(COUNTS, Selection()),
            store.scan(COUNTS),
            put(store, COUNTS, {"a": row(1)}),
            write(store, Delete(table=COUNTS, keys=["a"])),
            write(store, Insert(table=COUNTS, key="a", row=row(1))),
            store.transact(counted("a-1", adding())),
        ):
            with pytest.raises(TableMissing) as refusal:
                await attempt
            assert (refusal.value.table, refusal.value.version, refusal.value.generation) == ("counts", 1, None)
        assert await store.head() == 0
        await put(store, COUNTS, {"a": row(1)}, generation=1)
        assert await store.get(COUNTS, ["a"], generation=1) == {"a": row(1)}
        await write(store, _point(1))
        assert await store.generation(COUNTS) == 1
        assert await store.get(COUNTS, ["a"]) == {"a": row(1)}

    async def test_a_generation_that_is_not_there_is_missing(self, store: FullStore) -> None:
        await active(store, COUNTS, BOOKS)
        for attempt in (
            store.get(COUNTS, ["a"], generation=2),
            store.select(COUNTS, Selection(), generation=2),
            store.scan(COUNTS, generation=2),
            put(store, COUNTS, {"a": row(1)}, generation=2),
            write(store, Delete(table=COUNTS, keys=["a"], generation=2)),
            write(store, Put(table=COUNTS, rows={"a": row(1)}), _point(2)),
        ):
            with pytest.raises(TableMissing) as refusal:
                await attempt
            assert (refusal.value.table, refusal.value.version, refusal.value.generation) == ("counts", 1, 2)
        with pytest.raises(TableMissing):
            await store.search(BOOKS, "tea", Selection(), generation=2)
        assert await store.generation(COUNTS) == 1
        assert await all_rows(store, COUNTS) == {}

    async def test_generations_have_rows_of_their_own(self, store: FullStore, opener: Opener) -> None:
        await _built(store)
        async with opened(opener) as other:
            for each in (store, other):
                assert await all_rows(each, COUNTS) == await all_rows(each, COUNTS, 1) == {"a": row(1)}
                assert await all_rows(each, COUNTS, 2) == {"a": row(2), "b": row(2)}
            await write(other, _point(2))
            for each in (store, other):
                assert await each.generation(COUNTS) == 2
                assert await all_rows(each, COUNTS) == {"a": row(2), "b": row(2)}
            await put(store, COUNTS, {"a": row(3)})
            await write(store, Delete(table=COUNTS, keys=["a"], generation=1))
            assert await all_rows(other, COUNTS) == {"a": row(3), "b": row(2)}
            assert await all_rows(other, COUNTS, 1) == {}
            await write(store, _point(1))
            assert await other.get(COUNTS, ["a", "b"]) == {}

    async def test_what_follows_a_point_goes_to_the_generation_it_points_at(self, store: FullStore) -> None:
        await _built(store)
        before, after = Put(table=COUNTS, rows={"c": row(1)}), Insert(table=COUNTS, key="c", row=row(2))
        await store.transact(counted("a-1", adding("a"), writes=[before, _point(2), after]))
        assert await all_rows(store, COUNTS, 1) == {"a": row(1), "c": row(1)}
        assert await all_rows(store, COUNTS, 2) == {"a": row(3), "b": row(2), "c": row(2)}

    async def test_writers_and_a_point_never_pass_each_other(self, store: FullStore, opener: Opener) -> None:
        await active(store, COUNTS)
        await store.prepare(COUNTS, 2)
        async with opened(opener) as other:
            adders = [(store, other)[n % 2].transact(counted(f"a-{n}", adding(f"k{n}"))) for n in range(30)]
            putters = [(store, other)[n % 2].transact(Transaction(writes=[Put(table=COUNTS, rows={f"p{n}": row(1)})]))
                       for n in range(30)]  # fmt: skip
            half = [*adders[:15], *putters[:15]]
            await asyncio.gather(*half, write(store, _point(2)), *adders[15:], *putters[15:])
        old, new = await all_rows(store, COUNTS, 1), await all_rows(store, COUNTS, 2)
        assert len(old) + len(new) == len(old | new) == 60
        await put(store, COUNTS, {"last": row(1)})
        assert "last" in await all_rows(store, COUNTS, 2)

    async def test_a_point_at_the_head_is_refused_when_the_log_has_grown(self, store: FullStore) -> None:
        await _built(store)
        await store.append(ToStream("a-1", 0, events(3)))
        for stale in (2, 4, 0):
            with pytest.raises(NotAtHead) as refusal:
                await write(store, Put(table=COUNTS, rows={"x": row(1)}, generation=2), _point(2, at_head=stale))
            assert (refusal.value.expected, refusal.value.head) == (stale, 3)
        assert await store.generation(COUNTS) == 1
        assert "x" not in await all_rows(store, COUNTS, 2)
        await write(store, _point(2, at_head=3))
        assert await store.generation(COUNTS) == 2
        await store.transact(counted("a-1", writes=[_point(1, at_head=4)]))
        assert await store.generation(COUNTS) == 1

    async def test_a_point_takes_in_the_rest_of_the_log_while_nobody_appends(self, store: FullStore) -> None:
        await _built(store)
        await store.append(ToStream("a", 0, events(3)))
        await store.append(ToStream("c", 0, events(1)))
        with pytest.raises(NotAtHead):
            await write(store, _point(2, at_head=1, rest=_counting(limit=2)))
        with pytest.raises(NotAtHead):
            await write(store, _point(2, at_head=5, rest=_counting()))
        assert await all_rows(store, COUNTS, 2) == {"a": row(2), "b": row(2)}
        first = Put(table=COUNTS, generation=2, rows={"c": row(10)})
        await write(store, first, _point(2, at_head=1, rest=_counting(limit=3)))
        assert await store.generation(COUNTS) == 2
        assert await all_rows(store, COUNTS) == {"a": row(4), "b": row(2), "c": row(11)}
        assert await all_rows(store, COUNTS, 1) == {"a": row(1)}
        await store.transact(counted("a", writes=[_point(1, at_head=4, rest=_counting(1))]))
        assert await all_rows(store, COUNTS) == {"a": row(2)}
        await write(store, _point(2, at_head=5, rest=_counting(2)))
        assert await all_rows(store, COUNTS) == {"a": row(4), "b": row(2), "c": row(11)}

    async def test_what_the_rest_raises_refuses_its_transaction_alone(self, store: FullStore) -> None:
        await _built(store)
        await store.append(ToStream("a", 0, events(2)))
        before = Put(table=COUNTS, generation=2, rows={"x": row(1)})
        for error, raised in ((Refused("a"), Refused), (asyncio.CancelledError(), InvalidInput)):
            for rest in (_counting(keys=error), _counting(project=error)):
                refused = write(store, before, _point(2, at_head=1, rest=rest))
                told = await asyncio.gather(refused, store.transact(counted("b", adding("b"))), return_exceptions=True)
                assert isinstance(told[0], raised)
                assert not isinstance(told[1], BaseException)
        assert await store.generation(COUNTS) == 1
        assert await all_rows(store, COUNTS, 2) == {"a": row(2), "b": row(2)}
        assert await all_rows(store, COUNTS) == {"a": row(1), "b": row(4)}

    async def test_a_point_with_a_rest_counts_every_append_of_all_processes_once(
        self, store: FullStore, opener: Opener
    ) -> None:
        await active(store, COUNTS)
        await store.prepare(COUNTS, 2)
        async with opened(opener) as other:
            adders = [(store, other)[n % 2].transact(counted("a", adding("a"))) for n in range(40)]
            await asyncio.gather(*adders[:20], write(store, _point(2, at_head=0, rest=_counting())), *adders[20:])
        assert await all_rows(store, COUNTS, 2) == {"a": row(40)}

    async def test_preparing_again_keeps_what_is_there(self, store: FullStore, opener: Opener) -> None:
        async with opened(opener) as other:
            await asyncio.gather(*((store, other)[n % 2].prepare(BOOKS, 1 + n // 4) for n in range(8)))
            await active(store, BOOKS)
            await put(store, BOOKS, {"a": b'{"title":"tea"}'})
            await asyncio.gather(*((store, other)[n % 2].prepare(BOOKS, 1 + n // 4) for n in range(8)))
            assert await all_rows(other, BOOKS) == {"a": b'{"title":"tea"}'}
            assert await all_rows(other, BOOKS, 2) == {}
            assert await other.generation(BOOKS) == 1

    @pytest.mark.parametrize("changed", ["columns", "type", "indexes", "search"])
    async def test_a_table_of_another_shape_is_refused_and_its_next_version_is_another_table(
        self, store: FullStore, opener: Opener, changed: str
    ) -> None:
        table = Table(name="shaped", columns=(_TEXT, Column("b", ColumnType.TEXT)), indexes=(("a",),), search=("a",))
        other_columns = {"columns": (_TEXT,), "type": (_TEXT, Column("b", ColumnType.INTEGER))}
        mended = Table(
            name="shaped",
            columns=other_columns.get(changed, table.columns),
            indexes=(("a",), ("b",)) if changed == "indexes" else table.indexes,
            search=("a", "b") if changed == "search" else table.search,
        )
        await active(store, table)
        await put(store, table, {"k": b'{"a":"old"}'})
        async with opened(opener) as other:
            for generation in (1, 2):
                with pytest.raises(TableMismatch) as refusal:
                    await other.prepare(mended, generation)
                assert (refusal.value.table, refusal.value.version) == ("shaped", 1)
            await active(other, replace(mended, version=2))
            await put(other, replace(mended, version=2), {"k": b'{"a":"new"}'})
            assert await all_rows(other, table) == {"k": b'{"a":"old"}'}
            assert await all_rows(store, replace(mended, version=2)) == {"k": b'{"a":"new"}'}

    async def test_a_generation_is_discarded_with_its_rows_unless_it_is_active(
        self, store: FullStore, opener: Opener
    ) -> None:
        await _built(store)
        with pytest.raises(InvalidInput):
            await store.discard(COUNTS, 1)
        async with opened(opener) as other:
            assert await all_rows(other, COUNTS, 2) == {"a": row(2), "b": row(2)}
            await store.discard(COUNTS, 2)
            await store.discard(COUNTS, 2)
            await store.discard(BOOKS, 7)
            with pytest.raises(TableMissing):
                await other.get(COUNTS, ["a"], generation=2)
            await other.prepare(COUNTS, 2)
            assert await all_rows(store, COUNTS, 2) == {}
        assert await all_rows(store, COUNTS) == {"a": row(1)}

    async def test_a_table_is_removed_with_every_generation_whatever_its_shape_was(
        self, store: FullStore, opener: Opener
    ) -> None:
        books = replace(BOOKS, version=2)
        await _built(store)
        await active(store, BOOKS, books)
        await put(store, BOOKS, {"a": b'{"title":"tea"}'})
        await put(store, books, {"b": b'{"title":"tee"}'})
        async with opened(opener) as other:
            assert await all_rows(other, BOOKS) == {"a": b'{"title":"tea"}'}
            assert await store.remove(Table(name=COUNTS.name)) == 2
            assert await store.remove(Table(name=BOOKS.name)) == 1
            assert await other.remove(BOOKS) == await other.remove(Table(name="never")) == 0
            for each in (store, other):
                assert await each.generation(COUNTS) == await each.generation(BOOKS) == 0
                with pytest.raises(TableMissing):
                    await each.get(BOOKS, ["a"])
                with pytest.raises(TableMissing):
                    await put(each, COUNTS, {"a": row(1)}, generation=2)
                assert await all_rows(each, books) == {"b": b'{"title":"tee"}'}
            await active(other, COUNTS)
            assert await all_rows(store, COUNTS) == {}

    async def test_what_was_shown_of_a_table_that_is_removed_is_shown_no_more(self, store: FullStore) -> None:
        newer = replace(COUNTS, version=2)
        await store.prepare(COUNTS)
        await store.prepare(newer)
        await write(store, _point(1, view="shown"))
        await write(store, _point(1, table=newer, view="shown"))
        assert await store.remove(COUNTS) == 1
        assert await store.remove(newer) == 1
        await active(store, COUNTS)
        await write(store, _point(1, view="shown"))

    async def test_a_table_of_the_framework_is_active_as_soon_as_it_is_prepared(self, store: FullStore) -> None:
        own, late = Table(name="leftfold_own"), Table(name="leftfold_late")
        await store.prepare(own)
        assert await store.generation(own) == 1
        await put(store, own, {"a": row(1)})
        assert await all_rows(store, own) == {"a": row(1)}
        await store.prepare(late, 2)
        assert await store.generation(late) == 0
        await store.prepare(own, 2)
        await write(store, _point(2, table=own))
        await store.prepare(own)
        assert await store.generation(own) == 2

    async def test_a_name_that_no_database_takes_is_refused(self, store: FullStore) -> None:
        await active(store, COUNTS)
        for name in _BAD_NAMES:
            for attempt in (
                store.prepare(Table(name=name)),
                store.prepare(Table(name="good", columns=(Column(name, ColumnType.TEXT),))),
                write(store, _point(1, view=name)),
            ):
                with pytest.raises(InvalidInput):
                    await attempt
        await write(store, _point(1, view="counts"))
        await write(store, _point(1, view="_" + "x" * 39))
        await active(store, Table(name="x" * 40, version=32_767, columns=(Column("_" + "x" * 39, ColumnType.TEXT),)))

    @pytest.mark.parametrize(
        "table",
        [
            Table(name="t", version=0),
            Table(name="t", columns=(Column("key", ColumnType.TEXT),)),
            Table(name="t", columns=(Column("row", ColumnType.JSON),)),
            Table(name="t", columns=(Column("shard", ColumnType.INTEGER),)),
            Table(name="t", columns=(Column("rowid", ColumnType.INTEGER),)),
            Table(name="t", columns=(Column("xmin", ColumnType.INTEGER),)),
            Table(name="t", columns=(_TEXT, _TEXT)),
            Table(name="t", columns=(_TEXT,), indexes=((),)),
            Table(name="t", columns=(_TEXT,), indexes=(("b",),)),
            Table(name="t", columns=(Column("a", ColumnType.JSON),), indexes=(("a",),)),
            Table(name="t", columns=(_TEXT,), search=("b",)),
            Table(name="t", columns=(Column("a", ColumnType.INTEGER),), search=("a",)),
            Table(name="events"),
            Table(name="t__1_1"),
        ],
        ids=range(14),
    )
    async def test_a_table_that_no_store_can_make_is_refused(self, store: FullStore, table: Table) -> None:
        with pytest.raises(InvalidInput):
            await store.prepare(table)

    async def test_what_no_generation_is_called_is_refused(self, store: FullStore) -> None:
        await active(store, COUNTS)
        for attempt in (
            store.prepare(COUNTS, 0),
            store.prepare(COUNTS, 2**31),
            store.discard(COUNTS, 0),
            store.get(COUNTS, ["a"], generation=-1),
            write(store, _point(0)),
            write(store, _point(1, at_head=-1)),
            write(store, _point(1, rest=_counting())),
            write(store, _point(1, at_head=0, rest=_counting(limit=0))),
            write(store, _point(1, at_head=0, rest=_counting(limit=501))),
            write(store, _point(1, view="events")),
            put(store, COUNTS, {"a": row(1)}, generation=0),
            write(store, Put(table=COUNTS, rows={"a": row(1)}, shard=-1)),
        ):
            with pytest.raises(InvalidInput):
                await attempt
        assert await all_rows(store, COUNTS) == {}
