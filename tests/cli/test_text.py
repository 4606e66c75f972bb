from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from leftfold.cli.shown import time_text
from leftfold.cli.text import counted, one_line, pretty, printable
from leftfold.cli.times import time_given


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("konto-ü 帐户", "konto-ü 帐户"),
        ("\x1b[0m", r"\x1b[0m"),
        ("a\nb\t", r"a\nb\t"),
        ("\u202e\ud800", r"\u202e\ud800"),
    ],
)
def test_what_would_steer_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_line_breaks_between_values_go_and_digits_stay() -> None:
    text = b'{\r\n  "a": 1.10e+01,\n "b": "\\n"}'
    line = one_line(text)
    assert b"\n" not in line
    assert b"\r" not in line
    assert b"1.10e+01" in line
    assert json.loads(line) == json.loads(text)
    assert one_line(b'{"a" : 1}') == b'{"a" : 1}'


def test_pretty_text_keeps_digits() -> None:
    assert pretty(b'{"a":1.10}') == '{\n  "a": 1.10\n}'


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 findings"), (1, "1 finding"), (2, "2 findings"), (1000, "1,000 findings")]
)
def test_things_are_counted_in_words(count: int, said: str) -> None:
    assert counted(count, "finding") == said


@pytest.mark.parametrize("year", [1, 476, 1993, 9999])
def test_a_time_of_any_year_is_shown_as_it_can_be_given(year: int) -> None:
    time = datetime(year, 3, 31, 12, 0, 0, 999_999, timezone(timedelta(hours=2)))
    assert time_text(time) == f"{year:04}-03-31 10:00:00.999"
    assert time_given(f"{time_text(time)}Z") == time.astimezone(UTC).replace(microsecond=999_000)
