"""Whose rows an event changes: those of the keys that its field or a function gives, one, several or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import cast
from uuid import UUID

import pytest

from leftfold import Context, Event
from leftfold.errors import InvalidInput
from leftfold.projections.projection import Key, Keys
from leftfold.testing import rows


class Colour(Enum):
    RED = "red"


class Put(Event):
    shelf: str | None = None
    tags: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True)
class Count:
    n: int


def counted(key: Keys, *events: Put) -> Mapping[str, Count]:
    def counts(row: Count | None, _event: Put) -> Count:
        return Count(1 if row is None else row.n + 1)

    context = Context("store")
    context.projection(key=key)(counts)
    return cast("Mapping[str, Count]", rows(context, "counts")(*events))


def giving(found: object) -> Callable[[Put], Key]:
    """A key function that gives *found*."""

    def find(_event: Put) -> Key:
        return cast("Key", found)

    return find


def test_an_event_whose_field_holds_no_key_changes_no_row() -> None:
    events = Put(), Put(shelf="A"), Put(), Put(shelf="None")
    assert counted("shelf", *events) == {"A": Count(1), "None": Count(1)}

    def shelf(event: Put) -> str | None:
        return event.shelf

    assert counted(shelf, *events) == counted("shelf", *events)


def test_an_event_whose_field_holds_several_keys_changes_the_row_of_each_once() -> None:
    assert counted("tags", Put(tags=("a", "b", "a")), Put(tags=("b",)), Put()) == {"a": Count(1), "b": Count(2)}


KEYS: dict[object, str] = {
    "a": "a",
    7: "7",
    date(2026, 3, 31): "2026-03-31",
    UUID(int=7): "00000000-0000-0000-0000-000000000007",
    Decimal("1.50"): "1.50",
    2.5: "2.5",
    Colour.RED: "Colour.RED",
}


@pytest.mark.parametrize("given", KEYS)
def test_what_is_one_value_is_a_key_by_its_text(given: object) -> None:
    assert counted(giving(given), Put()) == {KEYS[given]: Count(1)}
    assert counted(giving([given]), Put()) == {KEYS[given]: Count(1)}


@pytest.mark.parametrize("given", [b"a", [None], [["a"]], ["a", b"b"], Put(), object()])
def test_what_is_no_key_is_an_error_and_no_row_of_its_own(given: object) -> None:
    with pytest.raises(InvalidInput, match="is no key; a key is a text, a number, a UUID or a date"):
        counted(giving(given), Put())
