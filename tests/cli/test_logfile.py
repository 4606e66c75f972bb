from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leftfold.cli.logfile import header_of, line_of, read_header, read_line
from leftfold.store import StoredEvent

SPACE = st.text(" \t\n\r", max_size=3)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
ESCAPES = st.lists(st.sampled_from([r"\u00e9", r"\/", r"\b", r"\ud83d\ude00", "\u2028", "\x7f", "é"])).map("".join)
SCALARS = st.one_of(NUMBERS, ESCAPES.map('"{}"'.format), st.sampled_from(["true", "false", "null", "{}", "[]"]))


@st.composite
def json_texts(draw: st.DrawFn) -> bytes:
    """JSON text as anybody may have written it: odd white space, escapes, digits, keys twice."""
    items = [f"{draw(SPACE)}{draw(SCALARS)}{draw(SPACE)}" for _ in range(draw(st.integers(0, 4)))]
    keyed = [f'{draw(SPACE)}"k{index % 2}"{draw(SPACE)}:{item}' for index, item in enumerate(items)]
    body = draw(st.sampled_from([f"[{','.join(items)}]", "{" + ",".join(keyed) + "}", *items[:1]]))
    return f"{draw(SPACE)}{body}{draw(SPACE)}".encode()


def stored_event(data: bytes, metadata: bytes = b"{}", stream: str = "s", tags: tuple[str, ...] = ()) -> StoredEvent:
    now = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
    return StoredEvent(
        position=1,
        stream=stream,
        version=1,
        id=UUID(int=1),
        type="Happened",
        schema_version=1,
        data=data,
        metadata=metadata,
        occurred_at=now - timedelta(days=10_000, microseconds=1),
        recorded_at=now,
        tags=tags,
    )


@given(json_texts(), json_texts(), TEXT, st.lists(TEXT, unique=True))
@example(b'{"a" : 1.10e+01,\r\n\t"\\u0061":"\\/"}', b"{ }", "\n\u2028", ["\x85"])
def test_an_event_comes_back_from_its_line_as_it_was_byte_for_byte(
    data: bytes, metadata: bytes, stream: str, tags: list[str]
) -> None:
    event = stored_event(data, metadata, stream, tuple(sorted(tags)))
    line = line_of(event)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    back = read_line(line)
    assert back == event
    assert (back.data, back.metadata) == (data, metadata)


@pytest.mark.parametrize("events", [0, 1, 7])
def test_a_header_comes_back_as_it_was(events: int) -> None:
    header = header_of(events, stored_event(b"{}") if events else None)
    assert read_header(line_of(header)) == header


@pytest.mark.parametrize(
    "change",
    [
        ("leftfold-log", "another-log"),
        ('"format_version":1', '"format_version":2'),
        ('"events":1', '"events":-1'),
        ('"events":1', '"events":1,"more":1'),
    ],
)
def test_a_header_of_another_format_is_refused(change: tuple[str, str]) -> None:
    line = line_of(header_of(1, stored_event(b"{}"))).decode()
    assert line.replace(*change) != line
    with pytest.raises(ValueError, match=r"format|events|Expected|Invalid|unknown"):
        read_header(line.replace(*change).encode())
