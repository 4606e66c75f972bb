"""`leftfold show` at a point in time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.command import Leftfold, event, record, stored
from tests.cli.tills import APP, day, fill, filled, told_in, told_late


def test_it_shows_the_state_after_a_version(leftfold: Leftfold, url: str) -> None:
    fill(url)
    show = ("show", "till-1", "--version", "3", "--app", APP, "--store", url)
    assert leftfold(*show, "--json").lines == [
        {"stream": "till-1", "version": 3, "as_of": {"version": 3}, "state": {"total": "3"}}
    ]
    assert leftfold(*show) == (0, 'till-1 version 3\n   total  "3"\n', "")


def test_it_shows_what_was_known_at_a_recorded_time(leftfold: Leftfold, url: str) -> None:
    fill(url)
    second = stored(url)[1].recorded_at.isoformat()
    (line,) = leftfold("show", "till-1", "--at", second, "--app", APP, "--store", url, "--json").lines
    assert (line["version"], line["state"]) == (2, {"total": "1"})


@pytest.mark.parametrize(
    ("points", "version", "total"),
    [
        (["--at", "2026-03-10T12:00:00Z"], 1, "100"),
        (["--at", "2026-03-10T14:00:00+02:00"], 1, "100"),
        (["--at", "2026-03-10"], 1, "100"),
        (["--at", "2026-03-20"], 2, "107"),
        (["--at", "2026-03-25T11:59:59Z"], 2, "107"),
        (["--valid", "2026-03-10"], 2, "107"),
        (["--valid", "2026-03-24"], 2, "107"),
        (["--valid", "2026-03-10", "--at", "2026-03-10"], 1, "100"),
        (["--valid", "2026-03-10", "--at", "2026-03-25"], 2, "107"),
        (["--valid", "2026-03-25"], 3, "108"),
    ],
)
def test_a_date_means_its_end_and_valid_with_at_means_known_then(
    leftfold: Leftfold, sqlite: str, points: list[str], version: int, total: str
) -> None:
    told_late(sqlite)
    (line,) = leftfold("show", "till-1", *points, "--app", APP, "--store", sqlite, "--json").lines
    assert (line["version"], line["state"]) == (version, {"total": total})


def test_the_points_that_were_asked_for_are_told(leftfold: Leftfold, sqlite: str) -> None:
    show = ("show", "till-1", "--valid", "2026-03-10", "--at", day(25).isoformat(), "--app", APP)
    (line,) = leftfold(*show, "--store", told_late(sqlite), "--json").lines
    assert line["as_of"] == {"recorded": "2026-03-25T12:00:00Z", "valid": "2026-03-10T23:59:59.999999Z"}
    head = leftfold(*show, "--store", sqlite).out.splitlines()[0]
    assert head.startswith("till-1 version 2, valid 2026-03-10T23:59:59.999999+00:00, recorded by 2026-03-25T12:00")


def test_today_means_everything_up_to_now(leftfold: Leftfold, url: str) -> None:
    fill(url)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for points in (["--at", today], ["--at", today, "--valid", today]):
        (line,) = leftfold("show", "till-1", *points, "--app", APP, "--store", url, "--json").lines
        assert (line["version"], line["state"]) == (4, {"total": "6"})
    diff = ("show", "till-1", "--diff", "1", today, "--app", APP, "--store", url)
    assert leftfold(*diff) == (0, 'total  "0" -> "6"\n', "")


@pytest.mark.parametrize(
    ("at", "code", "told"),
    [
        ("2990-03-09", 0, "till-1 version 1, recorded by 2990-03-09T23:59:59.999999+00:00"),
        ("2990-03-10", 0, "till-1 version 2, now"),
        ("2990-03-11", 2, "lies in the future"),
        ("2990-03-10T12:00:00Z", 0, "till-1 version 2, recorded by"),
        ("2990-03-10T12:00:01Z", 2, "lies in the future"),
    ],
)
def test_a_day_that_is_on_for_the_store_means_now_whatever_the_clock_here_says(
    leftfold: Leftfold, sqlite: str, at: str, code: int, told: str
) -> None:
    told_in(sqlite, datetime(2990, 3, 9, 12, tzinfo=UTC), datetime(2990, 3, 10, 12, tzinfo=UTC))
    ran = leftfold("show", "till-1", "--at", at, "--app", APP, "--store", sqlite)
    assert (ran.code, told in ran.out + ran.err) == (code, True)


@pytest.mark.parametrize("point", [["--version", "2"], ["--diff", "1", "2"], ["--at", "2026-03-25"]])
def test_a_fold_that_raises_is_named_with_its_event(leftfold: Leftfold, sqlite: str, point: list[str]) -> None:
    show = ("show", "till-1", *point, "--app", "tests.cli.tills:raising", "--store", told_late(sqlite))
    said = "stream 'till-1' version 1: the fold tests.cli.tills:Raising._paid raised KeyError: 'lost'. Mend the fold\n"
    assert leftfold(*show) == (1, "", f"leftfold: {said}")


def test_a_deciders_fold_that_raises_is_named_with_its_event(leftfold: Leftfold, url: str) -> None:
    record(url, ("box-1", [event("verify.Put", '{"thing":"a"}')]))
    ran = leftfold("show", "box-1", "--version", "1", "--app", "tests.cli.tills:breaking_down", "--store", url)
    said = "stream 'box-1' version 1: the fold tests.cli.tills:_break_down raised LookupError: a. Mend the fold\n"
    assert ran == (1, "", f"leftfold: {said}")


@pytest.mark.parametrize(
    ("points", "before", "after"),
    [
        (("2", "3"), "107", "108"),
        (("3", "2"), "108", "107"),
        (("2026-03-10", "3"), "100", "108"),
        (("2026-03-01", "2026-03-20T12:00:00Z"), None, "107"),
    ],
)
def test_it_shows_what_differs_between_versions_and_times(
    leftfold: Leftfold, sqlite: str, points: tuple[str, str], before: str | None, after: str
) -> None:
    diff = ("show", "till-1", "--diff", *points, "--app", APP, "--store", told_late(sqlite))
    assert leftfold(*diff, "--json").lines == [{"attribute": "total", "before": before, "after": after}]
    shown = "null" if before is None else f'"{before}"'
    assert leftfold(*diff) == (0, f'total  {shown} -> "{after}"\n', "")


def test_two_points_that_are_the_same_differ_in_nothing(leftfold: Leftfold, url: str) -> None:
    diff = ("show", "till-1", "--diff", "4", "4", "--app", APP, "--store", fill(url))
    assert leftfold(*diff) == (0, "nothing differs\n", "")
    assert leftfold(*diff, "--json") == (0, "", "")


def test_a_decider_has_states_too(leftfold: Leftfold, url: str) -> None:
    record(url, ("box-1", [event("verify.Put", '{"thing":"a"}'), event("verify.Put", '{"thing":"\\u001bb"}')]))
    show = ("show", "box-1", "--version", "2", "--app", APP, "--store", url)
    assert leftfold(*show, "--json").lines[0]["state"] == {"state": ["a", "\x1bb"]}
    assert leftfold(*show).out.splitlines()[1] == r'   state  ["a","\u001bb"]'


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["--version", "2"], "--app", 2),
        (["--diff", "1", "2"], "--app", 2),
        (["--version", "0", "--app", APP], "Must be > 0", 2),
        (["--version", "9", "--app", APP], "has no version 9", 2),
        (["--at", "2026-03-31T12:00:00", "--app", APP], "write 2026-03-31T12:00:00Z", 2),
        (["--valid", "2026-03-31 12:00", "--app", APP], "has no zone", 2),
        (["--at", "yesterday", "--app", APP], "is no time", 2),
        (["--at", "", "--app", APP], "is no time", 2),
        (["--at", "2026-02-30", "--app", APP], "is no time", 2),
        (["--at", "2999-12-31", "--app", APP], "future", 2),
        (["--at", "1950-12-31", "--app", APP], "no events as of", 1),
        (["--valid", "1950-12-31", "--app", APP], "no events as of", 1),
        (["--version", "1", "--valid", "2026-03-31", "--app", APP], "two points", 2),
        (["--diff", "1", "9", "--app", APP], "has no version 9", 2),
        (["--diff", "0", "1", "--app", APP], "counted from 1", 2),
        (["--diff", "1", "-1", "--app", APP], "-1", 2),
        (["--diff", "1", "9" * 5000, "--app", APP], "is no version", 2),
        (["--version", "1.5", "--app", APP], "--version", 2),
        (["--diff", "1", "2026-03-31T12:00", "--app", APP], "has no zone", 2),
        (["--diff", "1", "--app", APP], "--diff", 2),
        (["--diff", "1", "2", "--version", "1", "--app", APP], "own two points", 2),
        (["--version", "1", "--limit", "1", "--app", APP], "--limit", 2),
        (["--diff", "1", "2", "--backward", "--app", APP], "--backward", 2),
    ],
)
def test_points_that_have_no_answer_are_refused(
    leftfold: Leftfold, tmp_path: Path, arguments: list[str], said: str, code: int
) -> None:
    ran = leftfold("show", "till-1", *arguments, "--store", filled(tmp_path))
    assert (ran.code, said in ran.err, ran.out) == (code, True, "")


@pytest.mark.parametrize("point", [["--version", "1"], ["--diff", "1", "2"], ["--valid", "2026-03-31"]])
def test_a_stream_that_is_not_there_is_told(leftfold: Leftfold, url: str, point: list[str]) -> None:
    ran = leftfold("show", "till-9", *point, "--app", APP, "--store", fill(url))
    assert (ran.code, "'till-9' has no events" in ran.err, ran.out) == (1, True, "")


@pytest.mark.parametrize(
    ("stream", "app", "said"),
    [
        ("other-1", APP, "it has box, till"),
        ("till-1", "tests.cli.tills:empty", "it has none"),
        ("till-1", "tests.cli.tills:twice", "Till, Audited all fold streams of category 'till'"),
        ("till", APP, "the id is empty"),
    ],
)
def test_a_stream_that_the_app_does_not_fold_is_told(
    leftfold: Leftfold, tmp_path: Path, stream: str, app: str, said: str
) -> None:
    ran = leftfold("show", stream, "--version", "1", "--app", app, "--store", filled(tmp_path))
    assert (ran.code, said in ran.err, ran.out) == (2, True, "")
