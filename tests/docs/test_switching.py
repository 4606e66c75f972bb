"""The page for those who come from another library: its program reads such a store, and the log goes in."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "switching.md").read_text()
SNIPPETS = ROOT / "docs" / "snippets"

_ZOE, _BOB = "a802ed45163c4e06a31a2dcdd4ef411b", "77685df4f59945108293a28477dabfb8"
_TABLE = """create table stored_events (originator_id text, originator_version integer, topic text, state blob,
    primary key (originator_id, originator_version))"""


def _append(path: Path, rows: Sequence[tuple[str, int, str, int, dict[str, object]]]) -> None:
    """Append events as the library writes them: of whom, version, class, second of the day, fields."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for stream, version, event, second, fields in rows:
            opened = {"originator_topic": "bank.model:Account"} if version == 1 else {}
            at = {"_type_": "datetime_iso", "_data_": f"2026-11-29T08:00:{second:02d}.124070+00:00"}
            state = json.dumps({"timestamp": at, **opened, **fields}).encode()
            values = (stream, version, f"bank.model:Account.{event}", state)
            connection.execute("insert into stored_events values (?, ?, ?, ?)", values)


def _amount(text: str) -> dict[str, object]:
    return {"amount": {"_type_": "decimal_str", "_data_": text}}


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """A reader's directory, with an old store."""
    for file in ("switching.py", "switched.py"):
        shutil.copy(SNIPPETS / file, tmp_path)
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        connection.execute(_TABLE)
    _append(
        tmp_path / "old.db",
        [
            (_ZOE, 1, "Opened", 16, {"owner": "Zoë"}),
            (_ZOE, 2, "Deposited", 18, _amount("5.10")),
            (_BOB, 1, "Opened", 17, {"owner": "Bob"}),  # of a machine whose clock is behind
            (_ZOE, 3, "Deposited", 19, _amount("0.90")),
        ],
    )
    return tmp_path


def _run(directory: Path, *arguments: str, code: int = 0) -> str:
    ran = subprocess.run([sys.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran.stderr
    return ran.stdout


def _commands() -> list[list[str]]:
    [block] = [part for part in PAGE.split("```sh\n")[1:] if part.startswith("python switching.py")]
    lines = [line.partition("#")[0].split() for line in block.partition("```")[0].splitlines()]
    assert lines[0] == ["python", "switching.py", "old.db", ">", "log.jsonl"]
    return [["-m", *line] for line in lines[1:]]


def test_the_pages_commands_take_the_history_over(lesson: Path) -> None:
    (lesson / "log.jsonl").write_text(_run(lesson, "switching.py", "old.db"))
    _imported, checked, verified, streams = (_run(lesson, *command) for command in _commands())
    assert "2 kinds of event, 0 not read" in checked
    assert verified == "4 events read, 0 findings\n"
    assert "account-a802ed45-163c-4e06-a31a-2dcdd4ef411b" in streams
    zoe = "account-a802ed45-163c-4e06-a31a-2dcdd4ef411b"
    shown = _run(lesson, "-m", "leftfold", "show", zoe, "--version", "3", "--app", "switched:app", "--json")
    assert json.loads(shown)["state"] == {"owner": "Zoë", "balance": "6.00"}
    log = [
        json.loads(line)
        for line in _run(lesson, "-m", "leftfold", "log", "--app", "switched:app", "--json").splitlines()
    ]
    assert [line["occurred_at"][17:19] for line in log] == ["16", "18", "17", "19"]
    assert [line["recorded_at"][17:19] for line in log] == ["16", "18", "18", "19"]


def test_what_came_since_the_last_time_comes_along(lesson: Path) -> None:
    (lesson / "log.jsonl").write_text(_run(lesson, "switching.py", "old.db"))
    taking = ["-m", "leftfold", "import", "log.jsonl", "--store", "sqlite:///bank.db", "--json"]
    assert json.loads(_run(lesson, *taking)) == {"events": 4, "stored": 4}
    _append(lesson / "old.db", [(_BOB, 2, "Deposited", 20, _amount("1"))])
    (lesson / "log.jsonl").write_text(_run(lesson, "switching.py", "old.db"))
    assert json.loads(_run(lesson, *taking)) == {"events": 5, "stored": 1}
    assert json.loads(_run(lesson, *taking)) == {"events": 5, "stored": 0}


def test_a_version_of_an_event_is_kept(lesson: Path) -> None:
    _append(lesson / "old.db", [(_BOB, 2, "Deposited", 20, {"class_version": 2, **_amount("1")})])
    *_, last = (json.loads(line) for line in _run(lesson, "switching.py", "old.db").splitlines())
    assert (last["type"], last["schema_version"], json.loads(last["data"])) == ("AccountDeposited", 2, {"amount": "1"})


def test_an_empty_store_is_an_empty_log(lesson: Path) -> None:
    with closing(sqlite3.connect(lesson / "old.db")) as connection, connection:
        connection.execute("delete from stored_events")
    (lesson / "log.jsonl").write_text(_run(lesson, "switching.py", "old.db"))
    taking = ["-m", "leftfold", "import", "log.jsonl", "--store", "sqlite:///bank.db", "--json"]
    assert json.loads(_run(lesson, *taking)) == {"events": 0, "stored": 0}
