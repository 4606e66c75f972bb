"""Laws of selections: columns hold what the rows say, compare exactly, and order with nulls before all values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from leftfold.errors import InvalidQuery
from leftfold.ids import new_id
from leftfold.store.port import Store
from leftfold.store.table_checks import MAX_CHOICES
from leftfold.store.tables import Column, ColumnType, Compare, Selection, Table, Value, Where
from leftfold.testing.conformance.ledger import BOOKS, active, put
from leftfold.testing.conformance.stores import FullStore, Laws

__all__ = ["SelectionLaws"]

_COMPARES: list[tuple[Compare, Callable[[Any, Any], bool]]] = [
    (Compare.EQUAL, eq),
    (Compare.NOT_EQUAL, ne),
    (Compare.LESS, lt),
    (Compare.AT_MOST, le),
    (Compare.MORE, gt),
    (Compare.AT_LEAST, ge),
]
_NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
_VALUES: dict[ColumnType, Sequence[Value]] = {
    ColumnType.TEXT: ["", "10", "9", "A", "B", "a", "ä", "\ufffd", "🚀", "null", "' or 1=1 --"],
    ColumnType.INTEGER: [-(2**63) + 1, -1, 0, 9, 10, 2**53, 2**53 + 1, 2**63 - 1],
    ColumnType.REAL: [-1.5e300, -0.5, 0.0, 0.1, 0.1 + 0.2, 0.3, 2.0, 1e300],
    ColumnType.DECIMAL: [
        Decimal(n) for n in ("-10.5", "-9", "0", "0.10", "0.3", "9", "10", "1234567890123.45", "1E+9")
    ],
    ColumnType.BOOLEAN: [False, True],
    ColumnType.TIME: [
        datetime(1, 1, 1, tzinfo=UTC),
        _NOON,
        _NOON.astimezone(timezone(timedelta(hours=5, minutes=30))),
        _NOON + timedelta(microseconds=1),
        _NOON.astimezone(timezone(timedelta(hours=-9))) + timedelta(microseconds=999_999),
        _NOON.astimezone(timezone(timedelta(hours=14))) + timedelta(seconds=1),
        datetime.max.replace(tzinfo=UTC),
    ],
    ColumnType.DATE: [date.min, date(1993, 12, 31), date(1994, 1, 1), date(2024, 2, 29), date.max],
    ColumnType.UUID: [UUID(int=0), UUID(int=2**127), UUID(int=2**128 - 1), new_id()],
}
_DOCUMENTS: Sequence[object] = ["null", "", 0, False, [], [None], {}]
_KINDS = Table(
    name="kinds",
    columns=(Column("id", ColumnType.TEXT), *(Column(f"a_{kind.value}", kind) for kind in ColumnType)),
    indexes=tuple((f"a_{kind.value}",) for kind in _VALUES),
)


async def _ids(
    store: Store, table: Table, *where: Where, order_by: tuple[str, ...] = (), limit: int = 100, offset: int = 0
) -> list[str]:
    selection = Selection(where=where, order_by=order_by, limit=limit, offset=offset)
    return [str(msgspec.json.decode(row)["id"]) for row in await store.select(table, selection)]


def _books() -> dict[str, bytes]:
    rows: dict[str, dict[str, object]] = {
        "b1": {"title": "Tea", "pages": 10, "tags": ["hot", "green"]},
        "b2": {"title": "Ale", "pages": 9, "tags": ["cold", "hot dog", 'a"b']},
        "b3": {"title": "Tea", "pages": None, "tags": "hot"},
        "b4": {"title": None, "pages": 10, "tags": {"hot": 1}},
        "b5": {"pages": 9, "tags": [["hot"], {"hot": "hot"}, 1, None]},
        "b6": {"title": "ale", "pages": 10},
        "b7": {"title": "Tea", "pages": 9, "tags": None},
    }
    return {key: msgspec.json.encode({"id": key, **row}) for key, row in rows.items()}


class SelectionLaws(Laws):
    """What selecting rows promises."""

    @pytest.mark.parametrize("kind", list(_VALUES), ids=lambda kind: kind.value)
    async def test_a_column_compares_as_its_type_does(self, store: FullStore, kind: ColumnType) -> None:
        await active(store, _KINDS)
        name, values = f"a_{kind.value}", _VALUES[kind]
        ids = [f"{n:02}" for n in range(len(values))]
        rows = {key: msgspec.json.encode({"id": key, name: value}) for key, value in zip(ids, values, strict=True)}
        nulls = {"null": msgspec.json.encode({"id": "null", name: None}), "none": b'{"id":"none"}'}
        await put(store, _KINDS, {**nulls, **rows})
        for value in values:
            for compare, fits in _COMPARES:
                wanted = [key for key, kept in zip(ids, values, strict=True) if fits(kept, value)]
                assert await _ids(store, _KINDS, Where(name, compare, value)) == wanted, (compare, value)
        for some in ((), values[:1], values[::2], values[1:][::-1], (*values, *values)):
            wanted = [key for key, kept in zip(ids, values, strict=True) if kept in some]
            assert await _ids(store, _KINDS, Where(name, Compare.ONE_OF, tuple(some))) == wanted, some
        ordered = sorted(zip(values, ids, strict=True))
        assert await _ids(store, _KINDS, order_by=(name,)) == ["none", "null", *(key for _, key in ordered)]

    async def test_numbers_of_several_kinds_compare_by_what_they_are_worth(self, store: FullStore) -> None:
        await active(store, _KINDS)
        rows = [b'{"id":"0","a_decimal":1.50,"a_real":2}', b'{"id":"1","a_decimal":"2","a_real":1.5}']
        rows += [b'{"id":"2","a_decimal":"0.1e2","a_real":1e1}', b'{"id":"3","a_decimal":-3,"a_real":-3}']
        rows += [b'{"id":"4","a_real":9007199254740993}']  # which a real number cannot tell from the one before
        await put(store, _KINDS, {str(n): content for n, content in enumerate(rows)})
        for name, value, wanted in (
            ("a_decimal", Decimal("1.5"), ["0"]),
            ("a_decimal", Decimal("1.500"), ["0"]),
            ("a_decimal", 2, ["1"]),
            ("a_decimal", 10, ["2"]),
            ("a_decimal", Decimal(-3), ["3"]),
            ("a_real", 2, ["0"]),
            ("a_real", 10, ["2"]),
            ("a_real", 1.5, ["1"]),
            ("a_real", 2**53 + 1, ["4"]),
            ("a_real", 2**53, ["4"]),
        ):
            assert await _ids(store, _KINDS, Where(name, Compare.EQUAL, value)) == wanted, (name, value)
            assert await _ids(store, _KINDS, Where(name, Compare.ONE_OF, (77, value))) == wanted, (name, value)

    async def test_a_row_that_is_put_again_is_found_by_its_new_values_only(self, store: FullStore) -> None:
        await active(store, BOOKS)
        await put(store, BOOKS, {"a": b'{"id":"a","pages":1,"title":"old"}', "b": b'{"id":"b","pages":1}'})
        await put(store, BOOKS, {"a": b'{"id":"a","pages":2}'})
        assert await _ids(store, BOOKS, Where("pages", Compare.EQUAL, 1)) == ["b"]
        assert await _ids(store, BOOKS, Where("pages", Compare.EQUAL, 2)) == ["a"]
        assert await _ids(store, BOOKS, Where("title", Compare.EQUAL, "old")) == []

    async def test_every_condition_holds_and_the_order_is_the_one_that_was_asked_for(self, store: FullStore) -> None:
        await active(store, BOOKS)
        await put(store, BOOKS, _books())
        ten, tea = Where("pages", Compare.EQUAL, 10), Where("title", Compare.EQUAL, "Tea")
        assert await _ids(store, BOOKS, ten) == ["b1", "b4", "b6"]
        assert await _ids(store, BOOKS, ten, tea) == ["b1"]
        assert await _ids(store, BOOKS, Where("title", Compare.NOT_EQUAL, "Tea")) == ["b2", "b6"]
        for order, wanted in (
            ((), "b1 b2 b3 b4 b5 b6 b7"),
            (("title",), "b4 b5 b2 b1 b3 b7 b6"),
            (("-title",), "b6 b1 b3 b7 b2 b4 b5"),
            (("pages", "title"), "b3 b5 b2 b7 b4 b1 b6"),
            (("-pages", "title"), "b4 b1 b6 b5 b2 b7 b3"),
            (("pages", "-title"), "b3 b7 b2 b5 b6 b1 b4"),
            (("-pages", "-key"), "b6 b4 b1 b7 b5 b2 b3"),
            (("-key",), "b7 b6 b5 b4 b3 b2 b1"),
        ):
            assert await _ids(store, BOOKS, order_by=order) == wanted.split(), order
        assert await _ids(store, BOOKS, Where("key", Compare.MORE, "b3"), ten, order_by=("-key",)) == ["b6", "b4"]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100, 2**63 - 1])
    async def test_a_selection_is_read_in_parts(self, store: FullStore, limit: int) -> None:
        await active(store, BOOKS)
        await put(store, BOOKS, _books())
        every = ["b3", "b5", "b2", "b7", "b4", "b1", "b6"]
        for offset in (0, 1, 2, 5, 7, 8, 2**40):
            part = await _ids(store, BOOKS, order_by=("pages", "title"), limit=limit, offset=offset)
            assert part == every[offset:][:limit]

    @pytest.mark.parametrize("kind", list(ColumnType), ids=lambda kind: kind.value)
    async def test_none_is_equal_to_what_is_null_or_missing_and_to_nothing_else(
        self, store: FullStore, kind: ColumnType
    ) -> None:
        await active(store, _KINDS)
        name, values = f"a_{kind.value}", _VALUES.get(kind, _DOCUMENTS)
        rows = {f"{n:02}": msgspec.json.encode({"id": f"{n:02}", name: value}) for n, value in enumerate(values)}
        nulls = {"no": b'{"id":"no"}', "null": b'{"id":"null","%s" : null }' % name.encode()}
        await put(store, _KINDS, {**rows, **nulls})
        null, known = Where(name, Compare.EQUAL, None), Where(name, Compare.NOT_EQUAL, None)
        assert await _ids(store, _KINDS, null) == ["no", "null"]
        assert await _ids(store, _KINDS, known) == list(rows)
        assert await _ids(store, _KINDS, null, known) == []
        assert await _ids(store, _KINDS, null, Where("id", Compare.MORE, "no"), order_by=("-id",)) == ["null"]

    async def test_a_list_in_json_is_asked_whether_it_holds_a_text(self, store: FullStore) -> None:
        await active(store, BOOKS)
        await put(store, BOOKS, _books())
        for text, wanted in (("hot", ["b1"]), ("green", ["b1"]), ("hot dog", ["b2"]), ('a"b', ["b2"])):
            assert await _ids(store, BOOKS, Where("tags", Compare.CONTAINS, text)) == wanted
        for text in ("", "ho", "Hot", "1", "null", "%", '["hot"]'):
            assert await _ids(store, BOOKS, Where("tags", Compare.CONTAINS, text)) == []
        both = Where("tags", Compare.CONTAINS, "hot"), Where("tags", Compare.CONTAINS, "green")
        assert await _ids(store, BOOKS, *both) == ["b1"]

    async def test_a_column_may_be_called_what_sql_calls_something_else(self, store: FullStore) -> None:
        names = ("order", "group", "select", "user", "rank", "table", "values", "_", "index", "default")
        columns = tuple(Column(name, ColumnType.TEXT) for name in (*names, "id"))
        table = Table(name="where", columns=columns, indexes=(names[:2], names[2:]), search=names)
        await active(store, table)
        await put(store, table, {"a": msgspec.json.encode({"id": "a"} | {name: f"x {name}" for name in names})})
        for name in names:
            assert await _ids(store, table, Where(name, Compare.EQUAL, f"x {name}"), order_by=(name,)) == ["a"]
            wanted = 1 if name == "_" else name
            assert len(await store.search(table, f"{wanted} x" if name != "_" else "x", Selection())) == 1

    async def test_a_question_about_rows_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        await active(store, _KINDS)
        for name, value in (
            ("absent", "a"),
            ("shard", 0),
            ("row", "{}"),
            ("id; drop table events", "a"),
            ("a_text", 1),
            ("a_text", "\x00"),
            ("a_text", "\ud800"),
            ("a_integer", "1"),
            ("a_integer", 1.0),
            ("a_integer", True),
            ("a_integer", 2**63),
            ("a_real", "1"),
            ("a_real", float("nan")),
            ("a_decimal", 1.5),
            ("a_decimal", Decimal("Infinity")),
            ("a_boolean", 1),
            ("a_time", date(2026, 1, 1)),
            ("a_time", datetime(2026, 1, 1)),  # noqa: DTZ001 - the missing zone is the point
            ("a_date", _NOON),
            ("a_uuid", str(UUID(int=0))),
            ("a_json", "a"),
        ):
            with pytest.raises(InvalidQuery):
                await store.select(_KINDS, Selection(where=(Where(name, Compare.EQUAL, value),)))
        for bad in (
            Selection(limit=0),
            Selection(offset=-1),
            Selection(order_by=("absent",)),
            Selection(order_by=("a_json",)),
            Selection(order_by=("--id",)),
            Selection(order_by=("id desc",)),
            Selection(where=(Where("a_text", Compare.CONTAINS, "a"),)),
            Selection(where=(Where("key", Compare.EQUAL, None),)),
            Selection(where=(Where("a_text", Compare.EQUAL, ("a",)),)),
            Selection(where=(Where("a_text", Compare.ONE_OF, "a"),)),
            Selection(where=(Where("a_text", Compare.ONE_OF, ("a", 1)),)),
            Selection(where=(Where("a_text", Compare.ONE_OF, ("a",) * MAX_CHOICES), Where("id", Compare.EQUAL, "a"))),
            Selection(where=(Where("a_json", Compare.ONE_OF, ("a",)),)),
            Selection(where=(Where("a_json", Compare.ONE_OF, ()),)),
            Selection(where=(Where("absent", Compare.ONE_OF, ()),)),
        ):
            with pytest.raises(InvalidQuery):
                await store.select(_KINDS, bad)
        most = tuple(f"{n}" for n in range(MAX_CHOICES))
        assert await _ids(store, _KINDS, Where("a_text", Compare.ONE_OF, most)) == []
        with pytest.raises(InvalidQuery, match=r"'a_tim'; it has a_boolean, .*, a_uuid, id, key$"):
            await store.select(_KINDS, Selection(where=(Where("a_tim", Compare.EQUAL, _NOON),)))

    @pytest.mark.parametrize(
        ("where", "said"),
        [
            (
                Where("a_text", cast("Compare", "like"), "a%"),
                r"'like', which is no comparison; give one of Compare\.EQ",
            ),
            (Where("a_text", cast("Compare", "="), None), r"give one of Compare\.EQUAL, .*Compare\.CONTAINS$"),
            (Where("a_time", Compare.MORE, _NOON.replace(tzinfo=None)), r"which is time: .* has no zone; give one"),
            (
                Where("a_json", Compare.EQUAL, "a"),
                r"is json: no EQUAL\. A list of texts is compared by CONTAINS, .* field",
            ),
            (
                Where("a_text", Compare.CONTAINS, "a"),
                "is text: no CONTAINS, which is for lists of texts; compare it by",
            ),
        ],
    )
    async def test_a_condition_that_cannot_be_answered_says_what_can(
        self, store: FullStore, where: Where, said: str
    ) -> None:
        await active(store, _KINDS)
        with pytest.raises(InvalidQuery, match=said):
            await store.select(_KINDS, Selection(where=(where,)))

    @pytest.mark.parametrize("compare", [each for each in Compare if each.name not in ("EQUAL", "NOT_EQUAL")])
    async def test_none_has_no_order_and_nothing_holds_it(self, store: FullStore, compare: Compare) -> None:
        await active(store, _KINDS)
        for kind in ColumnType:
            where = Where(f"a_{kind.value}", compare, None)
            with pytest.raises(InvalidQuery, match=f"{compare.name} None; .* Ask for nulls by EQUAL"):
                await store.select(_KINDS, Selection(where=(where,)))
