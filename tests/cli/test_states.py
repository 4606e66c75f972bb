"""`leftfold show` at a point in time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import Leftfold
from tests.cli.test_verify import APP, filled


def test_it_shows_the_state_after_a_version_and_at_a_time(leftfold: Leftfold, tmp_path: Path) -> None:
    store = filled(tmp_path)
    ran = leftfold("show", "till-1", "--version", "3", "--app", APP, "--store", store, "--json")
    assert (ran.code, json.loads(ran.out)) == (
        0,
        {"stream": "till-1", "version": 3, "as_of": "version 3", "state": {"total": "3"}},
    )
    valid = leftfold("show", "till-1", "--valid", "2999-12-31", "--app", APP, "--store", store)
    assert valid.code == 0
    assert "version 4" in valid.out
    assert "total  6" in valid.out


def test_it_shows_what_differs_between_two_points(leftfold: Leftfold, tmp_path: Path) -> None:
    ran = leftfold("show", "till-1", "--diff", "2", "4", "--app", APP, "--store", filled(tmp_path))
    assert (ran.code, ran.out) == (0, "total  1 -> 6\n")


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["--version", "2"], "--app", 2),
        (["--version", "9", "--app", APP], "has no version 9", 2),
        (["--at", "2026-03-31T12:00:00", "--app", APP], "no zone", 2),
        (["--at", "yesterday", "--app", APP], "is no time", 2),
        (["--at", "2999-12-31", "--app", APP], "future", 2),
        (["--at", "1950-12-31", "--app", APP], "no events as of", 1),
        (["--version", "1", "--valid", "2026-03-31", "--app", APP], "two points", 2),
    ],
)
def test_points_that_have_no_answer_are_refused(
    leftfold: Leftfold, tmp_path: Path, arguments: list[str], said: str, code: int
) -> None:
    ran = leftfold("show", "till-1", *arguments, "--store", filled(tmp_path))
    assert (ran.code, said in ran.err, ran.out) == (code, True, "")


def test_a_category_that_the_app_does_not_fold_is_told(leftfold: Leftfold, tmp_path: Path) -> None:
    ran = leftfold("show", "other-1", "--version", "1", "--app", APP, "--store", filled(tmp_path))
    assert (ran.code, "it has till" in ran.err) == (2, True)
