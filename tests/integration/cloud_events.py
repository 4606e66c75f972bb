"""Strategies for CloudEvents, and for the text of their attributes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TypeAlias, cast

from hypothesis import strategies as st

from leftfold.integration import CloudEvent, read_timestamp
from leftfold.integration.attributes import CORE

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_NONCHARACTERS = [*range(0xFDD0, 0xFDF0), *(plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF))]
characters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=[chr(code) for code in _NONCHARACTERS])
texts = st.text(characters, min_size=1, max_size=12)
names = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789"), min_size=1, max_size=24).filter(
    lambda name: name not in {*CORE, "data"}
)
values = st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.just("") | texts
offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=offsets)
sources = st.sampled_from(["/orders", "https://example.com/a?b#c", "urn:example:1", "1-555", "//[::1]:1/a%20b"])
schemas = st.sampled_from(["https://example.com/schemas/a?v=1", "urn:example:schema:1"])
json_types = st.sampled_from(["application/json", "application/json; charset=utf-8", "a/b+JSON", "text/json"])
other_types = st.sampled_from(["text/plain", "application/xml; charset=utf-8", "image/png", 'a/b; c="d;e"'])

documents: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(characters, max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def _json_texts(draw: st.DrawFn) -> bytes:
    indent = draw(st.none() | st.just(2))
    return json.dumps(draw(documents), indent=indent, ensure_ascii=draw(st.booleans())).encode()


json_texts = _json_texts()


def finer(moment: datetime, digits: str) -> str:
    """RFC 3339 text of *moment* with more digits than a datetime holds."""
    text = moment.isoformat(timespec="microseconds")
    return f"{text[:26]}{digits}{text[26:]}".replace("+00:00", "Z")


exact_texts = st.builds(finer, moments, st.text(st.sampled_from("0123456789"), min_size=1, max_size=6))


@st.composite
def events(draw: st.DrawFn) -> CloudEvent:
    """Any CloudEvent at all."""
    contents: st.SearchStrategy[tuple[str | None, bytes | str | None]] = st.tuples(
        st.none() | json_types, st.none() | json_texts
    ) | st.tuples(other_types, st.none() | st.binary() | st.text(characters))
    kind, data = draw(contents)
    timed = draw(st.none() | moments | exact_texts)
    read = read_timestamp(timed) if isinstance(timed, str) else None
    return CloudEvent(
        id=draw(texts),
        source=draw(sources),
        type=draw(texts),
        time=read.time if read else cast("datetime | None", timed),
        exact_time=read.exact if read else None,
        subject=draw(st.none() | texts),
        datacontenttype=kind,
        dataschema=draw(st.none() | schemas),
        data=data,
        extensions=draw(st.dictionaries(names, values, max_size=3)),
    )
