"""What a log reads as to other contexts: every version that is published, and views of the newest that they read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import ConsumerView, Event, IntegrationEvent, RecordedEvent
from leftfold.errors import InvalidPayload, UnreadableMessage, UnsupportedVersion
from leftfold.integration.published_events import Check, PublishedEvents
from leftfold.integration.publishing import Publication
from leftfold.messages.consumer_view import ViewType
from leftfold.messages.message import MessageType
from leftfold.store.events import StoredEvent
from leftfold.subscriptions.admitting import Unread

WHEN = datetime(2026, 1, 2, tzinfo=UTC)


class Paid(Event):
    id: str
    cents: int


class V1(IntegrationEvent, name="shop.paid", version=1):
    id: str


class V2(IntegrationEvent, name="shop.paid", version=2):
    id: str
    cents: int


class V4(IntegrationEvent, name="shop.paid", version=4):
    id: str
    euros: float


class Other(IntegrationEvent, name="shop.other"):
    id: str


class Any2(ConsumerView, of="shop.paid", versions="<3"):
    id: str


class Only1(ConsumerView, of="shop.paid", versions="1"):
    id: str


class From2(ConsumerView, of="shop.paid", versions=">=2"):
    id: str
    cents: int = -1


class Only3(ConsumerView, of="shop.paid", versions="3"):
    id: str


class Reader:
    """Reads whatever is stored as these events."""

    def __init__(self, *events: object) -> None:
        self._events = events

    def recorded(self, stored: StoredEvent, wanted: frozenset[type] | None = None) -> tuple[RecordedEvent[object], ...]:
        return tuple(
            RecordedEvent(
                event=event,
                stream=stored.stream,
                version=stored.version,
                position=stored.position,
                id=stored.id,
                type=stored.type,
                schema_version=stored.schema_version,
                occurred_at=WHEN,
                recorded_at=WHEN,
            )
            for event in self._events
            if wanted is None or type(event) in wanted
        )


STORED = StoredEvent(
    stream="till-1",
    version=1,
    position=7,
    id=UUID(int=1),
    type="Paid",
    schema_version=1,
    data=b"{}",
    metadata=b"{}",
    tags=(),
    occurred_at=WHEN,
    recorded_at=WHEN,
)


def publishing(give: Callable[[Any], IntegrationEvent | None], *classes: type[IntegrationEvent]) -> Publication:
    return Publication((Paid,), classes, give)


EVERY = (
    publishing(lambda event: V1(id=event.id), V1),
    publishing(lambda event: V2(id=event.id, cents=event.cents), V2),
    publishing(lambda event: V4(id=event.id, euros=event.cents / 100), V4),
)


def seen(
    publications: Sequence[Publication], wanted: Iterable[type] | None, *events: Event, check: Check | None = None
) -> list[object]:
    reader = PublishedEvents(Reader(*(events or (Paid(id="a", cents=5),))), publications, wanted, check)
    found = reader.recorded(STORED)
    assert {(one.position, one.stream, one.id) for one in found} <= {(7, "till-1", UUID(int=1))}
    return [one.event for one in found]


def test_everything_that_is_published_of_an_event_is_read_in_the_order_of_registration() -> None:
    assert seen(EVERY, None) == [V1(id="a"), V2(id="a", cents=5), V4(id="a", euros=0.05)]


def test_who_follows_a_class_reads_that_version_alone() -> None:
    assert seen(EVERY, [V2]) == [V2(id="a", cents=5)]
    assert seen(EVERY, [Other]) == []


def test_a_view_is_of_the_newest_version_that_it_reads() -> None:
    assert seen(EVERY, [Any2]) == [Any2(id="a")]
    assert seen(EVERY, [From2]) == [From2(id="a", cents=-1)]
    assert seen(EVERY[:2], [From2]) == [From2(id="a", cents=5)]
    assert seen(EVERY, [Only1]) == [Only1(id="a")]


def test_a_version_that_no_view_reads_is_an_error_that_names_it() -> None:
    (unread,) = seen(EVERY, [Only3])
    assert isinstance(unread, Unread)
    assert isinstance(unread.error, UnsupportedVersion)
    assert (unread.error.type, unread.error.version, unread.error.supported) == ("shop.paid", 4, (3,))


def test_what_becomes_of_one_event_in_two_parts_is_read_for_each() -> None:
    first, second = Paid(id="a", cents=1), Paid(id="b", cents=2)
    assert seen(EVERY[:2], [From2], first, second) == [From2(id="a", cents=1), From2(id="b", cents=2)]


def test_what_is_published_to_nobody_here_is_not_even_made() -> None:
    def explode(event: Paid) -> Other:
        raise AssertionError(event)

    assert seen([*EVERY, publishing(explode, Other)], [V1]) == [V1(id="a")]


def test_a_publication_that_raises_or_lies_is_an_error_of_its_event() -> None:
    def explode(event: Paid) -> V1:
        raise RuntimeError(f"no {event.id}")

    (raised,) = seen([publishing(explode, V1)], [V1])
    (lied,) = seen([publishing(lambda event: V2(id=event.id, cents=1), V1)], [V1])
    for unread, said in ((raised, "'explode' raised RuntimeError: no a"), (lied, "which it does not declare")):
        assert isinstance(unread, Unread)
        assert isinstance(unread.error, UnreadableMessage)
        assert said in str(unread.error)
        assert unread.error.type == "shop.paid"


def test_what_is_refused_before_others_see_it_is_an_error_of_its_event() -> None:
    def check(event: IntegrationEvent) -> None:
        if isinstance(event, V2):
            raise InvalidPayload("event", "it is no good")

    first, second = seen(EVERY[:2], [V1, V2], check=check)
    assert first == V1(id="a")
    assert isinstance(second, Unread)
    assert isinstance(second.error, InvalidPayload)


kinds = st.recursive(
    st.sampled_from([int, str, bool, float]),
    lambda inner: st.one_of(
        inner.map(lambda kind: list[kind]),  # type: ignore[valid-type]
        inner.map(lambda kind: kind | None),
    ),
    max_leaves=3,
)
names = st.sampled_from(["a", "b", "c", "d", "e"])


class Rate(IntegrationEvent, name="shop.rate"):
    rate: float | None


class RateView(ConsumerView, of="shop.rate", versions="1"):
    rate: float | None


@pytest.mark.parametrize("rate", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("wanted", [[Rate], [RateView], None])
def test_what_others_would_read_as_something_else_is_an_error(rate: float, wanted: list[type] | None) -> None:
    (unread,) = seen([publishing(lambda _: Rate(rate=rate), Rate)], wanted)
    assert isinstance(unread, Unread)
    assert isinstance(unread.error, InvalidPayload)
    assert "published event 'shop.rate' v1" in str(unread.error)


def finite(value: object) -> bool:
    """Whether JSON can say it."""
    if isinstance(value, list):
        return all(map(finite, cast("list[object]", value)))
    return not isinstance(value, float) or math.isfinite(value)


@given(
    fields=st.dictionaries(names, kinds, min_size=1),
    kept=st.sets(names),
    extra=st.sets(st.sampled_from(["x", "y"])),
    data=st.data(),
)
def test_what_is_published_decodes_in_every_view_whose_fields_it_has(
    fields: dict[str, Any], kept: set[str], extra: set[str], data: st.DataObject
) -> None:
    read = {name: kind for name, kind in fields.items() if name in kept}
    event_type: Any = MessageType("Told", (IntegrationEvent,), {"__annotations__": fields})
    body = {"__annotations__": read | dict.fromkeys(extra, int | None), **dict.fromkeys(extra)}
    view_type: Any = ViewType("Seen", (ConsumerView,), body, of="Told", versions="1")
    event = event_type(**{name: data.draw(st.from_type(kind)) for name, kind in fields.items()})
    (view,) = seen([publishing(lambda _: event, event_type)], [view_type])
    if not all(finite(getattr(event, name)) for name in fields):
        assert isinstance(view, Unread)
        assert isinstance(view.error, InvalidPayload)
        return
    assert type(view) is view_type
    assert {name: getattr(view, name) for name in read} == {name: getattr(event, name) for name in read}
    assert [getattr(view, name) for name in extra] == [None] * len(extra)


@pytest.mark.parametrize("wanted", [[From2, Any2], [Any2, From2]])
def test_several_views_of_one_event_come_in_an_order_that_never_changes(wanted: list[type]) -> None:
    assert seen(EVERY, wanted) == [Any2(id="a"), From2(id="a")]
