"""`leftfold forget`: rows of projections that an app does not have any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.sqlite.opened import connected
from tests.cli.command import Leftfold
from tests.cli.forgetting import NEW, OLD, fill


def test_rows_of_an_older_version_are_listed_and_dropped_by_name(leftfold: Leftfold, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bells.db"
    fill(url)
    assert leftfold("forget", "--app", OLD, "--store", url, "--json").lines == [
        {"context": "bells", "name": "rings@2", "generations": 1, "owner": None}
    ]
    heads, row = leftfold("forget", "--app", NEW, "--store", url).out.splitlines()
    assert (heads.split(), row.split()) == (["name", "generations", "followed", "by"], ["rings@1", "1", "nobody"])
    assert leftfold("forget", "rings@1", "--app", NEW, "--store", url) == (0, "the rows of rings@1 are gone\n", "")
    assert leftfold("forget", "--app", NEW, "--store", url, "--json").lines == []
    with connected(tmp_path / "bells.db") as anybody:
        tables = {name for (name,) in anybody.execute("select name from sqlite_schema where name like 'rings%'")}
    assert tables == {"rings__2_1", "rings"}


@pytest.mark.parametrize("name", ["rings@2", "rings@7", "rings", ""])
def test_what_is_not_left_is_refused_and_what_is_left_is_told(leftfold: Leftfold, tmp_path: Path, name: str) -> None:
    url = f"sqlite:///{tmp_path}/bells.db"
    fill(url)
    ran = leftfold("forget", name, "--app", NEW, "--store", url)
    assert (ran.code, ran.out) == (2, "")
    assert f"nothing is left of {name!r} here; there is left: rings@1" in ran.err
