# pyright: reportUnusedClass=false
from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from leftfold.errors import DefinitionError
from leftfold.messages import Event, event, event_name, event_version
from leftfold.messages.message import MAX_NAME_BYTES, MAX_VERSION
from leftfold.store import limits


class Opened(Event):
    owner: str


class Reopened(Opened, name="opened.again", version=3):
    reason: str = ""


def test_an_event_is_stored_under_its_class_name_in_version_1() -> None:
    assert (event_name(Opened), event_version(Opened)) == ("Opened", 1)


def test_name_and_version_are_given_in_the_class_statement_and_not_inherited() -> None:
    class Derived(Reopened):
        pass

    assert (event_name(Reopened), event_version(Reopened)) == ("opened.again", 3)
    assert (event_name(Derived), event_version(Derived)) == ("Derived", 1)


def test_an_event_never_changes_and_takes_keywords_only() -> None:
    opened = Opened(owner="U")
    with pytest.raises(AttributeError):
        opened.owner = "V"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError):
        Opened("U")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert opened == Opened(owner="U") != Opened(owner="V")


def test_a_frozen_dataclass_gets_a_name_and_a_version_and_stays_the_same_class() -> None:
    @dataclass(frozen=True)
    class Closed:
        reason: str

    before = dict(vars(Closed))
    assert event(name="account.closed", version=2)(Closed) is Closed
    assert (event_name(Closed), event_version(Closed)) == ("account.closed", 2)
    assert {name: value for name, value in vars(Closed).items() if name in before} == before
    assert len(vars(Closed)) == len(before) + 1


def test_the_bare_decorator_and_no_decorator_store_under_the_class_name() -> None:
    @event
    @dataclass(frozen=True)
    class Marked:
        pass

    @dataclass(frozen=True)
    class Plain:
        pass

    assert [(event_name(cls), event_version(cls)) for cls in (Marked, Plain)] == [("Marked", 1), ("Plain", 1)]


@pytest.mark.parametrize("name", ["", "a\x00b", "\ud800", "é" * (MAX_NAME_BYTES // 2) + "a"])
def test_a_name_that_no_store_keeps_is_refused_at_the_class_statement(name: str) -> None:
    with pytest.raises(DefinitionError, match="Bad"):

        class Bad(Event, name=name):
            pass

    with pytest.raises(DefinitionError, match="Opened"):
        event(name=name)(dataclass(frozen=True)(type("Opened", (), {})))


def test_the_longest_name_and_version_are_the_longest_that_stores_keep() -> None:
    class Longest(Event, name="n" * MAX_NAME_BYTES, version=MAX_VERSION):
        pass

    assert event_version(Longest) == MAX_VERSION
    assert MAX_NAME_BYTES == limits.MAX_NAME_BYTES


@pytest.mark.parametrize("version", [0, -1, MAX_VERSION + 1, True])
def test_a_version_below_1_or_too_high_is_refused_at_the_class_statement(version: int) -> None:
    with pytest.raises(DefinitionError, match="count from 1"):

        class Bad(Event, version=version):
            pass


def test_name_and_version_are_both_reported_when_both_are_wrong() -> None:
    with pytest.raises(DefinitionError) as caught:

        class Bad(Event, name="", version=0):
            pass

    assert len(caught.value.findings) == 2


def test_an_unknown_class_keyword_is_refused_at_the_class_statement() -> None:
    with pytest.raises(TypeError, match="versoin"):

        class Bad(Event, versoin=2):  # pyright: ignore[reportGeneralTypeIssues]
            pass


def test_an_event_cannot_be_made_mutable() -> None:
    with pytest.raises(DefinitionError, match="frozen"):

        class Bad(Event, frozen=False):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
            pass


def test_a_dataclass_that_can_change_is_refused() -> None:
    with pytest.raises(DefinitionError, match="frozen=True"):

        @event
        @dataclass
        class Bad:
            pass


def test_what_is_no_dataclass_or_is_decorated_in_the_wrong_order_is_refused() -> None:
    with pytest.raises(DefinitionError, match="@event above"):

        @dataclass(frozen=True)
        @event
        class Bad:
            pass

    with pytest.raises(DefinitionError):
        event_name(int)


def test_the_decorator_refuses_an_event_class_which_has_class_keywords_for_that() -> None:
    with pytest.raises(DefinitionError, match="class statement"):
        event(name="other")(Opened)


@pytest.mark.parametrize("wrong", [Opened(owner="ann"), None, "Opened"])
def test_only_a_class_has_a_name_and_a_version(wrong: object) -> None:
    for asked in (event_name, event_version):
        with pytest.raises(DefinitionError, match="is no class; give the class of an event"):
            asked(cast("type", wrong))
