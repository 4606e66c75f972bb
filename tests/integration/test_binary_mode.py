from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.errors import InvalidCloudEvent, TooLarge
from leftfold.integration import (
    CloudEvent,
    HttpMessage,
    read_batch,
    read_binary,
    read_http,
    read_structured,
    write_binary,
)
from leftfold.integration.header_values import read_header_value, write_header_value

HEADERS = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/orders"), ("ce-type", "com.example.placed")]
EVENT = CloudEvent(id="1", source="/orders", type="com.example.placed")


def refusal(*headers: tuple[str, str], body: bytes = b"") -> InvalidCloudEvent:
    given = {name.lower() for name, _ in headers}
    with pytest.raises(InvalidCloudEvent) as caught:
        read_binary([*(pair for pair in HEADERS if pair[0] not in given), *headers], body)
    return caught.value


def test_what_the_refusals_begin_with_is_accepted_whatever_else_the_message_carries() -> None:
    assert read_binary([*HEADERS, ("Accept", "*/*"), ("Accept", "a/b"), ("x-ce-id", "\xff")], b"") == EVENT
    assert read_binary([(name.upper(), f"\t {value} ") for name, value in HEADERS], b"") == EVENT


def test_only_the_letters_a_to_z_of_a_name_have_cases() -> None:
    assert refusal(("ce-\u212a", "1")).attribute == "\u212a"  # the sign of Kelvin, which Python lowers to k


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_a_required_header_that_is_missing_is_refused(name: str) -> None:
    with pytest.raises(InvalidCloudEvent, match="missing") as caught:
        read_binary([pair for pair in HEADERS if pair[0] != f"ce-{name}"], b"")
    assert caught.value.attribute == name


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time", "subject", "dataschema"])
def test_a_header_of_the_specification_is_not_empty(name: str) -> None:
    assert refusal((f"ce-{name}", "")).attribute == name
    assert refusal((f"ce-{name}", '""')).attribute == name


@pytest.mark.parametrize("name", ["ce-id", "CE-ID", "ce-anextension"])
def test_a_header_that_is_there_twice_is_refused(name: str) -> None:
    with pytest.raises(InvalidCloudEvent, match="twice") as caught:
        read_binary([*HEADERS, (name, "1"), (name.title(), "1")], b"")
    assert caught.value.attribute == name.lower().removeprefix("ce-")


def test_a_content_type_that_is_there_twice_is_refused() -> None:
    error = refusal(("content-type", "a/b"), ("Content-Type", "a/b"))
    assert error.attribute == "datacontenttype"


@pytest.mark.parametrize("name", ["ce-datacontenttype", "CE-DataContentType"])
def test_a_header_for_the_content_type_beside_the_one_of_http_is_refused(name: str) -> None:
    error = refusal((name, "application/json"))
    assert error.attribute == "datacontenttype"
    assert "content-type" in error.reason


@pytest.mark.parametrize("name", ["ce-my-extension", "ce-", "ce-a_b", "ce-data", "ce-a.b", "ce-é"])
def test_a_header_that_names_no_attribute_is_refused(name: str) -> None:
    assert refusal((name, "x")).attribute == name.removeprefix("ce-")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("%", "percent sign at 0"),
        ("a%", "percent sign at 1"),
        ("a%4", "percent sign at 1"),
        ("%4g", "percent sign"),
        ("%%20", "percent sign at 0"),
        ("%C0%A0", "no UTF-8"),
        ("%ED%A0%80", "no UTF-8"),
        ("%E2%82", "no UTF-8"),
        ("%e2x%82%ac", "no UTF-8"),
        ("%FF", "no UTF-8"),
        ('a"b', "double quote"),
        ('"a', "double quote"),
        ('"a"b', "double quote"),
        ('"a\\"', "double quote"),
        ("caf\xe9", "U+00E9"),
        ("€", "U+20AC"),
        ("a\x00b", "U+0000"),
        ("%00", "control"),
        ("%0A", "control"),
        ("a\tb", "control"),
        ("%EF%BF%BF", "noncharacter"),
    ],
)
def test_a_damaged_value_is_refused(value: str, said: str) -> None:
    error = refusal(("ce-subject", value))
    assert error.attribute == "subject"
    assert said in error.reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("Euro%20%e2%82%ac%20%f0%9f%98%80", "Euro € 😀"),
        ("%41b%63", "Abc"),
        ("%2541", "%41"),
        ('"a b"', "a b"),
        ('"a \\"b\\" \\\\ %20"', 'a "b" \\  '),
        ("a b", "a b"),
        ("a,b;c=d", "a,b;c=d"),
    ],
)
def test_a_value_is_unquoted_and_decoded_once(value: str, text: str) -> None:
    assert read_binary([*HEADERS, ("ce-subject", value)], b"").subject == text


def test_a_value_is_encoded_as_the_binding_says() -> None:
    assert write_header_value("Euro € 😀") == "Euro%20%E2%82%AC%20%F0%9F%98%80"
    kept = "".join(map(chr, range(0x21, 0x7F))).replace('"', "").replace("%", "")
    assert write_header_value(kept) == kept
    assert write_header_value('"% \x7f') == "%22%25%20%7F"
    assert write_header_value("100%41") == "100%2541"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_a_header_and_is_printable_ascii_there(text: str) -> None:
    value = write_header_value(text)
    assert all(0x21 <= ord(character) <= 0x7E for character in value)
    assert read_header_value(value) == text


@given(st.text(st.sampled_from('%aF0"\\ é'), max_size=12))
def test_whatever_stands_in_a_header_is_read_or_refused(value: str) -> None:
    with suppress(ValueError):
        assert read_header_value(write_header_value(read_header_value(value))) == read_header_value(value)


def test_content_is_the_body_and_its_type_the_content_type() -> None:
    message = write_binary(CloudEvent(id="1", source="/", type="t", data=b'{"a": 1}'))
    assert message.body == b'{"a": 1}'
    assert message.headers == (
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "/"),
        ("ce-type", "t"),
        ("content-type", "application/json"),
    )


def test_a_body_without_a_type_is_json_or_refused() -> None:
    assert read_binary(HEADERS, b"[1]").data == b"[1]"
    assert refusal(body=b"text").attribute == "data"


@pytest.mark.parametrize("body", [b"{", b'{"a":1,"a":2}', b"NaN", b'"\\ud800"', b"\xff", b"{} {}"])
def test_a_body_that_its_type_says_is_json_and_is_not_is_refused(body: bytes) -> None:
    assert refusal(("content-type", "application/problem+json"), body=body).attribute == "data"


def test_a_body_of_another_type_is_kept_as_its_bytes() -> None:
    event = read_binary([*HEADERS, ("content-type", "text/plain; charset=utf-8")], b"\xff \n")
    assert event.data == b"\xff \n"
    assert event.datacontenttype == "text/plain; charset=utf-8"


def test_text_is_written_in_the_charset_of_its_type_or_refused() -> None:
    def written(charset: str) -> HttpMessage:
        return write_binary(CloudEvent(id="1", source="/", type="t", data="é€", datacontenttype=f"text/plain{charset}"))

    assert written("").body == written("; charset=UTF-8").body == written('; charset="utf-8"').body == "é€".encode()
    for charset, attribute in (("iso-8859-1", "data"), ("us-ascii", "data"), ("klingon", "datacontenttype")):
        with pytest.raises(InvalidCloudEvent) as caught:
            written(f"; charset={charset}")
        assert caught.value.attribute == attribute
    latin = CloudEvent(id="1", source="/", type="t", data="é", datacontenttype="text/plain; charset=ISO-8859-1")
    assert write_binary(latin).body == b"\xe9"


def test_a_message_above_the_limit_is_refused_headers_included() -> None:
    headers = [("ce-subject", "x" * 100), *HEADERS]
    size = sum(len(name) - 3 + len(value) for name, value in headers) + 5
    assert read_binary(headers, b'"abc"', limit=size).data == b'"abc"'
    with pytest.raises(TooLarge, match="MAX_CLOUD_EVENT_BYTES"):
        read_binary(headers, b'"abc"', limit=size - 1)


@pytest.mark.parametrize(
    "headers", [dict(HEADERS), [(b"ce-id", b"1")], [("ce-id", "1", "2")], [("ce-id", 1)], ["ce-id: 1"], None, 1]
)
def test_headers_that_are_no_pairs_of_texts_are_refused(headers: Any) -> None:  # noqa: ANN401 - what nobody should give
    for read in (read_binary, read_http):
        with pytest.raises(InvalidCloudEvent, match="pairs of texts") as caught:
            read(headers, b"")
        assert caught.value.attribute is None


@pytest.mark.parametrize("body", [None, "{}", memoryview(b"{}"), {}])
def test_a_body_that_is_not_bytes_is_refused(body: Any) -> None:  # noqa: ANN401 - what nobody should give
    structured = [("content-type", "application/cloudevents+json")]
    for call in (
        lambda: read_binary(HEADERS, body),
        lambda: read_http(structured, body),
        lambda: read_structured(body),
        lambda: read_batch(body),
    ):
        with pytest.raises(InvalidCloudEvent, match="give it as bytes"):
            call()
