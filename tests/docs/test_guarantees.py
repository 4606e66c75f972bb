"""The guarantees page names tests that are there."""

from __future__ import annotations

import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "guarantees.md").read_text()


def test_every_file_that_the_page_names_exists_and_every_promise_that_stands_names_one() -> None:
    named = set(re.findall(r"`([\w/*]+\.py)`", PAGE))
    files = [path.as_posix() for folder in ("tests", "src") for path in (ROOT / folder).rglob("*.py")]
    assert {name for name in named if not any(file.endswith(name.split("*")[-1]) for file in files)} == set()
    rows = [line for line in PAGE.splitlines() if line.startswith("| **G")]
    assert len(rows) == 13
    assert [row for row in rows if not row.endswith("*to come* |") and ".py`" not in row] == []
