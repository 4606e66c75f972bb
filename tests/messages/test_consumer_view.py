"""Consumer views: what they say they read, and what is refused at the class statement."""

from __future__ import annotations

from types import new_class
from typing import cast

import msgspec
import pytest

from leftfold import ConsumerView, DefinitionError, Event, IntegrationEvent
from leftfold.messages import Viewed, version_range, viewed_by
from leftfold.messages.consumer_view import followed_flaw, is_foreign


class Charged(IntegrationEvent, name="payments.charged", version=2):
    charge: str
    cents: int


class ChargeView(ConsumerView, of="payments.charged", versions=">=1,<3"):
    charge: str


class Opened(Event):
    id: str


def test_a_view_says_what_it_is_of_and_which_versions_it_reads() -> None:
    assert viewed_by(ChargeView) == Viewed("payments.charged", version_range(">=1,<3"))


def test_a_view_is_immutable_keyword_only_and_compared_by_value() -> None:
    view = ChargeView(charge="c")
    assert view == ChargeView(charge="c") != ChargeView(charge="d")
    with pytest.raises(AttributeError, match="immutable"):
        view.charge = "d"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError, match="positional"):
        ChargeView("c")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_view_ignores_what_it_does_not_have() -> None:
    written = msgspec.json.encode(Charged(charge="c", cents=4))
    assert msgspec.json.decode(written, type=ChargeView) == ChargeView(charge="c")


def define(keywords: dict[str, object], base: type = ConsumerView) -> None:
    """A class statement, as it runs."""
    new_class("View", (base,), keywords)


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"versions": "1"}, "say of which event"),
        ({"of": "payments.charged"}, "say which versions it reads"),
        ({"of": "", "versions": "1"}, "of='' is empty"),
        ({"of": "payments.charged", "versions": "=>1"}, "'=>1' is no bound"),
        ({"of": "payments.charged", "versions": "1", "frozen": False}, "always frozen"),
        ({"of": "payments.charged", "versions": "1", "kw_only": False}, "always frozen"),
    ],
)
def test_a_view_that_says_too_little_is_refused_where_it_is_written(keywords: dict[str, object], said: str) -> None:
    with pytest.raises(DefinitionError, match=r"view .*View") as caught:
        define(keywords)
    assert said in str(caught.value)


def test_what_derives_from_a_view_says_itself_what_it_is_of() -> None:
    with pytest.raises(DefinitionError, match="say of which event"):
        define({}, ChargeView)


def test_an_unknown_keyword_is_refused() -> None:
    with pytest.raises(TypeError, match="version"):
        define({"of": "payments.charged", "version": "1"})


def test_only_views_say_what_they_are_of() -> None:
    for cls in (ConsumerView, Charged, Opened):
        with pytest.raises(DefinitionError, match=f"{cls.__name__} is no view"):
            viewed_by(cls)
    with pytest.raises(DefinitionError, match="None is no view"):
        viewed_by(cast("type", None))


def test_what_comes_from_another_context_can_be_followed_and_what_is_no_event_cannot() -> None:
    assert [is_foreign(cls) for cls in (Charged, ChargeView, Opened, int)] == [True, True, False, False]
    assert [followed_flaw(cls) for cls in (Charged, ChargeView, Opened)] == [None, None, None]
    assert "derive from it" in str(followed_flaw(ConsumerView))
    assert "derive it from Event" in str(followed_flaw(int))
