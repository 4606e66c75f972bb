"""Laws of searching: every word, whole or by its beginning, in any script and case; nothing else has a meaning."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from leftfold.errors import InvalidQuery
from leftfold.store.port import Store
from leftfold.store.tables import Compare, Found, Selection, Where
from leftfold.store.transaction import Delete
from leftfold.testing.conformance.ledger import BOOKS, COUNTS, active, all_rows, put, write
from leftfold.testing.conformance.stores import FullStore, Laws

__all__ = ["SearchLaws"]

_TEXTS = {
    "t1": ("Tea and scones", "A book about green tea"),
    "t2": ("Steam", "Teapots, not tea-bags"),
    "t3": ("ÄPFEL im Garten", "заказ Ёлка 42"),
    "t4": ("Café", "it's 3.14 at ann@example.org; A-12, foo_bar"),
    "t5": ("AND OR NOT", "near the title"),
    "t6": ("", None),
}

_FOUND = {
    "tea": "t1 t2",
    "TEA": "t1 t2",
    "tea green": "t1",
    "green scones tea": "t1",
    "tea*": "t1 t2",
    "teap*": "t2",
    "teapot": "",
    "team": "",
    "ste* tea": "t2",
    "tea bags": "t2",
    "tea-bags!": "t2",
    "bag*s": "",
    "*bags": "t2",
    "äpfel": "t3",
    "Äpf* GARTEN": "t3",
    "зАКАз ёлка": "t3",
    "заказы": "",
    "42": "t3",
    "4*": "t3",
    "café": "t4",
    "cafe": "",
    "it s": "t4",
    "it's": "t4",
    "14": "t4",
    "3.14": "t4",
    "example": "t4",
    "ann@example.org": "t4",
    "12": "t4",
    "a-12": "t4",
    "bar": "t4",
    "foo_bar": "t4",
    "and": "t1 t5",
    "tea AND green": "t1",
    "tea OR steam": "",
    "tea NOT scones": "",
    "not or": "t5",
    "(tea)": "t1 t2",
    '"green tea"': "t1",
    '"tea green"': "t1",
    'tea"': "t1 t2",
    "title:near": "t5",
    "title : tea": "",
    "-tea": "t1 t2",
    "^tea + green & ! | <-> \\ %": "t1",
    "near(near, title)": "t5",
    "unsearched": "",
    "null": "",
}
"""Searches, and the keys of what they find."""
_WORDLESS = ("", " ", "*", "-", "\"'()*:^", "\x00", "\ud800", "🚀")


def _row(key: str, title: str, about: str | None, **rest: object) -> bytes:
    return msgspec.json.encode({"id": key, "title": title, "about": about, "other": "unsearched", **rest})


async def _filled(store: Store) -> None:
    await active(store, BOOKS)
    await put(store, BOOKS, {key: _row(key, *texts, pages=len(key)) for key, texts in _TEXTS.items()})
    assert len(await all_rows(store, BOOKS)) == len(_TEXTS)


async def _keys(store: Store, text: str, *where: Where) -> list[str]:
    return sorted(found.key for found in await store.search(BOOKS, text, Selection(where=where)))


class SearchLaws(Laws):
    """What searching rows promises."""

    async def test_a_row_is_found_if_and_only_if_it_has_every_word(self, store: FullStore) -> None:
        await _filled(store)
        found = {text: await _keys(store, text) for text in _FOUND}
        assert found == {text: keys.split() for text, keys in _FOUND.items()}

    async def test_no_words_find_nothing(self, store: FullStore) -> None:
        await _filled(store)
        assert await _keys(store, "tea") == ["t1", "t2"]
        for text in _WORDLESS:
            assert await _keys(store, text) == [], f"{text!a}"

    async def test_what_fits_better_comes_first(self, store: FullStore) -> None:
        await active(store, BOOKS)
        texts = {
            "a": "tea milk milk milk",
            "b": "tea tea tea milk",
            "c": "milk milk milk milk",
            "d": "tea tea milk milk",
        }
        await put(store, BOOKS, {key: _row(key, title, None) for key, title in texts.items()})
        found = await store.search(BOOKS, "tea", Selection())
        assert [each.key for each in found] == ["b", "d", "a"]
        assert [each.row for each in found] == [_row(key, texts[key], None) for key in ("b", "d", "a")]
        ranks = [each.rank for each in found]
        assert ranks == sorted(ranks, reverse=True)
        for offset, limit in ((0, 1), (1, 1), (1, 5), (3, 1)):
            part: Sequence[Found] = await store.search(BOOKS, "tea", Selection(limit=limit, offset=offset))
            assert list(part) == list(found)[offset:][:limit]

    async def test_a_search_keeps_to_the_conditions_of_its_selection(self, store: FullStore) -> None:
        await active(store, BOOKS)
        await put(store, BOOKS, {f"k{n}": _row(f"k{n}", "tea", None, pages=n) for n in range(5)})
        assert await _keys(store, "tea", Where("pages", Compare.AT_LEAST, 3)) == ["k3", "k4"]
        assert await _keys(store, "tea", Where("title", Compare.EQUAL, "Tea")) == []
        at_least = Where("pages", Compare.AT_LEAST, 3)
        assert await _keys(store, "tea", Where("about", Compare.EQUAL, None), at_least) == ["k3", "k4"]
        assert await _keys(store, "tea", Where("about", Compare.NOT_EQUAL, None), at_least) == []

    async def test_a_search_sees_rows_as_they_are_now(self, store: FullStore) -> None:
        await _filled(store)
        await put(store, BOOKS, {"t1": _row("t1", "Coffee", "black")})
        assert await _keys(store, "tea") == ["t2"]
        assert await _keys(store, "coffee") == ["t1"]
        await write(store, Delete(table=BOOKS, keys=["t2"]))
        assert await _keys(store, "tea") == []
        await put(store, BOOKS, {"t2": _row("t2", "tea", "again")})
        assert await _keys(store, "tea") == ["t2"]
        assert await _keys(store, "teapots") == []

    async def test_a_search_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        await active(store, BOOKS, COUNTS)
        with pytest.raises(InvalidQuery):
            await store.search(COUNTS, "tea", Selection())
        for selection in (Selection(limit=0), Selection(where=(Where("absent", Compare.EQUAL, "a"),))):
            with pytest.raises(InvalidQuery):
                await store.search(BOOKS, "tea", selection)
        with pytest.raises(InvalidQuery):
            await store.search(BOOKS, "word " * 33, Selection())
        assert await _keys(store, "word " * 32) == []
