from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

import pytest

from leftfold.errors import InvalidCloudEvent, TooLarge
from leftfold.integration import (
    CloudEvent,
    read_batch,
    read_binary,
    read_http,
    read_structured,
    write_batch,
    write_binary,
    write_structured,
)

WHOLE: dict[str, object] = {"specversion": "1.0", "id": "1", "source": "/orders", "type": "com.example.placed"}


def body(**members: object) -> bytes:
    """A CloudEvent as JSON with these members changed or added; `...` takes one out."""
    return json.dumps({name: value for name, value in (WHOLE | members).items() if value is not ...}).encode()


def refusal(text: bytes) -> InvalidCloudEvent:
    with pytest.raises(InvalidCloudEvent) as caught:
        read_structured(text)
    return caught.value


def test_what_the_refusals_begin_with_is_accepted() -> None:
    assert read_structured(body()) == CloudEvent(id="1", source="/orders", type="com.example.placed")


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
@pytest.mark.parametrize("value", [..., None], ids=["left out", "null"])
def test_a_required_attribute_that_is_missing_is_refused_and_never_made_up(name: str, value: object) -> None:
    error = refusal(body(**{name: value}))
    assert error.attribute == name
    assert "missing" in error.reason


def test_a_time_is_never_made_up() -> None:
    assert read_structured(body()).time is None


@pytest.mark.parametrize(
    "name", ["specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema"]
)
@pytest.mark.parametrize("value", ["", 5, True, 1.5, {}, []], ids=repr)
def test_an_attribute_of_the_specification_is_text_and_not_empty(name: str, value: object) -> None:
    assert refusal(body(**{name: value})).attribute == name


@pytest.mark.parametrize("version", ["0.3", "1", "1.0.2", "1.1", "2.0", "1.0 "])
def test_another_version_of_the_specification_is_refused(version: str) -> None:
    error = refusal(body(specversion=version))
    assert error.attribute == "specversion"
    assert version in str(error)


@pytest.mark.parametrize(
    ("character", "kind"),
    [
        ("\x00", "control"),
        ("\n", "control"),
        ("\x1f", "control"),
        ("\x7f", "control"),
        ("\x85", "control"),
        ("\x9f", "control"),
        ("\ufdd0", "noncharacter"),
        ("\ufdef", "noncharacter"),
        ("\ufffe", "noncharacter"),
        ("\uffff", "noncharacter"),
        ("\U0001fffe", "noncharacter"),
        ("\U0010ffff", "noncharacter"),
        ("\ud800", "surrogate"),
        ("\udfff!", "surrogate"),
    ],
)
@pytest.mark.parametrize("name", ["id", "type", "subject", "anextension"])
def test_characters_that_text_may_not_hold_are_refused(name: str, character: str, kind: str) -> None:
    error = refusal(body(**{name: f"a{character}b"}))
    assert error.attribute == name
    assert kind in error.reason
    assert "at character 1" in error.reason


@pytest.mark.parametrize("text", ["\u00a0", "\ufdcf", "\ufdf0", "\ufffd", "\U0001fffd", "a\U0001f600", "~ "])
def test_characters_beside_the_forbidden_ones_are_kept(text: str) -> None:
    assert read_structured(body(id=text, subject=text)).subject == text


@pytest.mark.parametrize(
    "source",
    [
        "two words",
        "/naïve",
        "/a%2",
        "/a%zz",
        "<orders>",
        "1:2",
        "/a\\b",
        "/a|b",
        "/a^b",
        "/a`b",
        "/{id}",
        'say"',
        "//a:b",
        "//[::1",
        "//[::g]",
        "//[fe80::1%25eth0]",
        "//[v1]",
        "/a#b#c",
        "/a?b#c#",
        "//host/[a]",
    ],
)
def test_a_source_that_is_no_uri_reference_is_refused(source: str) -> None:
    assert refusal(body(source=source)).attribute == "source"


@pytest.mark.parametrize(
    "source",
    [
        "https://github.com/cloudevents",
        "mailto:cncf-wg-serverless@lists.cncf.io",
        "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
        "/cloudevents/spec/pull/123",
        "1-555-123-4567",
        "orders",
        "?query",
        "#fragment",
        "//host:8080/a//b",
        "http://[2001:db8::1]:80/",
        "http://[v1.a:b]",
        "http://user:pw@host",
        "http:",
        "file:///a",
        "/a%2Fb?c=/?:@#d/?",
        "a/b:c",
        "./a:b",
    ],
)
def test_a_source_may_be_any_uri_reference(source: str) -> None:
    assert read_structured(body(source=source)).source == source


@pytest.mark.parametrize(
    "schema", ["/schemas/a", "schema.json", "//host/a", "?a", "#a", "https://example.com/a#b", "https://example.com/ a"]
)
def test_a_dataschema_that_is_no_absolute_uri_is_refused(schema: str) -> None:
    error = refusal(body(dataschema=schema))
    assert error.attribute == "dataschema"
    assert ("fragment" in error.reason) == (schema == "https://example.com/a#b")


@pytest.mark.parametrize("schema", ["https://example.com/a?v=1", "urn:example:schema:1"])
def test_a_dataschema_may_be_any_absolute_uri(schema: str) -> None:
    assert read_structured(body(dataschema=schema)).dataschema == schema


@pytest.mark.parametrize(
    "kind", ["json", "application/", "/json", "a/b/c", "a b/c", "a/b;", "a/b; c", "a/b; c=é", "ä/b"]
)
def test_a_datacontenttype_that_is_no_media_type_is_refused(kind: str) -> None:
    assert refusal(body(datacontenttype=kind)).attribute == "datacontenttype"


@pytest.mark.parametrize(
    "name", ["Upper", "camelCase", "under_score", "da-sh", "do.t", "spa ce", "", "é", "x\n", "data_base65"]
)
def test_a_name_that_is_not_lower_case_letters_and_digits_is_refused(name: str) -> None:
    for value in ("x", 5, None):
        error = refusal(body(**{name: value}))
        assert error.attribute == name
        assert "lower-case" in error.reason


def test_a_name_of_more_than_twenty_characters_is_kept() -> None:
    assert read_structured(body(**{"a" * 40: "x"})).extensions == {"a" * 40: "x"}


@pytest.mark.parametrize("value", [{}, {"a": 1}, [], [1]], ids=repr)
def test_an_extension_that_is_an_object_or_an_array_is_refused(value: object) -> None:
    error = refusal(body(anextension=value))
    assert error.attribute == "anextension"
    assert ("object" if isinstance(value, dict) else "array") in error.reason


@pytest.mark.parametrize("number", ["1.5", "1.0", "1e3", "2147483648", "-2147483649", "9" * 5000])
def test_an_extension_that_is_no_integer_of_32_bits_is_refused(number: str) -> None:
    text = body(anextension="@").replace(b'"@"', number.encode())
    assert refusal(text).attribute == "anextension"


@pytest.mark.parametrize("number", [2147483647, -2147483648, 0])
def test_an_extension_may_be_any_integer_of_32_bits(number: int) -> None:
    assert read_structured(body(anextension=number)).extensions == {"anextension": number}


def test_an_extension_that_is_null_is_left_out() -> None:
    assert read_structured(body(anextension=None, subject=None, time=None)) == read_structured(body())


@pytest.mark.parametrize("data", [None, False, 0, "", {}, [], "text", {"a": 1}], ids=repr)
def test_data_beside_data_base64_is_refused(data: object) -> None:
    error = refusal(body(datacontenttype="image/png", data=data, data_base64="YQ=="))
    assert error.attribute == "data"
    assert "data_base64" in error.reason
    assert "beside" in error.reason


@pytest.mark.parametrize(
    "encoded", ["a", "ab=", "YQ", "YQ==\n", " YQ==", "Y Q==", "YR==", "YQ=\u00e9", "-_==", 5, True, {}]
)
def test_invalid_base64_is_refused(encoded: object) -> None:
    error = refusal(body(datacontenttype="image/png", data_base64=encoded))
    assert error.attribute == "data_base64"


def test_a_member_named_twice_is_refused() -> None:
    assert refusal(body().replace(b'"id"', b'"id": "0", "id"')).attribute == "id"
    assert refusal(body(data={"a": {"b": 1}}).replace(b'"b"', b'"b": 1, "b"')).attribute == "data"
    assert refusal(body(data={}).replace(b'"data"', b'"data": 1, "data"')).attribute == "data"
    assert refusal(body().replace(b'"id"', b'"x": 1, "\\u0078": 2, "id"')).attribute == "x"


@pytest.mark.parametrize("text", ["[]", "5", "1.5", '"a"', "null", "true", "[{}]"])
def test_a_body_that_is_no_object_is_refused(text: str) -> None:
    error = refusal(text.encode())
    assert error.attribute is None
    assert "no object" in error.reason


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        body() + b"x",
        body() + body(),
        body()[:-1],
        b"\xef\xbb\xbf" + body(),
        body().decode().encode("utf-16"),
        body(id="@").replace(b"@", b"\xff"),
        body(id="@").replace(b"@", b"\xed\xa0\x80"),
        body(data=1).replace(b"1}", b"NaN}"),
        body(data=1).replace(b"1}", b"Infinity}"),
        body(data=1).replace(b"1}", b"01}"),
        body(data=1).replace(b"1}", b"1,}"),
        body(data=1).replace(b"1}", b"[" * 100_000),
    ],
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    assert refusal(text).attribute is None


def test_content_that_holds_a_lone_surrogate_is_refused() -> None:
    assert refusal(body(data={"a": "\ud800"})).attribute == "data"
    assert refusal(body(datacontenttype="text/plain", data="\ud800")).attribute == "data"


@pytest.mark.parametrize("data", [None, 5, 1.5, True, {}, []], ids=repr)
def test_content_that_is_neither_text_nor_json_by_its_type_is_refused(data: object) -> None:
    assert refusal(body(datacontenttype="text/xml", data=data)).attribute == "data"


def test_bytes_that_are_said_to_be_json_and_are_not_are_refused() -> None:
    assert refusal(body(datacontenttype="application/json", data_base64="YQ==")).attribute == "data"
    assert read_structured(body(data_base64="e30=")).data == b"{}"


def test_a_body_above_the_limit_is_refused_and_one_at_the_limit_is_read() -> None:
    text = body()
    read_structured(text, limit=len(text))
    with pytest.raises(TooLarge, match="MAX_CLOUD_EVENT_BYTES") as caught:
        read_structured(text, limit=len(text) - 1)
    assert (caught.value.size, caught.value.limit) == (len(text), len(text) - 1)
    with pytest.raises(TooLarge):
        read_structured(body(data="x" * 1024 * 1024))


def test_data_base64_that_is_null_is_left_out() -> None:
    assert read_structured(body(data=1, data_base64=None)).data == b"1"
    assert read_structured(body(data_base64=None)).data is None


def test_a_batch_is_read_in_its_order_whole_or_not_at_all() -> None:
    text = b"[" + body(id="1") + b", " + body(id="2", data=[1]) + b"]"
    assert [event.id for event in read_batch(text)] == ["1", "2"]
    assert read_batch(b"[]") == ()
    with pytest.raises(InvalidCloudEvent, match="CloudEvent 1 of the batch") as caught:
        read_batch(b"[" + body() + b"," + body(id=...) + b"]")
    assert (caught.value.index, caught.value.attribute) == (1, "id")


@pytest.mark.parametrize("text", [b"", b"{}", b"[]x", body(), b"[1", b'"\xff"', b"null"])
def test_a_batch_that_is_no_array_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidCloudEvent, match="batch"):
        read_batch(text)


def test_a_batch_of_what_is_no_event_is_refused() -> None:
    with pytest.raises(InvalidCloudEvent) as caught:
        read_batch(b"[[]]")
    assert caught.value.index == 0


def test_a_batch_above_the_limit_is_refused() -> None:
    text = write_batch([read_structured(body())] * 2)
    assert len(read_batch(text, limit=len(text))) == 2
    with pytest.raises(TooLarge, match="MAX_BATCH_BYTES"):
        read_batch(text, limit=len(text) - 1)


@pytest.mark.parametrize(
    ("attribute", "fields"),
    [
        ("id", {"id": ""}),
        ("id", {"id": 5}),
        ("source", {"source": "a b"}),
        ("source", {"source": None}),
        ("type", {"type": "\n"}),
        ("specversion", {"specversion": "0.3"}),
        ("subject", {"subject": ""}),
        ("dataschema", {"dataschema": "/a"}),
        ("datacontenttype", {"datacontenttype": "json"}),
        ("data", {"data": "text"}),
        ("data", {"data": 5}),
        ("data", {"data": b"{"}),
        ("data", {"datacontenttype": "text/plain", "data": "\ud800"}),
        ("time", {"time": "2024-03-01T12:00:00Z"}),
        ("id", {"extensions": {"id": "1"}}),
        ("data", {"extensions": {"data": "1"}}),
        ("A", {"extensions": {"A": "1"}}),
        ("1", {"extensions": {1: "1"}}),
        ("a", {"extensions": {"a": 2**31}}),
        ("a", {"extensions": {"a": 1.5}}),
        ("a", {"extensions": {"a": None}}),
        ("a", {"extensions": {"a": "\x00"}}),
        ("extensions", {"extensions": 5}),
    ],
)
def test_what_the_specification_forbids_cannot_be_put_together_either(
    attribute: str, fields: dict[str, object]
) -> None:
    make = cast("Callable[..., CloudEvent]", CloudEvent)
    with pytest.raises(InvalidCloudEvent) as caught:
        make(**({"id": "1", "source": "/", "type": "t"} | fields))
    assert caught.value.attribute == attribute


def test_what_was_checked_is_what_is_written() -> None:
    extensions: dict[str, bool | int | str] = {"a": "1"}
    event = CloudEvent(id="1", source="/", type="t", extensions=extensions)
    extensions["B"] = "2"
    assert event.extensions == {"a": "1"}
    assert read_structured(write_structured(event)) == event


def test_modes_are_told_apart_by_their_content_type() -> None:
    event = read_structured(body(data={"a": 1}, datacontenttype="application/json"))
    message = write_binary(event)
    structured = "Application/CloudEvents+JSON; charset=UTF-8"
    assert read_http(message.headers, message.body) == (event,)
    assert read_http([("Content-Type", structured), ("ce-id", "2")], write_structured(event)) == (event,)
    assert read_http([("content-type", "application/cloudevents-batch+json")], write_batch([event] * 2)) == (event,) * 2


@pytest.mark.parametrize(
    "kind",
    ["application/cloudevents+avro", "application/cloudevents", "application/cloudevents+json; charset=utf-16"],
)
def test_another_format_of_the_body_is_refused(kind: str) -> None:
    with pytest.raises(InvalidCloudEvent):
        read_http([("content-type", kind)], body())


def test_binary_mode_does_not_read_an_event_in_the_body() -> None:
    with pytest.raises(InvalidCloudEvent) as caught:
        read_binary([("content-type", "application/cloudevents+json")], body())
    assert caught.value.attribute == "datacontenttype"
