"""A published language: what it accepts as its own, and what it lets others see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from leftfold import App, Context, DefinitionError, Event, IntegrationEvent
from leftfold.errors import InvalidFormat, InvalidPayload
from leftfold.integration import PublishedLanguage
from leftfold.integration.formats import CountryCode
from leftfold.messages import version_range
from tests.integration.sales import PlacedV1, PlacedV2

PLACED = "acme.sales.placed"


class Shipped(IntegrationEvent, name="acme.sales.shipped"):
    to: CountryCode
    note: str = ""


class Elsewhere(IntegrationEvent, name="acme.salesmen.hired"):
    id: str


class Loose(IntegrationEvent, name="acme.sales.loose"):
    at: datetime


def test_everything_in_it_begins_with_its_name_is_served_and_says_its_times() -> None:
    language = PublishedLanguage("acme.sales", supported=">=2")
    assert language.flaws([PlacedV2]) == ()
    old, named, loose = (language.flaws([cls]) for cls in (PlacedV1, Elsewhere, Loose))
    assert "the language serves versions >=2" in old[0]
    assert "names begin with 'acme.sales.'" in named[0]
    assert "plain datetime" in loose[-1]


def test_a_word_about_what_is_not_published_is_a_slip() -> None:
    spoken: list[type[IntegrationEvent]] = [PlacedV1, PlacedV2]
    day = date(2027, 1, 1)
    right = PublishedLanguage(
        "acme.sales",
        supported={PLACED: ">=1"},
        sunset={f"{PLACED}@1": day},
        semantic_breaks={f"{PLACED}@2": "net"},
    )
    assert right.flaws(spoken) == ()
    wrong = PublishedLanguage(
        "acme.sales",
        supported={"acme.sales.place": ">=1"},
        sunset={f"{PLACED}@3": day, 7: day},
        semantic_breaks={"acme.sales.palced@2": "net"},
    )
    assert [flaw.partition(" is about ")[0] for flaw in wrong.flaws(spoken)] == [
        "supported['acme.sales.place']",
        f"sunset['{PLACED}@3']",
        "semantic_breaks['acme.sales.palced@2']",
    ]
    assert wrong.flaws(spoken)[0].endswith(f"what is not published; the newest are {PLACED}@2")


def test_versions_are_served_for_all_types_or_by_type() -> None:
    language = PublishedLanguage("acme", supported={"acme.a": "2", "acme.b": ">=1,<3"})
    assert [str(language.serves(name)) for name in ("acme.a", "acme.b", "acme.c")] == ["2", ">=1,<3", ">=1"]
    assert PublishedLanguage("acme", supported="<4").serves("acme.a") == version_range("<4")


def test_a_sunset_is_of_a_number_or_of_one_type_which_goes_first() -> None:
    language = PublishedLanguage("acme", sunset={1: date(2026, 1, 1), "acme.a@1": date(2027, 1, 1)})
    assert language.sunset_of("acme.a", 1) == date(2027, 1, 1)
    assert language.sunset_of("acme.b", 1) == date(2026, 1, 1)
    assert language.sunset_of("acme.a", 2) is None


DAY = date(2026, 1, 1)
NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - a day has no zone


def loosely(given: object) -> Any:  # noqa: ANN401 - what a type checker would refuse
    return given


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: PublishedLanguage(""), "is empty"),
        (lambda: PublishedLanguage("acme", mode=loosely("full")), "mode='full'; give a Compatibility"),
        (lambda: PublishedLanguage("acme", supported=loosely(2)), "supported=2; give a range, or one by type"),
        (lambda: PublishedLanguage("acme", supported=loosely({"acme.a": 2})), "supported['acme.a']=2; give a range"),
        (
            lambda: PublishedLanguage("acme", sunset=loosely([1])),
            "sunset=[1]; give a date, as in date(2027, 1, 1), by version",
        ),
        (lambda: PublishedLanguage("acme", sunset={1: loosely("2026-01-01")}), "sunset[1]='2026-01-01'; give a date"),
        (lambda: PublishedLanguage("acme", sunset={1: NOON}), "sunset[1]=datetime.datetime(2026, 1, 1, 12, 0); give a"),
        (lambda: PublishedLanguage("acme", sunset={loosely(None): DAY}), "None names no version"),
        (lambda: PublishedLanguage("acme", semantic_breaks=loosely("net")), "semantic_breaks='net'; give a text that"),
        (
            lambda: PublishedLanguage("acme", semantic_breaks={"acme.a@2": loosely(5)}),
            "semantic_breaks['acme.a@2']=5; give a text that",
        ),
        (lambda: PublishedLanguage("acme", supported="2.0"), "'2.0' is no bound"),
        (lambda: PublishedLanguage("acme", supported={"acme.a": ">2"}), "'>2' is no bound"),
        (lambda: PublishedLanguage("acme", sunset={"acme.a": DAY}), "'acme.a' names no version"),
        (lambda: PublishedLanguage("acme", sunset={0: DAY}), "0 names no version"),
        (lambda: PublishedLanguage("acme", semantic_breaks={"acme.a@0": "why"}), "'acme.a@0' names no version"),
        (lambda: PublishedLanguage("acme", semantic_breaks={"@1": "why"}), "'@1' names no version"),
        (lambda: PublishedLanguage("acme", semantic_breaks=loosely({2: "why"})), "2 names no version"),
        (lambda: PublishedLanguage("acme", semantic_breaks={"acme.a@1": " "}), "say what changed"),
    ],
)
def test_what_is_of_another_form_is_refused(make: Callable[[], PublishedLanguage], said: str) -> None:
    with pytest.raises(DefinitionError, match="language ") as caught:
        make()
    assert said in str(caught.value)


def test_an_event_is_held_to_its_formats_and_to_what_every_store_can_keep() -> None:
    language = PublishedLanguage("acme.sales")
    language.check(Shipped(to="DE"))
    with pytest.raises(InvalidFormat, match=r"Shipped\.to"):
        language.check(Shipped(to="XX"))
    with pytest.raises(InvalidPayload, match=r"field 'note'.*NUL"):
        language.check(Shipped(to="DE", note="\0"))


Code = Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class Leg(Struct, frozen=True):
    code: Code


class Routed(IntegrationEvent, name="acme.sales.routed"):
    code: Code | None = None
    legs: tuple[Leg, ...] = ()
    by: dict[Code, list[Code]] | None = None
    lines: Annotated[str, Meta(pattern=r"^[^;]*$")] = ""
    begins: Annotated[str, Meta(pattern="^[A-Z]")] = "A"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (Routed(code="EUR\n"), "code"),
        (Routed(legs=(Leg(code="EUR"), Leg(code="USD\n"))), "legs[1].code"),
        (Routed(by={"EUR": ["USD", "CHF\n"]}), "by['EUR'][1]"),
        (Routed(by={"EUR\n": []}), "by[key 'EUR\\n']"),
    ],
)
def test_a_line_break_that_slips_through_a_pattern_here_alone_is_not_published(event: Routed, field: str) -> None:
    with pytest.raises(InvalidPayload, match=re.escape(f"field {field!r}: ends with a line break")):
        PublishedLanguage("acme.sales").check(event)


def test_text_that_fits_its_pattern_everywhere_is_published() -> None:
    event = Routed(code="EUR", legs=(Leg(code="EUR"),), by={"EUR": ["USD"]}, lines="a\n", begins="A\n")
    PublishedLanguage("acme.sales").check(event)


class Sold(Event):
    id: str


def speaking(language: PublishedLanguage, cls: type[IntegrationEvent]) -> Context:
    context = Context("sales", language=language)

    def publish(event: Sold) -> IntegrationEvent:
        raise NotImplementedError

    publish.__annotations__["return"] = cls
    context.publishes(publish)
    return context


def test_an_app_refuses_what_is_not_of_the_language_of_its_context() -> None:
    language = PublishedLanguage("acme.sales", supported=">=2")
    App(speaking(language, PlacedV2), store="memory:")
    for cls in (PlacedV1, Elsewhere, Loose):
        with pytest.raises(DefinitionError, match=f"context 'sales': .*{cls.__name__}"):
            App(speaking(language, cls), store="memory:")
