from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leftfold.errors import InvalidCloudEvent
from leftfold.integration import (
    CloudEvent,
    ReadTime,
    read_batch,
    read_binary,
    read_http,
    read_structured,
    read_timestamp,
    write_batch,
    write_binary,
    write_structured,
    write_timestamp,
)
from tests.integration.cloud_events import events, exact_texts, finer, moments

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


def as_binary_mode_carries(event: CloudEvent) -> CloudEvent:
    """*event* as far as there are no types of values, and content is bytes of a type."""
    data = (event.data.encode() if isinstance(event.data, str) else event.data) or None
    values = {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in event.extensions.items()
    }
    kind = "application/json" if event.datacontenttype is None and data is not None else event.datacontenttype
    return replace(event, data=data, extensions=values, datacontenttype=kind)


def offset(event: CloudEvent) -> timedelta | None:
    return None if event.time is None else event.time.utcoffset()


@given(events())
def test_structured_mode_gives_back_an_equal_event(event: CloudEvent) -> None:
    text = write_structured(event)
    back = read_structured(text)
    assert back == event
    assert offset(back) == offset(event)
    assert write_structured(back) == text
    assert {name: type(value) for name, value in back.extensions.items()} == {
        name: type(value) for name, value in event.extensions.items()
    }


@given(events())
def test_structured_mode_is_json_with_a_member_for_each_attribute(event: CloudEvent) -> None:
    members = json.loads(write_structured(event))
    content = {"data", "data_base64"}
    assert {name: value for name, value in members.items() if name not in content} == event.attributes()
    kind = "data" if event.is_json or isinstance(event.data, str) else "data_base64"
    assert content & members.keys() == (set() if event.data is None else {kind})


@given(events())
def test_binary_mode_gives_back_all_that_it_can_carry(event: CloudEvent) -> None:
    message = write_binary(event)
    back = read_binary(message.headers, message.body)
    assert back == as_binary_mode_carries(event)
    assert offset(back) == offset(event)
    assert read_http(message.headers, message.body) == (back,)
    assert write_binary(back) == message


@given(st.lists(events(), max_size=4))
def test_a_batch_gives_back_equal_events_in_their_order(batch: list[CloudEvent]) -> None:
    assert read_batch(write_batch(batch)) == tuple(batch)


@given(events())
def test_one_mode_says_what_the_other_says(event: CloudEvent) -> None:
    message = write_binary(read_structured(write_structured(event)))
    assert message == write_binary(event)


@pytest.mark.parametrize("data", [b"null", b"1e400", b"0.10", b'{ "b": 1,\n"a": 2 }', b"1" * 5000, b'"\\u00e9"'])
def test_json_content_is_carried_byte_for_byte(data: bytes) -> None:
    event = CloudEvent(id="1", source="/", type="t", data=data)
    assert read_structured(write_structured(event)).data == data
    assert write_binary(event).body == data


def test_white_space_around_json_content_is_dropped() -> None:
    event = CloudEvent(id="1", source="/", type="t", data=b"\r\n\t [ 1 ] ")
    assert event.data == b"[ 1 ]"
    assert read_structured(write_structured(event)) == event
    text = CloudEvent(id="1", source="/", type="t", data=b" a ", datacontenttype="text/plain")
    assert read_structured(write_structured(text)).data == b" a "


def test_json_null_is_content_and_no_content_is_none() -> None:
    null = CloudEvent(id="1", source="/", type="t", data=b"null")
    none = CloudEvent(id="1", source="/", type="t")
    assert read_structured(write_structured(null)).data == b"null"
    assert read_structured(write_structured(none)).data is None


def test_text_stays_text_and_bytes_stay_bytes_in_structured_mode() -> None:
    text = CloudEvent(id="1", source="/", type="t", datacontenttype="text/xml", data="<a/>")
    data = replace(text, data=b"<a/>")
    assert json.loads(write_structured(text))["data"] == "<a/>"
    assert json.loads(write_structured(data))["data_base64"] == "PGEvPg=="
    assert read_structured(write_structured(text)) == text != data == read_structured(write_structured(data))


@given(moments)
def test_a_time_comes_back_from_its_text_with_its_offset(moment: datetime) -> None:
    time, exact = read_timestamp(write_timestamp(moment))
    assert (time, time.utcoffset(), exact) == (moment, moment.utcoffset(), None)


@given(exact_texts)
def test_digits_below_the_microsecond_are_kept_beside_the_time(text: str) -> None:
    time, exact = read_timestamp(text)
    fraction = text[20:].rstrip("Z").partition("+")[0].partition("-")[0]
    assert time.microsecond == int(fraction[:6])
    assert exact == (text if fraction[6:].strip("0") else None)


@given(moments, st.text(st.sampled_from("0123456789"), min_size=1, max_size=6).filter(lambda text: text.strip("0")))
def test_an_exact_time_goes_through_both_modes(moment: datetime, digits: str) -> None:
    text = finer(moment, digits)
    members = {"specversion": "1.0", "id": "1", "source": "/", "type": "t", "time": text}
    event = read_structured(json.dumps(members).encode())
    assert event.exact_time == text
    assert json.loads(write_structured(event))["time"] == text
    message = write_binary(event)
    assert dict(message.headers)["ce-time"] == text
    assert read_binary(message.headers, message.body) == event


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-03-01T12:00:00Z", ReadTime(NOON, None)),
        ("2024-03-01t12:00:00z", ReadTime(NOON, None)),
        ("2024-03-01T12:00:00.000000000Z", ReadTime(NOON, None)),
        ("2024-03-01T12:00:00+00:00", ReadTime(NOON, None)),
        ("2024-03-01t12:00:00-00:00", ReadTime(NOON, "2024-03-01T12:00:00-00:00")),
        ("2024-03-01T12:00:00.0000001Z", ReadTime(NOON, "2024-03-01T12:00:00.0000001Z")),
        (
            "2016-12-31T23:59:60Z",
            ReadTime(datetime(2016, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "2016-12-31T23:59:60Z"),
        ),
        (
            "2017-01-01T00:59:60.5+01:00",
            ReadTime(
                datetime(2017, 1, 1, 0, 59, 59, 999999, tzinfo=timezone(timedelta(hours=1))),
                "2017-01-01T00:59:60.5+01:00",
            ),
        ),
    ],
)
def test_a_time_is_read_as_rfc_3339_has_it(text: str, read: ReadTime) -> None:
    assert read_timestamp(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01",
        "2024-03-01T12:00:00",
        "2024-03-01T12:00Z",
        "2024-03-01 12:00:00Z",
        "2024-03-01T12:00:00+0100",
        "2024-03-01T12:00:00+01",
        "2024-03-01T12:00:00+24:00",
        "2024-03-01T12:00:00+01:60",
        "2024-03-01T24:00:00Z",
        "2024-03-01T12:60:00Z",
        "2024-03-01T12:00:61Z",
        "2024-03-01T12:00:60Z",
        "2024-03-01T23:59:60Z",
        "2016-12-31T22:59:60Z",
        "2017-01-01T00:59:60Z",
        "2016-12-31T23:59:60+01:00",
        "2024-02-30T12:00:00Z",
        "2023-02-29T12:00:00Z",
        "2024-13-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "2024-03-01T12:00:00.Z",
        "2024-03-01T12:00:00,5Z",
        "2024-061T12:00:00Z",
        "2024-W09-5T12:00:00Z",
        "20240301T120000Z",
        "+2024-03-01T12:00:00Z",
        "2024-03-01T12:00:00Z ",
        "٢٠٢٤-03-01T12:00:00Z",
        "1709294400",
        "yesterday",
        "",
    ],
)
def test_a_time_that_rfc_3339_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no RFC 3339 time|no time|leap second"):
        read_timestamp(text)
    members = {"specversion": "1.0", "id": "1", "source": "/", "type": "t", "time": text}
    with pytest.raises(InvalidCloudEvent) as caught:
        read_structured(json.dumps(members).encode())
    assert caught.value.attribute == "time"


@pytest.mark.parametrize(
    "time",
    [datetime(2024, 3, 1), datetime(2024, 3, 1, tzinfo=timezone(timedelta(seconds=90)))],  # noqa: DTZ001
)
def test_a_time_without_text_of_its_own_is_refused(time: datetime) -> None:
    with pytest.raises(InvalidCloudEvent) as caught:
        CloudEvent(id="1", source="/", type="t", time=time)
    assert caught.value.attribute == "time"


def test_a_named_zone_becomes_the_offset_it_has_then() -> None:
    twice = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    event = CloudEvent(id="1", source="/", type="t", time=twice)
    assert event.attributes()["time"] == "2024-10-27T02:30:00+01:00"
    assert read_structured(write_structured(event)) == event


@pytest.mark.parametrize("exact", ["2024-03-01T12:00:00Z", "2024-03-01T12:00:01.0000001Z", "noon", ""])
def test_an_exact_time_that_is_not_of_the_time_is_refused(exact: str) -> None:
    with pytest.raises(InvalidCloudEvent) as caught:
        CloudEvent(id="1", source="/", type="t", time=NOON, exact_time=exact)
    assert caught.value.attribute == "time"
    with pytest.raises(InvalidCloudEvent):
        CloudEvent(id="1", source="/", type="t", exact_time="2024-03-01T12:00:00.0000001Z")
