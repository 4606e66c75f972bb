"""Stores to point the command at."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from leftfold.cli import main
from tests.cli.command import Leftfold, Ran
from tests.servers import bare_url, database, postgres, reused, store_url

__all__ = ["bare_url", "database", "postgres", "reused", "store_url"]

STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside a test says which store or how wide a terminal."""
    for name in ("LEFTFOLD_STORE", "LEFTFOLD_APP", "FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture
def leftfold(capsys: pytest.CaptureFixture[str]) -> Leftfold:
    """The command, run in this process."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(arguments)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture(params=STORES)
def unmigrated(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store that is not there yet."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("bare_url")
        return url
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, tmp_path: Path, leftfold: Leftfold) -> str:
    """The URL of an empty store, of each kind."""
    if request.param == "postgres":
        made: str = request.getfixturevalue("store_url")
        return made
    url = f"sqlite:///{tmp_path}/store.db"
    assert leftfold("migrate", "--store", url).code == 0
    return url


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The URL of an SQLite store that is made when it is first written to."""
    return f"sqlite:///{tmp_path}/bank.db"
