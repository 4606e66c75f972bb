"""What Leftfold writes the official SDK reads, and the other way round, where the SDK does what the specification says.

Left out is where it does not: it makes up an id, a time and a version, takes null for no content, writes True for true
in headers, and cuts times to microseconds.
"""

from __future__ import annotations

import json
from datetime import datetime

from cloudevents.core.bindings.http import HTTPMessage, from_binary, from_structured, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as SdkEvent
from hypothesis import given
from hypothesis import strategies as st

from leftfold.integration import CloudEvent, read_binary, read_http, write_binary, write_structured
from tests.integration.cloud_events import Json, characters, documents, moments, names, schemas, sources, texts

FORMAT = JSONFormat()
values = st.integers(-(2**31), 2**31 - 1) | texts
objects = st.dictionaries(st.text(characters, max_size=5), documents, min_size=1, max_size=3)


@st.composite
def attributes(draw: st.DrawFn) -> dict[str, object]:
    """Attributes as the SDK has them, but for the type of the content."""
    found: dict[str, object] = {
        "specversion": "1.0",
        "id": draw(texts),
        "source": draw(sources),
        "type": draw(texts),
        "time": draw(moments),
    }
    if draw(st.booleans()):
        found |= {"subject": draw(texts), "dataschema": draw(schemas)}
    return found | draw(st.dictionaries(names, values, max_size=3))


def ours(given: dict[str, object], data: bytes | str | None) -> CloudEvent:
    core = {"specversion", "id", "source", "type", "time", "subject", "dataschema", "datacontenttype"}
    time = given["time"]
    assert isinstance(time, datetime)

    def text(name: str) -> str | None:
        return None if name not in given else str(given[name])

    extensions = {name: value for name, value in given.items() if name not in core and isinstance(value, (int, str))}
    return CloudEvent(
        id=str(given["id"]),
        source=str(given["source"]),
        type=str(given["type"]),
        time=time,
        subject=text("subject"),
        dataschema=text("dataschema"),
        datacontenttype=text("datacontenttype"),
        data=data,
        extensions=extensions,
    )


def in_headers(given: dict[str, object]) -> dict[str, object]:
    return {name: str(value) if isinstance(value, int) else value for name, value in given.items()}


@given(attributes(), objects)
def test_structured_json_is_read_by_each_as_the_other_wrote_it(given: dict[str, object], data: dict[str, Json]) -> None:
    given = given | {"datacontenttype": "application/json"}
    text = json.dumps(data).encode()
    mine = ours(given, text)
    theirs = from_structured(
        HTTPMessage({"content-type": "application/cloudevents+json"}, write_structured(mine)), FORMAT
    )
    assert theirs.get_attributes() == given
    assert theirs.get_data() == data
    message = to_structured(SdkEvent(dict(given), data), FORMAT)
    (read,) = read_http(list(message.headers.items()), message.body)
    assert read == mine


@given(attributes(), st.binary(min_size=1))
def test_structured_bytes_are_read_by_each_as_the_other_wrote_them(given: dict[str, object], data: bytes) -> None:
    given = given | {"datacontenttype": "image/png"}
    mine = ours(given, data)
    theirs = from_structured(HTTPMessage({}, write_structured(mine)), FORMAT)
    assert (theirs.get_attributes(), theirs.get_data()) == (given, data)
    message = to_structured(SdkEvent(dict(given), data), FORMAT)
    assert read_http(list(message.headers.items()), message.body) == (mine,)


@given(attributes(), st.text(characters, min_size=1))
def test_structured_text_is_read_by_each_as_the_other_wrote_it(given: dict[str, object], data: str) -> None:
    given = given | {"datacontenttype": "text/plain"}
    mine = ours(given, data)
    theirs = from_structured(HTTPMessage({}, write_structured(mine)), FORMAT)
    assert (theirs.get_attributes(), theirs.get_data()) == (given, data)
    message = to_structured(SdkEvent(dict(given), data), FORMAT)
    assert read_http(list(message.headers.items()), message.body) == (mine,)


@given(attributes(), objects)
def test_binary_mode_is_read_by_each_as_the_other_wrote_it(given: dict[str, object], data: dict[str, Json]) -> None:
    given = given | {"datacontenttype": "application/json"}
    text = json.dumps(data).encode()
    mine = ours(in_headers(given), text)
    written = write_binary(ours(given, text))
    theirs = from_binary(HTTPMessage(dict(written.headers), written.body), FORMAT)
    assert theirs.get_attributes() == in_headers(given)
    assert theirs.get_data() == data
    message = to_binary(SdkEvent(dict(given), data), FORMAT)
    assert read_binary(list(message.headers.items()), message.body) == mine
    assert dict(written.headers) == message.headers
