from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest

from leftfold.cli import streams
from leftfold.cli.output import Columns, Row
from tests.cli.command import Leftfold, event, record, stored


def test_streams_are_listed_with_their_events_and_times_the_last_written_first(leftfold: Leftfold, url: str) -> None:
    record(url, ("account-1", [event(), event()]), ("account-2", [event()]), ("account-1", [event()]))
    log = stored(url)
    ran = leftfold("streams", "--json", "--store", url)
    assert ran.code == 0
    assert [(line["stream"], line["events"], line["last_position"]) for line in ran.lines] == [
        ("account-1", 3, 4),
        ("account-2", 1, 3),
    ]
    times = [datetime.fromisoformat(str(line["last_recorded_at"])) for line in ran.lines]
    assert times == [log[3].recorded_at, log[2].recorded_at]


def test_streams_of_one_category_and_only_so_many(leftfold: Leftfold, url: str) -> None:
    record(url, *((f"{category}-{number}", [event()]) for number in range(3) for category in ("account", "accounting")))
    ran = leftfold("streams", "--category", "account", "--limit", "2", "--json", "--store", url)
    assert [line["stream"] for line in ran.lines] == ["account-2", "account-1"]


def test_people_get_a_table_that_says_how_many_there_are(leftfold: Leftfold, sqlite: str) -> None:
    record(sqlite, ("account-1", [event(), event()]), ("account-2", [event()]))
    ran = leftfold("streams", "--limit", "1", "--store", sqlite)
    head, row, end = ran.out.splitlines()
    assert head.split() == ["events", "last", "recorded", "(UTC)", "stream"]
    assert row.split()[0] == "1"
    assert row.endswith("account-2")
    assert end == "1 of 2 streams"


def test_an_empty_store_has_no_streams(leftfold: Leftfold, url: str) -> None:
    assert leftfold("streams", "--json", "--store", url) == (0, "", "")
    assert leftfold("streams", "--store", url).out.splitlines()[-1] == "0 of 0 streams"


def test_more_events_than_a_page_are_all_counted(leftfold: Leftfold, sqlite: str) -> None:
    record(sqlite, *((f"s-{number}", [event() for _ in range(700)]) for number in range(4)))
    ran = leftfold("streams", "--json", "--store", sqlite)
    assert {line["stream"]: line["events"] for line in ran.lines} == {f"s-{number}": 700 for number in range(4)}


def test_more_streams_than_a_page_are_all_listed(leftfold: Leftfold, url: str) -> None:
    numbers = [*range(0, 120, 2), *range(1, 120, 2)]
    record(url, *((f"s-{number}", [event()]) for number in numbers))
    ran = leftfold("streams", "--json", "--store", url)
    assert [line["stream"] for line in ran.lines] == [f"s-{number}" for number in reversed(numbers)]
    assert leftfold("streams", "--store", url).out.splitlines()[-1] == "120 of 120 streams"
    few = leftfold("streams", "--limit", "3", "--store", url).out.splitlines()
    assert [line.split()[-1] for line in few[1:]] == ["s-119", "s-117", "s-115", "streams"]
    assert few[-1] == "3 of 120 streams"


def test_rows_of_many_streams_are_made_as_they_are_printed(
    leftfold: Leftfold, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    put = Columns.print

    def noted(self: Columns, rows: Sequence[Row]) -> None:
        made.append(len(rows))
        put(self, rows)

    monkeypatch.setattr(streams, "_TOGETHER", 50)
    monkeypatch.setattr(Columns, "print", noted)
    record(sqlite, *((f"s-{number:03}", [event()]) for number in range(120)))
    head, *rows, end = leftfold("streams", "--store", sqlite).out.splitlines()
    assert [row.split()[-1] for row in rows] == [f"s-{number:03}" for number in reversed(range(120))]
    assert (head.split()[-1], end) == ("stream", "120 of 120 streams")
    assert made == [50, 50, 20]


def test_where_no_store_is_nothing_is_said_of_schemas(leftfold: Leftfold, sqlite: str) -> None:
    ran = leftfold("streams", "--store", sqlite)
    assert (ran.code, ran.out) == (1, "")
    advice = f"leftfold: No store is at {sqlite}; give another one, or make it: leftfold migrate --store {sqlite}\n"
    assert ran.err == advice
