"""What the state machine of rows draws: writes, inline projections, selections and searches."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from leftfold.store.events import Expected
from leftfold.store.tables import Compare, Selection, Where
from leftfold.store.transaction import Advance, Delete, Insert, Point, Put, Write
from leftfold.testing.conformance.ledger import BOOKS, COUNTS, row

__all__ = ["FIRST_BOOKS", "INLINES", "NAMES", "PARTS", "PUTS", "SEARCHES", "SELECTIONS", "WRITES"]

NAMES = st.sampled_from(["c", "d"])
PARTS = st.lists(
    st.tuples(st.sampled_from(["a-1", "b-1"]), st.sampled_from([Expected.ANY, Expected.ANY, 0, 1])), max_size=1
)
"""A stream and the version it is expected at."""

INLINES = st.tuples(st.sampled_from(["total", "k1"]), st.integers(1, 3), st.sampled_from([False, False, False, True]))
"""A key of `COUNTS`, what is added to its row, and whether the projection raises instead."""

_KEYS = st.sampled_from(["k1", "k2", "ü", "total"])
_GENERATIONS = st.sampled_from([None] * 8 + [1, 1, 2, 2, 3])


def _book(title: str | None, pages: int | None, tags: list[str] | None) -> bytes:
    return msgspec.json.encode({"title": title, "pages": pages, "tags": tags})


def _put(generation: int | None, key: str, content: bytes, shard: int) -> Put:
    table = COUNTS if content.startswith(b'{"n"') else BOOKS
    return Put(table=table, rows={key: content}, generation=generation, shard=shard)


def _put_books(rows: dict[str, bytes], generation: int | None) -> Put:
    return Put(table=BOOKS, rows=rows, generation=generation)


def _insert(key: str, content: bytes) -> Insert:
    return Insert(table=COUNTS if content.startswith(b'{"n"') else BOOKS, key=key, row=content)


def _advance(name: str, age: int, by: int) -> Advance:
    return Advance(name=name, token=age, position=by, event_id=None)


FIRST_BOOKS = {"k1": _book("tea", 2, ["hot"]), "k2": _book("green tea", None, None), "ü": _book("Tea", 10, ["hot"])}
_BOOK_ROWS = st.builds(
    _book,
    st.sampled_from(["tea", "Tea", "green tea", "ale", "", None]),
    st.sampled_from([1, 2, 10, None]),
    st.sampled_from([["hot"], ["hot", "cold"], [], None]),
)
_ROWS = st.one_of(st.builds(row, st.integers(0, 5)), _BOOK_ROWS)
_SHARDS = st.sampled_from([0] * 5 + [1])

PUTS = st.one_of(
    st.builds(_put, st.sampled_from([None, 1, 2]), _KEYS, _ROWS, _SHARDS),
    st.builds(_put_books, st.dictionaries(_KEYS, _BOOK_ROWS, min_size=1), st.sampled_from([None, 1, 2])),
    st.builds(Delete, table=st.sampled_from([COUNTS, BOOKS]), keys=st.lists(_KEYS, max_size=2)),
)
WRITES: st.SearchStrategy[Write] = st.one_of(
    st.builds(_put, _GENERATIONS, _KEYS, _ROWS, _SHARDS),
    st.builds(
        Delete,
        table=st.sampled_from([COUNTS, BOOKS]),
        keys=st.lists(_KEYS, max_size=3),
        generation=_GENERATIONS,
    ),
    st.builds(_insert, _KEYS, _ROWS),
    st.builds(_advance, NAMES, st.sampled_from([0] * 5 + [1, 2]), st.sampled_from([0, 1, 1, 1, 2, -1])),
    st.builds(
        Point,
        table=st.sampled_from([COUNTS, BOOKS]),
        generation=st.sampled_from([1, 1, 1, 2, 2, 2, 3]),
        view=st.none(),
        at_head=st.one_of(st.none(), st.none(), st.integers(0, 4)),
    ),
)
"""The token of an `Advance` is how many claims came after the one it shows, its position how far it goes on."""

_WHERES = st.one_of(
    st.builds(Where, st.just("title"), st.sampled_from(list(Compare)[:6]), st.sampled_from(["tea", "Tea", "b", ""])),
    st.builds(Where, st.just("pages"), st.sampled_from(list(Compare)[:6]), st.integers(0, 11)),
    st.builds(Where, st.just("key"), st.sampled_from(list(Compare)[:6]), _KEYS),
    st.builds(Where, st.just("pages"), st.just(Compare.ONE_OF), st.lists(st.integers(0, 11), max_size=4).map(tuple)),
    st.builds(Where, st.just("tags"), st.just(Compare.CONTAINS), st.sampled_from(["hot", "cold", "ho"])),
    st.builds(Where, st.sampled_from(["title", "pages", "tags"]), st.sampled_from(list(Compare)[:2]), st.none()),
)
_ORDERS = st.lists(st.sampled_from(["title", "-title", "pages", "-pages", "-key"]), max_size=3)


def _selection(where: list[Where], order_by: list[str], limit: int, offset: int) -> Selection:
    return Selection(where=tuple(where), order_by=tuple(order_by), limit=limit, offset=offset)


SELECTIONS = st.builds(
    _selection, st.lists(_WHERES, max_size=2), _ORDERS, st.integers(1, 5), st.sampled_from([0, 0, 1])
)
SEARCHES = ("tea", "te*", "green TEA", "ale", "a*", "g* t*", "-")
