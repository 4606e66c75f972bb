from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.errors import InvalidCloudEvent, InvalidInput, InvalidPayload, UnknownMessageType, UnsupportedVersion
from leftfold.integration import (
    CloudEvent,
    CountryCode,
    Received,
    cloud_event_of,
    published_type,
    read_binary,
    read_structured,
    received,
    supported_version,
    write_binary,
    write_structured,
)
from leftfold.messages import ConsumerView, Event, IntegrationEvent, Metadata, RecordedEvent

OCCURRED = datetime(2024, 3, 1, 12, tzinfo=UTC)
RECORDED = datetime(2024, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ID = UUID("018df9a0-0000-7000-8000-000000000001")
TYPE = "com.example.ordering.order-placed"
KNOWN = Metadata(correlation_id="c-1", causation_id="e-1", command_id="x-1", actor="ann", tenant="t", extra={"a": "b"})


class OrderPlaced(IntegrationEvent, name="order-placed", version=3):
    order_id: str
    total: Decimal
    at: datetime


class Placed(Event):
    order_id: str


PLACED = OrderPlaced(order_id="7", total=Decimal("12.30"), at=OCCURRED)


def recorded(event: object, metadata: Metadata = KNOWN) -> RecordedEvent[object]:
    return RecordedEvent(
        event=event,
        stream="order-7",
        version=4,
        position=99,
        id=ID,
        type="Placed",
        schema_version=1,
        occurred_at=OCCURRED,
        recorded_at=RECORDED,
        metadata=metadata,
        tags=("vip",),
    )


def sent(event: object = PLACED, metadata: Metadata = KNOWN) -> CloudEvent:
    return cloud_event_of(recorded(event, metadata), source="/ordering", type=TYPE)


def test_an_integration_event_becomes_a_cloud_event_and_what_is_inside_stays_inside() -> None:
    event = cloud_event_of(
        recorded(PLACED), source="/ordering", type=TYPE, subject="7", dataschema="https://example.com/schemas/placed-3"
    )
    assert event == CloudEvent(
        id=str(ID),
        source="/ordering",
        type=TYPE,
        time=OCCURRED,
        subject="7",
        datacontenttype="application/json",
        dataschema="https://example.com/schemas/placed-3",
        data=b'{"order_id":"7","total":"12.30","at":"2024-03-01T12:00:00Z"}',
        extensions={
            "schemaversion": 3,
            "recordedtime": "2024-03-01T12:00:00.250000Z",
            "correlationid": "c-1",
            "causationid": "e-1",
        },
    )


def test_each_of_several_events_of_one_recorded_event_can_have_an_id_of_its_own() -> None:
    event = cloud_event_of(recorded(PLACED), source="/ordering", type=TYPE, id=f"{ID}-2")
    assert event == msgspec.structs.replace(sent(), id=f"{ID}-2")
    with pytest.raises(InvalidCloudEvent):
        cloud_event_of(recorded(PLACED), source="/ordering", type=TYPE, id="")


def test_what_is_not_known_is_not_said() -> None:
    assert sent(metadata=Metadata()).extensions.keys() == {"schemaversion", "recordedtime"}


def test_a_domain_event_does_not_leave_its_context() -> None:
    with pytest.raises(InvalidCloudEvent, match="never leave") as caught:
        sent(Placed(order_id="7"))
    assert caught.value.attribute == "data"


def test_an_event_that_would_not_read_back_is_not_sent() -> None:
    naive = OrderPlaced(order_id="7", total=Decimal(1), at=OCCURRED.replace(tzinfo=None))
    with pytest.raises(InvalidPayload, match="order-placed"):
        sent(naive)
    with pytest.raises(InvalidPayload):
        sent(OrderPlaced(order_id="\x00", total=Decimal(1), at=OCCURRED))


@pytest.mark.parametrize("binary", [False, True])
def test_what_was_sent_is_received_in_either_mode(binary: bool) -> None:
    event = sent()
    if binary:
        message = write_binary(event)
        event = read_binary(message.headers, message.body)
    else:
        event = read_structured(write_structured(event))
    assert supported_version(event, {TYPE: {2, 3}}) == 3
    got = received(event, OrderPlaced)
    assert got == Received(event=PLACED, metadata=Metadata(correlation_id="c-1", causation_id="e-1"), cloud_event=event)
    assert got.metadata.caused_by(event.id) == Metadata(correlation_id="c-1", causation_id=str(ID))


orders = st.builds(
    OrderPlaced,
    order_id=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    total=st.decimals(allow_nan=False, allow_infinity=False),
    at=st.datetimes(timezones=st.just(UTC)),
)


@given(orders)
def test_any_event_comes_back_exactly(order: OrderPlaced) -> None:
    back = received(read_structured(write_structured(sent(order))), OrderPlaced).event
    assert back == order
    assert str(back.total) == str(order.total)


def test_a_member_that_the_class_does_not_name_is_let_be() -> None:
    class Seen(IntegrationEvent):
        order_id: str

    assert received(sent(), Seen).event == Seen(order_id="7")


class Line(msgspec.Struct, frozen=True):
    country: CountryCode


class Due(ConsumerView, of=TYPE, versions=">=2,<4"):
    order_id: str
    lines: tuple[Line, ...] = ()


def test_a_view_reads_its_fields_of_what_another_system_sent() -> None:
    got = received(read_structured(write_structured(sent())), Due)
    assert got.event == Due(order_id="7")
    assert got.metadata == Metadata(correlation_id="c-1", causation_id="e-1")


def test_a_view_refuses_a_version_that_it_does_not_read_and_lists_those_that_it_does() -> None:
    with pytest.raises(UnsupportedVersion) as caught:
        received(msgspec.structs.replace(sent(), extensions={"schemaversion": 4}), Due)
    assert (caught.value.version, caught.value.supported) == (4, (2, 3))


def test_a_view_refuses_an_event_of_another_type() -> None:
    with pytest.raises(UnknownMessageType) as caught:
        received(msgspec.structs.replace(sent(), type="com.example.ordering.order-dropped"), Due)
    assert caught.value.known == (TYPE,)


@pytest.mark.parametrize("cls", [OrderPlaced, Due])
def test_an_event_of_nobody_that_is_known_is_refused(cls: type[OrderPlaced | Due]) -> None:
    for known in (None, {"/ordering"}, ("/a", "/ordering")):
        assert received(sent(), cls, sources=known).cloud_event.source == "/ordering"
    for unknown, said in ((["/b", "/a"], "of /a, /b alone"), (list[str](), "of nobody alone"), (["/ORDERING"], "/ORD")):
        with pytest.raises(InvalidCloudEvent, match=f"is '/ordering', and events are taken .*{said}") as caught:
            received(sent(), cls, sources=unknown)
        assert caught.value.attribute == "source"


@pytest.mark.parametrize("wrong", [None, b"{}", {"id": "1"}])
def test_what_is_not_read_yet_is_no_event(wrong: object) -> None:
    with pytest.raises(InvalidInput, match="is no CloudEvent; read it first, as read_http does"):
        received(cast("CloudEvent", wrong), Due)


def test_one_text_is_no_collection_of_sources() -> None:
    for sources in ("/ordering/v2", "/ordering"):  # a part of the first is a source of somebody else
        with pytest.raises(InvalidInput, match="is one text"):
            received(sent(), Due, sources=sources)


def test_a_view_reads_an_event_that_names_no_version_only_when_told_which_it_is() -> None:
    unnamed = msgspec.structs.replace(sent(), extensions={})
    with pytest.raises(InvalidCloudEvent) as caught:
        received(unnamed, Due)
    assert caught.value.attribute == "schemaversion"
    assert received(unnamed, Due, unnamed=2).event == Due(order_id="7")


def test_what_a_view_reads_is_held_to_its_formats() -> None:
    fits, not_so = (b'{"order_id": "7", "lines": [{"country": "%s"}]}' % code for code in (b"DE", b"QQ"))
    assert received(msgspec.structs.replace(sent(), data=fits), Due).event.lines == (Line(country="DE"),)
    with pytest.raises(InvalidCloudEvent, match="QQ") as caught:
        received(msgspec.structs.replace(sent(), data=not_so), Due)
    assert caught.value.attribute == "data"


@pytest.mark.parametrize(
    "event",
    [
        msgspec.structs.replace(sent(), data=None),
        msgspec.structs.replace(sent(), data=b"{}"),
        msgspec.structs.replace(sent(), data=b"null"),
        msgspec.structs.replace(sent(), data=b"{}", datacontenttype="text/plain"),
    ],
)
def test_content_that_is_not_of_the_class_is_refused(event: CloudEvent) -> None:
    with pytest.raises(InvalidCloudEvent, match="OrderPlaced") as caught:
        received(event, OrderPlaced)
    assert caught.value.attribute == "data"


class Picky(msgspec.Struct, frozen=True):
    part: str

    def __post_init__(self) -> None:
        {"wheel": 1}[self.part]


class Repair(ConsumerView, of=TYPE, versions=">=1"):
    picky: Picky


def test_content_that_a_class_of_its_own_refuses_is_refused_whatever_it_raises() -> None:
    event = CloudEvent(
        id="1", source="/a", type=TYPE, data=b'{"picky": {"part": "door"}}', extensions={"schemaversion": 1}
    )
    with pytest.raises(InvalidCloudEvent, match="is no Repair: 'door'") as caught:
        received(event, Repair)
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("extension", ["correlationid", "causationid"])
@pytest.mark.parametrize("value", ["", 5, True])
def test_an_id_that_is_no_text_is_refused(extension: str, value: str | int) -> None:
    with pytest.raises(InvalidCloudEvent) as caught:
        received(msgspec.structs.replace(sent(), extensions={extension: value}), OrderPlaced)
    assert caught.value.attribute == extension


def test_a_name_goes_with_its_context_unless_it_has_a_domain_of_its_own() -> None:
    class Named(IntegrationEvent, name="com.example.placed"):
        pass

    assert published_type("com.example.ordering", OrderPlaced) == TYPE
    assert published_type("ordering", OrderPlaced) == "ordering.order-placed"
    assert published_type("ordering", Named) == "com.example.placed"


def test_a_type_that_is_not_supported_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnknownMessageType, match=r"'a\.x', 'b\.y'") as caught:
        supported_version(sent(), {"b.y": [1], "a.x": [1]})
    assert (caught.value.type, caught.value.known) == (TYPE, ("a.x", "b.y"))


@pytest.mark.parametrize(("supported", "advice"), [([2, 1], "Deploy"), ([5, 4], "publisher"), ([], "Deploy")])
def test_a_version_that_is_not_supported_is_refused_with_those_that_are(supported: list[int], advice: str) -> None:
    with pytest.raises(UnsupportedVersion, match=advice) as caught:
        supported_version(sent(), {TYPE: supported})
    error = caught.value
    assert (error.type, error.version, error.supported) == (TYPE, 3, tuple(sorted(supported)))


def test_a_version_is_never_guessed() -> None:
    bare = msgspec.structs.replace(sent(), extensions={})
    with pytest.raises(InvalidCloudEvent, match="missing") as caught:
        supported_version(bare, {TYPE: [1]})
    assert caught.value.attribute == "schemaversion"
    assert supported_version(bare, {TYPE: [1]}, unnamed=1) == 1
    with pytest.raises(UnsupportedVersion):
        supported_version(bare, {TYPE: [2]}, unnamed=1)


@pytest.mark.parametrize("value", [0, -1, True, "", "0", "01", "1.0", "v1", " 1", "1" * 40, "\u0661"])
def test_a_version_that_is_none_is_refused(value: str | int) -> None:
    with pytest.raises(InvalidCloudEvent) as caught:
        supported_version(msgspec.structs.replace(sent(), extensions={"schemaversion": value}), {TYPE: [1]})
    assert caught.value.attribute == "schemaversion"
