"""What a query is given of its rows: all that fit, unless it asks for a page, and those where nothing is set."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import date
from typing import Annotated, Any, cast

import msgspec
import pytest
import pytest_asyncio
from msgspec import UNSET, Struct, UnsetType

from leftfold import Event, ReadModel
from leftfold.errors import InvalidQuery
from leftfold.projections.projection import ProjectionOptions, projection_of
from leftfold.store import Compare, MemoryStore, Point, Put, Transaction, Where
from leftfold.subscriptions import Policy

MANY = 150


class Lent(Event):
    loan: str


class Loan(Struct, frozen=True):
    loan: str
    member: str
    note: str = "lent"
    back: date | None = None
    fine: Annotated[int | None, msgspec.Meta(description="in cents")] = None
    damages: list[str] | None = None
    shelf: str | UnsetType = UNSET


def loans(row: Loan | None, event: Lent) -> Loan:
    return row or Loan(event.loan, "ann")


@pytest_asyncio.fixture
async def rows() -> ReadModel[Loan]:
    projection = projection_of(loans, ProjectionOptions("loan", "loans", 1, (), ("note",), 1, Policy()))
    kept = [Loan(f"{n:03}", "ann") for n in reversed(range(MANY))]
    kept.append(Loan("b1", "bob", back=date(2026, 5, 1), fine=50, damages=["torn"], shelf="A"))
    kept.append(Loan("b2", "bob"))
    store = MemoryStore()
    await store.prepare(projection.table)
    put = Put(table=projection.table, rows={loan.loan: projection.dump(loan) for loan in kept})
    await store.transact(Transaction(writes=[Point(table=projection.table, generation=1), put]))
    return ReadModel(projection, store)


async def test_find_gives_every_row_that_fits_in_the_order_of_the_keys(rows: ReadModel[Loan]) -> None:
    assert [row.loan for row in await rows.find(member="ann")] == [f"{n:03}" for n in range(MANY)]
    assert len(await rows.find()) == MANY + 2
    assert [row.loan for row in await rows.find(order_by="-member", offset=MANY)] == ["148", "149"]


async def test_a_limit_makes_pages_that_together_are_every_row(rows: ReadModel[Loan]) -> None:
    pages = [await rows.find(order_by="-member", limit=60, offset=offset) for offset in (0, 60, 120, 180)]
    assert [len(page) for page in pages] == [60, 60, 32, 0]
    assert [row for page in pages for row in page] == await rows.find(order_by="-member")


async def test_search_gives_the_best_hundred_unless_told_otherwise(rows: ReadModel[Loan]) -> None:
    assert len(await rows.search("lent")) == 100
    assert len(await rows.search("lent", limit=1_000)) == MANY + 2


@pytest.mark.parametrize("field", ["back", "fine", "damages", "shelf"])
async def test_none_finds_the_rows_where_nothing_is_set(rows: ReadModel[Loan], field: str) -> None:
    null, known = Where(field, Compare.EQUAL, None), Where(field, Compare.NOT_EQUAL, None)
    assert [row.loan for row in await rows.find(null, member="bob")] == ["b2"]
    assert [row.loan for row in await rows.find(known)] == ["b1"]
    assert [hit.row.loan for hit in await rows.search("lent", null, member="bob")] == ["b2"]


async def test_a_field_is_none_by_its_name_too(rows: ReadModel[Loan]) -> None:
    assert [row.loan for row in await rows.find(member="bob", back=None)] == ["b2"]
    assert [hit.row.loan for hit in await rows.search("lent", member="bob", back=None)] == ["b2"]


async def test_none_for_a_field_that_never_is_and_for_an_order_is_refused(rows: ReadModel[Loan]) -> None:
    nobody = cast("str | None", None)
    with pytest.raises(InvalidQuery, match="'member' compared with None, and that field of Loan is never None"):
        await rows.find(member=nobody)
    with pytest.raises(InvalidQuery, match="'note' compared with None"):
        await rows.search("lent", Where("note", Compare.NOT_EQUAL, None))
    with pytest.raises(InvalidQuery, match=r"'back' LESS None; .* by EQUAL, for all else by NOT_EQUAL"):
        await rows.find(Where("back", Compare.LESS, None))


async def test_a_column_that_rows_do_not_have_is_refused_with_those_they_have_before_anything_is_read() -> None:
    projection = projection_of(loans, ProjectionOptions("loan", "loans", 1, (), ("note",), 1, Policy()))
    unbuilt = ReadModel(projection, MemoryStore())
    for asked in (
        unbuilt.find(membre="ann"),
        unbuilt.find(Where("membre", Compare.EQUAL, "ann")),
        unbuilt.find(order_by=("loan", "-membre")),
        unbuilt.search("lent", membre="ann"),
    ):
        with pytest.raises(InvalidQuery) as caught:
            await asked
        assert "'membre'; it has back, damages, fine, loan, member, note, shelf" in str(caught.value)


_Asked = Callable[[Any], Coroutine[Any, Any, object]]
WRONG: dict[str, tuple[_Asked, str]] = {
    "a limit that is text": (lambda rows: rows.find(limit="5"), "limit='5', offset=0: a limit is a whole number"),
    "half a limit": (lambda rows: rows.find(limit=1.5), "limit=1.5, offset=0: a limit is a whole number"),
    "a limit that is true": (lambda rows: rows.find(limit=True), "limit=True, offset=0: a limit is a whole number"),
    "no offset": (lambda rows: rows.find(offset=None), "offset=None"),
    "an order that is a number": (lambda rows: rows.find(order_by=5), "order_by=5; give"),
    "no order": (lambda rows: rows.find(order_by=None), "order_by=None; give"),
    "an order of numbers": (lambda rows: rows.find(order_by=[5]), r"order_by=\[5\]; give"),
    "a condition that is text": (lambda rows: rows.find("member"), "'member', which is no Where; write member=..."),
    "a condition that is none": (lambda rows: rows.find(None), "None, which is no Where"),
    "conditions in a list": (lambda rows: rows.find([Where("member", Compare.EQUAL, "ann")]), "which is no Where"),
    "a condition of a search": (lambda rows: rows.search("a", {"member": "ann"}), "which is no Where"),
    "a column that is a number": (lambda rows: rows.find(Where(cast("str", 5), Compare.EQUAL, 1)), "no column 5; it"),
    "a column that is a list": (
        lambda rows: rows.find(Where(cast("str", ["a"]), Compare.EQUAL, 1)),
        r"no column \['a'\]; it",
    ),
    "a search for a number": (lambda rows: rows.search(5), "search is given 5; give a text"),
    "a search for nothing": (lambda rows: rows.search(None), "search is given None; give a text"),
    "a key that is a list": (lambda rows: rows.get(["a"]), r"is asked for a key: \['a'\] is no key; a key is a text"),
    "a key that is bytes": (lambda rows: rows.get(b"a"), "is asked for a key: b'a' is no key; a key is a text"),
    "a key that is a row": (
        lambda rows: rows.get(Loan("1", "ann")),
        "is asked for a key: Loan.* is no key; a key is a text",
    ),
    "a key that is none": (
        lambda rows: rows.get_many(["a", None]),
        "is asked for a key: None is no key; a key is a text",
    ),
    "keys that are none": (lambda rows: rows.get_many(None), r"get_many\(None\) .* give a list of keys"),
    "keys that are a number": (lambda rows: rows.get_many(5), r"get_many\(5\) .* give a list of keys"),
    "keys that are bytes": (lambda rows: rows.get_many(b"ab"), r"get_many\(b'ab'\) .* give a list of keys"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_what_no_query_can_mean_is_refused_with_what_to_give_instead(rows: ReadModel[Loan], what: str) -> None:
    asked, said = WRONG[what]
    with pytest.raises(InvalidQuery, match=said):
        await asked(rows)


async def test_keys_may_come_from_whatever_yields_them(rows: ReadModel[Loan]) -> None:
    found = await rows.get_many(cast("list[str]", {"b1": 1, "b2": 2}.keys()))
    assert [row and row.loan for row in found] == ["b1", "b2"]
