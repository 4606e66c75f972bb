from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from leftfold.cli.logfile import read_header, read_line
from tests.cli.command import Leftfold, command, environment, event, record, run_apart, stored

ODD = '{ "b" : 1.10,\n"a":12345678901234567890.10E+5, "text":"\\u00e9\\/" }'


def test_the_whole_log_is_written_byte_for_byte_under_a_header_that_counts_it(
    leftfold: Leftfold, url: str, tmp_path: Path
) -> None:
    record(
        url,
        ("konto-ü", [event("Opened", ODD, tags=("b", "a"), metadata='{ "actor" : "ann" }'), event()]),
        *((f"s-{number}", [event(data=str(number)) for _ in range(400)]) for number in range(4)),
    )
    ran = leftfold("export", str(tmp_path / "log.jsonl"), "--store", url)
    assert (ran.code, ran.out, ran.err) == (0, "", "exported 1,602 events\n")
    head, *lines = (tmp_path / "log.jsonl").read_bytes().splitlines(keepends=True)
    log = stored(url)
    assert [read_line(line) for line in lines] == log
    assert read_line(lines[0]).data == ODD.encode()
    header = read_header(head)
    assert (header.events, header.last_id, header.last_recorded_at) == (1602, log[-1].id, log[-1].recorded_at)


def test_an_empty_log_is_a_header_alone(leftfold: Leftfold, url: str, tmp_path: Path) -> None:
    assert leftfold("export", str(tmp_path / "log.jsonl"), "--json", "--store", url).lines == [
        {"file": str(tmp_path / "log.jsonl"), "events": 0}
    ]
    (line,) = (tmp_path / "log.jsonl").read_text().splitlines()
    assert json.loads(line)["events"] == 0


def test_standard_output_carries_the_log_and_nothing_else(leftfold: Leftfold, sqlite: str) -> None:
    record(sqlite, ("s", [event(), event()]))
    ran = run_apart("export", "-", "--json", "--store", sqlite)
    assert (ran.code, ran.err) == (0, "exported 2 events\n")
    assert [line.get("position") for line in ran.lines] == [None, 1, 2]
    assert leftfold("export", "-", "--store", sqlite).out == ran.out


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_an_export_takes_the_place_of_an_older_one_only_when_it_is_whole(
    leftfold: Leftfold, sqlite: str, tmp_path: Path, sent: signal.Signals
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    file = home / "log.jsonl"
    file.write_text("older")
    record(sqlite, ("s", [event(data='"' + "x" * 10_000 + '"') for _ in range(4000)]))
    export = subprocess.Popen(
        command("export", str(file), "--store", sqlite), env=environment(), stderr=subprocess.DEVNULL
    )
    while not (parts := list(home.glob(".*.part"))) or parts[0].stat().st_size == 0:
        assert export.poll() is None
    export.send_signal(sent)
    assert export.wait() == (130 if sent == signal.SIGINT else -signal.SIGKILL)
    assert file.read_text() == "older"
    if sent == signal.SIGINT:
        assert list(home.iterdir()) == [file]
    assert leftfold("export", str(file), "--store", sqlite).code == 0
    assert file.read_text().count("\n") == 4001


def test_a_reader_that_goes_away_before_the_end_has_no_export(sqlite: str) -> None:
    record(sqlite, ("s", [event(data=f'"{"x" * 1000}"') for _ in range(1000)]))
    export = subprocess.Popen(
        command("export", "-", "--store", sqlite), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert export.stdout is not None
    assert export.stderr is not None
    assert export.stdout.readline()
    export.stdout.close()
    assert export.stderr.read() == b""
    export.stderr.close()
    assert export.wait() == 1


def test_a_place_where_no_file_can_be_is_refused(leftfold: Leftfold, sqlite: str, tmp_path: Path) -> None:
    record(sqlite, ("s", [event()]))
    assert leftfold("export", str(tmp_path), "--store", sqlite).code == 2
    missing = leftfold("export", str(tmp_path / "no" / "log.jsonl"), "--store", sqlite)
    assert missing.code == 1
    assert "No such file" in missing.err


@pytest.mark.parametrize("verb", ["export", "import"])
def test_a_terminal_shows_a_bar(leftfold: Leftfold, sqlite: str, tmp_path: Path, verb: str) -> None:
    record(sqlite, ("s", [event() for _ in range(3000)]))
    file = str(tmp_path / "log.jsonl")
    leftfold("export", file, "--store", sqlite)
    master, terminal = pty.openpty()
    subprocess.run(
        command(verb, file, "--store", sqlite), env=environment(TERM="xterm", COLUMNS="80"), stderr=terminal, check=True
    )
    os.close(terminal)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    assert f"{verb}ing" in shown
    assert "3000/3000" in shown
