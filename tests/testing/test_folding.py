"""A projection is tested as what it is: a fold of its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from leftfold import Context, Event, RecordedEvent
from leftfold.errors import DefinitionError, InvalidInput, InvalidQuery
from leftfold.testing import fold, given, rows
from tests.app.shop import Cancelled, Open, Ordered, Tagged, Turnover, open_orders, shop, tagged


class Knocked(Event):
    door: str


@dataclass(frozen=True)
class Last:
    at: datetime
    position: int


doors = Context("doors")


def door_of(event: Knocked, recorded: RecordedEvent[Knocked]) -> str:
    return f"{event.door}@{recorded.position}"


@doors.projection(key=door_of)
def last(_row: Last | None, _event: Knocked, recorded: RecordedEvent[Knocked]) -> Last:
    return Last(recorded.recorded_at, recorded.position)


def ordered(order: str, *tags: str) -> Ordered:
    return Ordered(order=order, text="tea", tags=list(tags), cents=5)


def test_events_fold_into_one_row() -> None:
    assert fold(open_orders)(ordered("A"), ordered("A")) == Open("A", "tea", [], 10)
    assert fold(tagged)(ordered("A", "hot")) == Tagged("hot", 1)
    assert fold(open_orders)() is None


def test_a_row_that_was_folded_to_none_begins_again() -> None:
    assert fold(open_orders)(ordered("A"), Cancelled(order="A")) is None
    assert fold(open_orders)(ordered("A"), Cancelled(order="A"), ordered("A")) == Open("A", "tea", [], 5)


def test_a_fold_that_looks_at_the_recorded_event_is_given_one() -> None:
    assert fold(last)(Knocked(door="A"), Knocked(door="B")) == Last(datetime(2024, 1, 1, 0, 0, 1, tzinfo=UTC), 2)


def test_events_fold_into_the_row_of_each_key() -> None:
    events = (ordered("A", "hot", "new"), ordered("B", "hot"), Cancelled(order="A"))
    assert rows(shop, "open_orders")(*events) == {"B": Open("B", "tea", ["hot"], 5)}
    assert rows(shop, "tagged")(*events) == {"hot": Tagged("hot", 2), "new": Tagged("hot/new", 1)}
    assert rows(shop, "turnover")(*events) == {"all": Turnover(10)}
    assert set(rows(doors, "last")(Knocked(door="A"), Knocked(door="A"))) == {"A@1", "A@2"}


def test_a_projection_that_the_context_does_not_have_is_named_beside_those_it_has() -> None:
    with pytest.raises(InvalidQuery, match="no projection 'opened'; it has open_orders, tagged, turnover"):
        rows(shop, "opened")


def test_an_event_that_the_annotation_does_not_name_is_never_folded_and_tests_nothing() -> None:
    with pytest.raises(InvalidInput, match="last takes Knocked, so an app never hands it Cancelled"):
        fold(last)(Cancelled(order="A"))


_untold: Any = eval("lambda row, event: row")


def test_what_is_no_projection_is_refused_with_what_to_give() -> None:
    with pytest.raises(DefinitionError, match="5 is no function"):
        fold(cast("Any", 5))
    for test in (fold, given):
        with pytest.raises(InvalidInput, match="is no projection or process; give a function"):
            test(_untold)
    with pytest.raises(InvalidInput, match=r"rows\('doors', \.\.\.\) is given no context"):
        rows(cast("Any", "doors"), "last")
