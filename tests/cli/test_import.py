from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leftfold.app import open_store
from leftfold.cli.logfile import header_of, line_of
from leftfold.ids import new_id
from leftfold.store import StoredEvent
from tests.cli.command import Leftfold, command, environment, event, record, run_apart, stored
from tests.conftest import ROOT, LeftOut


def a_log(count: int, *, size: int = 20) -> list[StoredEvent]:
    """*count* events of seven streams, recorded a second apart long ago."""
    start = datetime(2001, 2, 3, 4, 5, 6, 789, UTC)
    return [
        StoredEvent(
            position=number + 1,
            stream=f"konto-ü{number % 7}",
            version=number // 7 + 1,
            id=new_id(),
            type="Happened",
            schema_version=2,
            data=f'{{ "number" : {number}.10, "text": "{"x" * size}" }}'.encode(),
            metadata=b'{ "actor":"ann" }',
            occurred_at=start + timedelta(seconds=number, days=-1000),
            recorded_at=start + timedelta(seconds=number),
            tags=("a", "b") if number % 3 == 0 else (),
        )
        for number in range(count)
    ]


def lines_of(log: Sequence[StoredEvent]) -> list[bytes]:
    return [line_of(header_of(len(log), log[-1] if log else None)), *map(line_of, log)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the exported log is."""
    return tmp_path / "log.jsonl"


def test_a_log_keeps_its_positions_and_times_and_says_what_was_stored(leftfold: Leftfold, url: str, file: Path) -> None:
    log = a_log(1234)
    file.write_bytes(b"".join(lines_of(log)))
    ran = leftfold("import", str(file), "--store", url)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("imported 1,234 events; 0 were here already\n")
    assert "leftfold reset NAME --to end, before a worker runs" in ran.err
    assert stored(url) == log


def test_an_import_repeated_changes_nothing(leftfold: Leftfold, url: str, file: Path) -> None:
    file.write_bytes(b"".join(lines_of(a_log(1234))))
    leftfold("import", str(file), "--store", url)
    record(url, ("konto-ü0", [event("After")]))
    before = stored(url)
    assert leftfold("import", str(file), "--json", "--store", url).lines == [{"events": 1234, "stored": 0}]
    assert stored(url) == before


def test_export_and_import_together_are_a_copy(leftfold: Leftfold, url: str, tmp_path: Path, file: Path) -> None:
    record(url, *((f"s-{number}", [event(data=f"[ {number}.00 ]", tags=("t",))] * 1) for number in range(5)))
    leftfold("export", str(file), "--store", url)
    copy = f"sqlite:///{tmp_path}/copy.db"
    assert leftfold("import", str(file), "--store", copy).code == 0
    assert stored(copy) == stored(url)
    again = tmp_path / "again.jsonl"
    leftfold("export", str(again), "--store", copy)
    assert again.read_bytes() == file.read_bytes()


def test_a_longer_export_of_the_same_log_goes_on_where_the_store_ends(leftfold: Leftfold, url: str, file: Path) -> None:
    log = a_log(1500)
    file.write_bytes(b"".join(lines_of(log[:700])))
    leftfold("import", str(file), "--store", url)
    file.write_bytes(b"".join(lines_of(log)))
    assert leftfold("import", str(file), "--json", "--store", url).lines == [{"events": 1500, "stored": 800}]
    assert stored(url) == log


def test_a_log_comes_through_standard_input_and_through_a_pipe(sqlite: str, tmp_path: Path) -> None:
    log = a_log(10)
    content = b"".join(lines_of(log))
    assert run_apart("import", "-", "--store", sqlite, stdin=content).code == 0
    assert stored(sqlite) == log
    other = f"sqlite:///{tmp_path}/other.db"
    assert run_apart("import", "/dev/stdin", "--store", other, stdin=content).code == 0
    assert stored(other) == log


async def _first_events(url: str) -> int:
    store = await open_store(url)
    try:
        return await store.wake(0, 60)
    finally:
        await store.close()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_an_import_broken_off_goes_on_when_it_is_started_again(
    url: str, file: Path, sent: signal.Signals, code: int
) -> None:
    log = a_log(15_000, size=500)
    file.write_bytes(b"".join(lines_of(log)))
    importing = subprocess.Popen(
        command("import", str(file), "--store", url), env=environment(), stderr=subprocess.DEVNULL
    )
    assert asyncio.run(_first_events(url)) > 0
    importing.send_signal(sent)
    assert importing.wait() == code
    here = stored(url)
    assert 0 < len(here) < len(log)
    assert here == log[: len(here)]
    ran = run_apart("import", str(file), "--json", "--store", url)
    assert (ran.code, ran.lines) == (0, [{"events": len(log), "stored": len(log) - len(here)}])
    assert stored(url) == log


def test_an_import_into_a_disk_that_fills_up_says_what_is_stored_and_goes_on_with_space(
    leftfold: Leftfold, sqlite: str, tmp_path: Path, file: Path, left_out: LeftOut
) -> None:
    private = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*private, "true"], check=False).returncode != 0:
        left_out("private mounts are not allowed: `unshare --user --mount` fails")
    log = a_log(2000, size=500)
    file.write_bytes(b"".join(lines_of(log)))
    (tmp_path / "disk").mkdir()
    kept = "cp disk/bank.db* . && rm -f bank.db-shm"
    filled = f'mount -t tmpfs -o size=1500k none disk && (cd "{ROOT}" && "$@" || echo $?) && {kept}'
    importing = command("import", str(file), "--store", f"sqlite:///{tmp_path}/disk/bank.db")
    ran = subprocess.run(
        [*private, "sh", "-ec", filled, "sh", *importing], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    here = stored(sqlite)
    assert 0 < len(here) < len(log)
    assert ran.stdout == "3\n"
    assert f"{len(here):,} of 2,000 events of {file} were imported, and are stored; run the same again" in ran.stderr
    assert "free some space" in ran.stderr
    assert leftfold("import", str(file), "--json", "--store", sqlite).lines[0]["stored"] == len(log) - len(here)
    assert stored(sqlite) == log


@pytest.mark.parametrize("changed", [0, 600, 1199])
def test_a_log_that_went_another_way_is_refused_and_nothing_of_it_is_stored(
    leftfold: Leftfold, url: str, file: Path, changed: int
) -> None:
    log = a_log(1300)
    file.write_bytes(b"".join(lines_of(log[:1200])))
    leftfold("import", str(file), "--store", url)
    other = lines_of(log)
    other[changed + 1] = other[changed + 1].replace(b".10", b".1")
    file.write_bytes(b"".join(other))
    ran = leftfold("import", str(file), "--store", url)
    assert (ran.code, ran.out) == (1, "")
    assert f"line {changed + 2:,}:" in ran.err
    assert "empty store" in ran.err
    assert stored(url) == log[:1200]


def test_a_store_with_a_history_of_its_own_takes_no_log(leftfold: Leftfold, url: str, file: Path) -> None:
    record(url, ("mine", [event()]))
    file.write_bytes(b"".join(lines_of(a_log(3))))
    assert leftfold("import", str(file), "--store", url).code == 1
    assert [event.stream for event in stored(url)] == ["mine"]


def changed_line(line: bytes, **fields: object) -> bytes:
    return json.dumps({**json.loads(line), **fields}).encode() + b"\n"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"position": 900}, "position 900 is on it"),
        ({"version": 900}, "900 cannot follow"),
        ({"recorded_at": "1999-01-01T00:00:00Z"}, "before its predecessor"),
        ({"recorded_at": "2026-01-01T00:00:00"}, "timezone"),
        ({"id": "no id"}, "UUID"),
        ({"data": "{"}, "JSON"),
        ({"data": "NaN"}, "JSON"),
        ({"data": '"\\u0000"'}, "NUL"),
        ({"data": {"a": 1}}, "str"),
        ({"metadata": "x"}, "JSON"),
        ({"type": ""}, "is empty"),
        ({"tags": ["x" * 513]}, "513"),
        ({"schema_version": 0}, "schema version"),
        ({"more": 1}, "more"),
        ({"type": "a\x00b"}, "NUL"),
    ],
)
def test_a_bad_line_is_reported_by_its_number_and_nothing_is_stored(
    leftfold: Leftfold, sqlite: str, file: Path, bad: dict[str, object], reason: str
) -> None:
    lines = lines_of(a_log(800))
    lines[700] = changed_line(lines[700], **bad)
    file.write_bytes(b"".join(lines))
    ran = leftfold("import", str(file), "--store", sqlite)
    assert (ran.code, ran.out) == (1, "")
    first, second, *others = ran.err.splitlines()
    assert first.endswith("nothing of it was stored")
    assert second.startswith("line 701: ")
    assert reason in second
    assert others == []
    assert not Path(sqlite.removeprefix("sqlite:///")).exists()


def test_every_bad_line_is_reported_up_to_twenty(leftfold: Leftfold, sqlite: str, file: Path) -> None:
    lines = lines_of(a_log(100))
    bad = range(10, 60, 2)
    for number in bad:
        lines[number] = b"\x00\xff" + lines[number]
    file.write_bytes(b"".join(lines))
    _, *said = leftfold("import", str(file), "--store", sqlite).err.splitlines()
    assert [line.partition(":")[0] for line in said] == [*(f"line {number + 1}" for number in bad[:20]), "and 5 more"]


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        (slice(0, 5), "the header promises 9 events; 4 lines follow it"),
        (slice(1, 10), "line 1: not the header"),
        (slice(0, 0), "line 1: not the header"),
        ([*range(10), 9], "11 lines"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(
    leftfold: Leftfold, sqlite: str, file: Path, keep: slice | list[int], reason: str
) -> None:
    lines = lines_of(a_log(9))
    file.write_bytes(b"".join(lines[keep] if isinstance(keep, slice) else [lines[number] for number in keep]))
    ran = leftfold("import", str(file), "--store", sqlite)
    assert ran.code == 1
    assert reason in ran.err or "line 11" in ran.err
    assert not Path(sqlite.removeprefix("sqlite:///")).exists()


def test_the_last_line_cut_in_the_middle_is_reported(leftfold: Leftfold, sqlite: str, file: Path) -> None:
    file.write_bytes(b"".join(lines_of(a_log(9)))[:-20])
    ran = leftfold("import", str(file), "--store", sqlite)
    assert ran.code == 1
    assert "line 10:" in ran.err


def test_an_id_that_is_in_the_log_twice_stores_nothing_of_its_batch(leftfold: Leftfold, url: str, file: Path) -> None:
    lines = lines_of(a_log(50))
    lines[40] = changed_line(lines[40], id=json.loads(lines[30])["id"])
    file.write_bytes(b"".join(lines))
    ran = leftfold("import", str(file), "--store", url)
    assert ran.code == 1
    assert ran.err.startswith("leftfold: ")
    assert list(stored(url)) == []


def test_a_file_that_is_not_there_is_an_error(leftfold: Leftfold, sqlite: str, tmp_path: Path) -> None:
    ran = leftfold("import", str(tmp_path / "nothing.jsonl"), "--store", sqlite)
    assert ran.code == 1
    assert "No such file" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_a_postgresql_store_that_was_not_migrated_says_what_to_do(
    leftfold: Leftfold, bare_url: str, file: Path
) -> None:
    file.write_bytes(b"".join(lines_of(a_log(3))))
    ran = leftfold("import", str(file), "--store", bare_url)
    assert ran.code == 1
    assert "leftfold migrate" in ran.err
