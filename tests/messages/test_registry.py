from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Generic, NewType, TypedDict, TypeVar, Union, cast

import pytest
from msgspec import Meta, Struct
from typing_extensions import TypeAliasType

from leftfold.errors import DefinitionError, UnknownEventType, UnknownSchemaVersion
from leftfold.messages import Event, EventTypes, Registry, event


class DepositedV1(Event, name="Deposited"):
    amount: Decimal


class Deposited(Event, version=2):
    amount: Decimal
    currency: str = "USD"


@event(name="Withdrawn")
@dataclass(frozen=True)
class TakenOut:
    amount: Decimal


class Opened(Event):
    owner: str


def test_a_registry_finds_class_by_name_and_version_and_back() -> None:
    registry = Registry("bank", Deposited | TakenOut, DepositedV1)
    assert registry.type_of("Deposited", 1) is DepositedV1
    assert registry.type_of("Deposited", 2) is Deposited
    assert registry.type_of("Withdrawn", 1) is TakenOut
    assert registry.type_of("Withdrawn", 2) is None
    assert [registry.key_of(cls) for cls in registry.types] == [("Deposited", 1), ("Deposited", 2), ("Withdrawn", 1)]


def test_the_current_class_of_a_name_is_its_highest_version() -> None:
    assert Registry("bank", Deposited, DepositedV1).current("Deposited") is Deposited


Alias = TypeAliasType("Alias", Opened | Deposited)


def test_unions_of_every_spelling_are_taken_apart() -> None:
    old = cast("EventTypes", Union[Opened, Deposited])  # noqa: UP007
    for spelled in (Opened | Deposited, Alias, old):
        assert set(Registry("bank", spelled).types) == {Opened, Deposited}


def test_two_registries_may_give_one_name_to_different_classes() -> None:
    class Other(Event, name="Opened"):
        shop: str

    assert Registry("bank", Opened).type_of("Opened", 1) is Opened
    assert Registry("shop", Other).type_of("Opened", 1) is Other


def test_an_alias_stands_for_every_version_of_its_class_name() -> None:
    registry = Registry("bank", Deposited, DepositedV1, aliases={"PaidIn": Deposited})
    assert (registry.type_of("PaidIn", 1), registry.type_of("PaidIn", 2)) == (DepositedV1, Deposited)
    assert registry.current("PaidIn") is Deposited
    assert registry.key_of(Deposited) == ("Deposited", 2)


def test_every_finding_is_in_one_error() -> None:
    class Twin(Event, name="Opened"):
        pass

    class Loose(Event):
        anything: Any
        number: complex

    @dataclass
    class Mutable:
        pass

    aliases = {"Opened": Opened, "": Opened, "Old": Deposited}
    with pytest.raises(DefinitionError) as caught:
        Registry("bank", Opened, Twin, Loose, Mutable, aliases=aliases)
    assert len(caught.value.findings) == 7
    assert all(finding.startswith("registry 'bank': ") for finding in caught.value.findings)
    for word in ("Twin", "anything", "number", "Mutable", "'Opened'", "empty", "Deposited"):
        assert word in str(caught.value)


class Line:
    pass


@dataclass(frozen=True)
class Card:
    number: str


@dataclass(frozen=True)
class Cash:
    amount: Decimal


@dataclass(frozen=True)
class Tree:
    label: str
    kids: tuple[Tree, ...]


class Planted(Event):
    tree: Tree


def test_a_recursive_type_is_accepted() -> None:
    assert Registry("wood", Planted).types == (Planted,)


@dataclass(frozen=True)
class Nested:
    inner: list[dict[str, Any]]


@pytest.mark.parametrize(
    ("hint", "path"),
    [
        (Any, "field"),
        (object, "field"),
        (list, "field[]"),
        (Line, "field"),
        (Callable[[], int], "field"),
        (dict[tuple[int, int], str], "field"),
        (dict[str | int, str], "field"),
        (Card | Cash, "field"),
        (str | Decimal, "field"),
        (Nested, "field.inner[][]"),
        (tuple[int, complex], "field[1]"),
    ],
)
def test_a_field_that_cannot_be_stored_exactly_is_refused_with_its_path(hint: object, path: str) -> None:
    bad: type = dataclass(frozen=True)(type("Bad", (), {"__annotations__": {"fine": int, "field": hint}}))
    with pytest.raises(DefinitionError) as caught:
        Registry("bank", bad)
    assert [f"field {path!r}" in finding for finding in caught.value.findings] == [True]


T = TypeVar("T")
Code = Annotated[str, Meta(pattern="^[A-Z]+$")]
Named = NewType("Named", str)


class Either(Struct, Generic[T]):
    one: T | list[int]


class Codes(TypedDict):
    codes: dict[str, Code | frozenset[int]]


@pytest.mark.parametrize(
    ("hint", "is_refused"),
    [
        (Code | list[int], True),
        (dict[str, int] | None | Code, True),
        (Annotated[Named, Meta(pattern="^a")] | tuple[int, ...], True),
        (list[Codes], True),
        (Either[Code], True),
        (Either[str], False),
        (Code | tuple[int, int] | None, False),
        (Code | tuple[int, int] | dict[str, int], True),
        (tuple[int, int] | Annotated[int, Meta(ge=1)], True),
        (tuple[Annotated[int, Meta(ge=1)], Code] | int, False),
        (Code | int, False),
        (Annotated[str, Meta(max_length=3)] | list[int], False),
    ],
)
def test_a_pattern_or_a_bound_beside_a_collection_is_refused_before_it_ends_the_interpreter(
    hint: object, is_refused: bool
) -> None:
    bad: type = dataclass(frozen=True)(type("Bad", (), {"__annotations__": {"field": hint}}))
    findings: tuple[str, ...] = ()
    try:
        Registry("bank", bad)
    except DefinitionError as error:
        findings = error.findings
    assert ["put one of the two into a Struct" in finding for finding in findings] == [True] * is_refused


def test_an_annotation_unknown_at_run_time_is_refused_and_named() -> None:
    bad: type = dataclass(frozen=True)(type("Bad", (), {"__annotations__": {"field": "OnlyForCheckers"}}))
    with pytest.raises(DefinitionError, match="OnlyForCheckers"):
        Registry("bank", bad)


def test_what_is_no_class_is_refused() -> None:
    with pytest.raises(DefinitionError, match="not an event class"):
        Registry("bank", "Opened")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({"aliases": [Opened]}, r"give a mapping, as in aliases=\{"),
        ({"aliases": None}, r"give a mapping, as in aliases=\{"),
        ({"aliases": {"Old": Opened(owner="ann")}}, "alias 'Old' stands for Opened.*, which is no class"),
        ({"aliases": {"Old": [Opened]}}, "alias 'Old' stands for .*, which is no class"),
        ({"upcasts": None}, "upcasts=None; give a list of functions"),
        ({"upcasts": sorted}, "give a list of functions"),
        ({"upcasts": "old"}, "give a list of functions"),
    ],
)
def test_a_registry_of_other_types_is_told_what_to_give(given: dict[str, Any], advice: str) -> None:
    with pytest.raises(DefinitionError, match=advice):
        Registry("bank", Opened, **given)


def test_what_is_no_class_is_not_registered() -> None:
    for wrong in (None, Opened(owner="ann"), "Opened"):
        with pytest.raises(DefinitionError, match="is no class; give the class of an event"):
            Registry("bank", Opened).key_of(cast("type", wrong))


def test_an_unregistered_class_is_an_error_that_names_the_near_ones() -> None:
    class DepositedNow(Event):
        pass

    with pytest.raises(DefinitionError, match="near: 'Deposited'"):
        Registry("bank", Deposited).key_of(DepositedNow)


def test_an_unknown_name_says_where_it_is_what_is_near_and_what_to_do() -> None:
    error = Registry("bank", Deposited).unknown("account-A", 7, "Deposit", 1)
    assert isinstance(error, UnknownEventType)
    assert (error.stream, error.version, error.type, error.schema_version) == ("account-A", 7, "Deposit", 1)
    assert "near: 'Deposited'" in error.reason
    assert "aliases={'Deposit': " in error.reason


def test_an_unknown_version_says_which_are_known() -> None:
    registry = Registry("bank", Deposited, aliases={"PaidIn": Deposited})
    for name in ("Deposited", "PaidIn"):
        newer, older = registry.unknown("account-A", 7, name, 3), registry.unknown("account-A", 7, name, 1)
        assert isinstance(newer, UnknownSchemaVersion)
        assert isinstance(older, UnknownSchemaVersion)
        assert "v2 only" in newer.reason
        assert "Deploy" in newer.reason
        assert "Register" in older.reason
