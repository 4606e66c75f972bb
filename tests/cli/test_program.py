from __future__ import annotations

import os
import pty
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest
from cyclopts import App

from leftfold.cli.program import VERBS
from tests.cli.command import Leftfold, command, environment, event, record, run_apart
from tests.conftest import ROOT


def found(verb: str) -> object:
    """The function of a verb, or the group that its commands are in."""
    module, _, name = VERBS[verb].place.partition(":")
    return getattr(import_module(module), name)


def test_help_names_every_verb_with_the_first_sentence_of_what_the_verb_says_of_itself(
    leftfold: Leftfold, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ran = leftfold("--help")
    assert ran.code == 0
    for name, verb in VERBS.items():
        said = found(name)
        text = said.help if isinstance(said, App) else said.__doc__
        assert (text or "").splitlines()[0] == verb.summary
        assert name in ran.out
        assert verb.summary in ran.out


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_explains_itself_and_says_what_it_takes(leftfold: Leftfold, verb: str) -> None:
    ran = leftfold(verb, "--help")
    assert ran.code == 0
    said = found(verb)
    takes = [name for name in said if name[0] != "-"] if isinstance(said, App) else ["--json", "--store"]
    assert all(word in ran.out for word in (f"leftfold {verb}", VERBS[verb].summary[:40], *takes))


def test_help_fills_the_lines_of_a_terminal(leftfold: Leftfold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = [line.rstrip() for line in leftfold("verify", "--help").out.splitlines()]
    start = lines.index("Positions and versions have no gaps, recorded times never")
    assert lines[start + 1 : start + 5] == [
        "run backwards, payloads are JSON, tags find the events that",
        "have them; with --app, every event reads as one of its",
        "classes. The exit code is 1 when something is wrong, dropped",
        "or not.",
    ]


def test_version_is_that_of_the_distribution(leftfold: Leftfold) -> None:
    assert leftfold("--version") == (0, version("leftfold") + "\n", "")


@pytest.mark.parametrize("module", ["leftfold", "leftfold.cli"])
def test_the_command_is_a_module_too(module: str) -> None:
    ran = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == version("leftfold")


def test_a_module_hands_its_exit_code_on(tmp_path: Path) -> None:
    assert run_apart("streams", "--store", f"sqlite:///{tmp_path}/nothing.db").code == 1


@pytest.mark.parametrize("verb", [["streams"], ["show", "a"], ["log"], ["migrate"], ["export", "-"], ["import", "-"]])
def test_without_a_store_the_command_says_how_to_name_one(leftfold: Leftfold, verb: list[str]) -> None:
    ran = leftfold(*verb)
    assert (ran.code, ran.out) == (2, "")
    assert "--store" in ran.err
    assert "LEFTFOLD_STORE" in ran.err


def test_the_store_can_be_named_by_the_environment_and_the_option_wins(
    leftfold: Leftfold, sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(sqlite, ("account-1", [event()]))
    monkeypatch.setenv("LEFTFOLD_STORE", sqlite)
    assert leftfold("streams").code == 0
    assert leftfold("streams", "--store", f"sqlite:///{tmp_path}/other.db").code == 1


@pytest.mark.parametrize("verb", [["streams"], ["export", "-"], ["import", "log.jsonl"]])
def test_verbs_that_need_no_code_take_no_app_from_anywhere(
    leftfold: Leftfold, sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: list[str]
) -> None:
    record(sqlite, ("account-1", [event()]))
    monkeypatch.chdir(tmp_path)
    assert leftfold("export", "log.jsonl", "--store", sqlite).code == 0
    monkeypatch.setenv("LEFTFOLD_APP", "nowhere:app")
    assert leftfold(*verb, "--store", sqlite).code == 0
    assert leftfold(*verb, "--store", sqlite, "--app", "nowhere:app").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["log", "--bogus"],
        ["log", "--after", "-1"],
        ["log", "--after", "x"],
        ["log", "--limit", "0"],
        ["log", "left over"],
        ["show"],
        ["show", ""],
        ["export", "--bogus"],
        ["log", "--store", "mysql://there"],
        ["log", "--store", "memory:"],
        ["log", "--store", "sqlite:///x.db?wrong=1"],
        ["migrate", "--check", "--sql"],
        ["migrate", "--after", "1"],
    ],
)
def test_a_wrong_command_line_is_one_message_and_exit_code_2(
    leftfold: Leftfold, sqlite: str, arguments: list[str]
) -> None:
    record(sqlite, ("a", [event()]))
    ran = leftfold(*arguments, *([] if "--store" in arguments else ["--store", sqlite]))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("leftfold: ")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("verb", [["streams"], ["show", "a"], ["log"], ["export", "-"]])
def test_reading_makes_no_store_where_there_is_none(leftfold: Leftfold, tmp_path: Path, verb: list[str]) -> None:
    ran = leftfold(*verb, "--store", f"sqlite:///{tmp_path}/typo.db")
    assert (ran.code, ran.out) == (1, "")
    assert "leftfold migrate" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_machine_below_is_one_message_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but long enough to be looked at as one: " * 20)
    ran = run_apart("log", "--store", f"sqlite:///{tmp_path}/text.db")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("leftfold: ")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("verb", [["log", "--json"], ["log"], ["show", "a"], ["show", "a", "--json"]])
def test_a_reader_that_has_seen_enough_ends_a_listing_quietly(sqlite: str, verb: list[str]) -> None:
    record(sqlite, ("a", [event(data=f'"{"x" * 1000}"') for _ in range(2000)]))
    listing = subprocess.Popen(
        command(*verb, "--store", sqlite), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert listing.stdout is not None
    assert listing.stderr is not None
    assert listing.stdout.readline()
    listing.stdout.close()
    assert listing.stderr.read() == b""
    listing.stderr.close()
    assert listing.wait() == 0


@pytest.mark.parametrize(
    "arguments", [["-m", "leftfold", "--help"], ["-m", "leftfold", "log", "--help"], ["-m", "examples.tour", "--help"]]
)
def test_help_that_nobody_reads_ends_quietly(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment(), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_there_are_colours_on_a_terminal_and_none_elsewhere(sqlite: str) -> None:
    record(sqlite, ("a", [event()]))
    assert "\x1b" not in run_apart("log", "--store", sqlite).out
    master, terminal = pty.openpty()
    subprocess.run(command("log", "--store", sqlite), env=environment(TERM="xterm"), stdout=terminal, check=True)
    os.close(terminal)
    assert b"\x1b[1m" in os.read(master, 10_000)
    os.close(master)


def test_a_terminal_that_cannot_show_a_name_shows_its_escapes(sqlite: str) -> None:
    record(sqlite, ("konto-ü", [event(data='"ü"')]))
    ran = run_apart("log", "--store", sqlite, PYTHONIOENCODING="ascii")
    assert ran.code == 0
    assert r"konto-\xfc" in ran.out
    ran = run_apart("log", "--json", "--store", sqlite, PYTHONIOENCODING="ascii")
    assert ran.lines[0]["stream"] == "konto-ü"


def test_help_starts_in_under_400_milliseconds_of_processor_time(tmp_path: Path) -> None:
    environ = {name: value for name, value in environment().items() if name != "PYTHONDONTWRITEBYTECODE"}
    program = "import time, leftfold.cli; leftfold.cli.main(['--help']); print(time.process_time())"

    def once() -> float:
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env={**environ, "PYTHONPYCACHEPREFIX": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return float(ran.stdout.splitlines()[-1])

    assert min(once() for _ in range(7)) < 0.4


def test_help_loads_neither_the_app_nor_a_store() -> None:
    program = "import sys, leftfold.cli; leftfold.cli.main(['--help']); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    names = set(ran.stdout.splitlines()[-1].split())
    assert "leftfold.cli" in names
    assert {"leftfold.app", "leftfold.contexts", "leftfold.store", "asyncio"} & names == set()


def test_import_leftfold_does_not_load_the_command() -> None:
    loaded = "import sys, leftfold; print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert "leftfold" in names
    assert {"leftfold.cli", "cyclopts", "rich"} & set(names) == set()
