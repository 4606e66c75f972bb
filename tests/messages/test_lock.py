from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Literal, cast
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from leftfold.errors import DefinitionError
from leftfold.messages import Event, Lock, Registry, differences, dump_lock, load_lock, lock_of
from leftfold.messages.lock import schema_digest


class Opened(Event):
    """An account was opened."""

    owner: str
    title: str = ""


class Deposited(Event, version=2):
    amount: Decimal


def kinds(locked: Lock, registry: Registry) -> list[tuple[str, str, int]]:
    return [(each.kind, each.name, each.version) for each in differences(locked, registry)]


LOCKED = lock_of(Registry("bank", Opened, Deposited))


def test_a_lock_holds_every_name_and_version_with_a_digest() -> None:
    assert {name: list(versions) for name, versions in LOCKED.items()} == {"Opened": ["1"], "Deposited": ["2"]}
    assert LOCKED["Opened"]["1"].startswith("sha256:")
    assert differences(LOCKED, Registry("bank", Opened, Deposited)) == ()


def test_a_lock_is_written_as_sorted_text_and_read_back() -> None:
    text = dump_lock({"shop": {}, "bank": LOCKED})
    assert text == dump_lock(load_lock(text)) == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert load_lock(text) == {"bank": LOCKED, "shop": {}}


@pytest.mark.parametrize("text", ["", "[]", '{"bank": {"Opened": 1}}', "<<<<<<< HEAD\n{}"])
def test_text_that_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match="lock"):
        load_lock(text)


def test_docstrings_field_order_and_class_names_do_not_change_a_digest() -> None:
    class Renamed(Event):
        title: str = ""
        owner: str

    assert schema_digest(Renamed) == schema_digest(Opened)


def test_names_of_nested_classes_do_not_change_a_digest() -> None:
    def outer(name: str, doc: str) -> type:
        inner = msgspec.defstruct(name, [("title", str), ("kids", list[str])], namespace={"__doc__": doc})
        left = msgspec.defstruct(f"{name}Left", [("x", int)], tag="left")
        right = msgspec.defstruct(f"{name}Right", [("y", int)], tag="right")
        return msgspec.defstruct("Outer", [("inner", inner), ("either", left | right)])

    assert schema_digest(outer("One", "A")) == schema_digest(outer("Two", "B"))


class Titled(msgspec.Struct, frozen=True, omit_defaults=True):
    title: str


def test_the_order_of_fields_and_of_a_union_does_not_change_a_digest_a_nested_default_does() -> None:
    def digest(*fields: tuple[str, type] | tuple[str, type, object]) -> str:
        return schema_digest(msgspec.defstruct("Any", fields, kw_only=True))

    either, other = cast("type", int | str | None), cast("type", None | str | int)
    assert digest(("a", int), ("b", either)) == digest(("b", other), ("a", int))
    assert digest(("a", Titled, Titled("x"))) != digest(("a", Titled, Titled("y")))


class Tree(msgspec.Struct, frozen=True):
    kids: tuple[Tree, ...]


class Grown(Event):
    tree: Tree


def test_a_recursive_schema_has_a_digest() -> None:
    assert schema_digest(Grown) == schema_digest(Grown) != schema_digest(Opened)


@pytest.mark.parametrize(
    ("name", "hint", "default"),
    [
        ("owner", int, ""),
        ("owner", str | None, ""),
        ("title", str, "none"),
        ("name", str, ""),
        ("description", str, ""),
    ],
)
def test_another_type_name_or_default_of_a_field_changes_the_digest(name: str, hint: type, default: str) -> None:
    owner = hint if name == "owner" else str
    others: dict[str, tuple[str, type, object]] = {"title": ("title", str, ""), name: (name, hint, default)}
    others.pop("owner", None)
    changed = msgspec.defstruct("Opened", [("owner", owner), *others.values()])
    assert schema_digest(changed) != schema_digest(Opened)


def test_what_a_key_is_and_whether_a_time_has_a_zone_changes_the_digest() -> None:
    keys = (str, int, float, Decimal, bytes, date, UUID, datetime, time, Literal["a"], Annotated[time, Meta(tz=True)])
    hints: list[object] = [dict[key, int] for key in keys]  # type: ignore[valid-type]
    hints += [str, datetime, time, Annotated[datetime, Meta(tz=False)], Annotated[datetime, Meta(tz=True)]]
    made = [msgspec.defstruct("Told", [("it", cast("type", hint))]) for hint in hints]
    assert len({schema_digest(cls) for cls in made}) == len(hints)


def test_a_field_called_like_a_word_of_json_schema_counts() -> None:
    @dataclass(frozen=True)
    class With:
        description: str

    @dataclass(frozen=True)
    class Without:
        pass

    assert schema_digest(With) != schema_digest(Without)


def test_a_name_that_vanished_is_found_and_an_alias_or_a_name_mends_it() -> None:
    class OpenedNow(Event):
        owner: str
        title: str = ""

    class Same(Event, name="Opened"):
        owner: str
        title: str = ""

    assert kinds(LOCKED, Registry("bank", OpenedNow, Deposited)) == [
        ("vanished", "Opened", 1),
        ("added", "OpenedNow", 1),
    ]
    aliased = Registry("bank", OpenedNow, Deposited, aliases={"Opened": OpenedNow})
    assert kinds(LOCKED, aliased) == [("added", "OpenedNow", 1)]
    assert kinds(LOCKED, Registry("bank", Same, Deposited)) == []


def test_a_changed_schema_without_a_new_version_is_found_and_a_new_version_mends_it() -> None:
    class Changed(Event, name="Deposited", version=2):
        amount: Decimal
        currency: str = "USD"

    class Newer(Event, name="Deposited", version=3):
        amount: Decimal
        currency: str = "USD"

    assert kinds(LOCKED, Registry("bank", Opened, Changed)) == [("changed", "Deposited", 2)]
    assert kinds(LOCKED, Registry("bank", Opened, Deposited, Newer)) == [("added", "Deposited", 3)]


def test_every_difference_says_what_to_do() -> None:
    class Changed(Event, name="Deposited", version=2):
        amount: int

    said = [str(each) for each in differences(LOCKED, Registry("bank", Changed))]
    assert "version=3" in said[0]
    assert "name='Opened'" in said[1]
    assert "aliases={'Opened': TheClass}" in said[1]
