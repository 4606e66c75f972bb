from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import asyncpg
import pytest

from leftfold.adapters.postgres import PostgresLocation
from leftfold.testing.postgres.server import postgres_server
from tests.cli.command import Leftfold, event, record
from tests.cli.savings import APP, EMPTY, GATE, READY, TWO, Worker, balance, followers, sent
from tests.servers import free_port


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_says_when_it_is_ready_follows_and_drains_when_told(
    leftfold: Leftfold, url: str, number: signal.Signals
) -> None:
    with Worker(url) as worker:
        ready = READY.fullmatch(worker.line)
        assert ready is not None
        assert int(ready[1]) == worker.pid
        position = sent(leftfold, url)
        assert balance(leftfold, url, position) == 5
        assert worker.end(number)[0] == 0
    assert all(one["owners"] == [None] and one["notes"] == [] for one in followers(leftfold, url).values())


@pytest.mark.postgres
def test_a_worker_is_not_ready_before_others_see_it(leftfold: Leftfold, bare_url: str) -> None:
    leftfold("migrate", "--store", bare_url)
    with Worker(bare_url):
        assert balance(leftfold, bare_url, sent(leftfold, bare_url)) == 5  # so opening writes nothing
    place = PostgresLocation.parse(bare_url)
    blocked = "select count(*) from pg_locks where not granted and relation = $1::regclass"
    table = f'"{place.schema}".checkpoints'

    async def say_when() -> str:
        holder, looker = await asyncpg.connect(place.dsn), await asyncpg.connect(place.dsn)
        try:
            async with holder.transaction():
                await holder.execute(f"lock table {table} in exclusive mode")
                starting = asyncio.create_task(asyncio.to_thread(Worker, bare_url))
                while not await looker.fetchval(blocked, table):
                    await asyncio.sleep(0.01)
                early, _ = await asyncio.wait([starting], timeout=0.3)
                assert not early, "it said that it is ready while nobody could see it"
            with await starting as worker:
                return worker.line
        finally:
            await holder.close()
            await looker.close()

    assert READY.fullmatch(asyncio.run(say_when()))


def test_the_batch_under_way_ends_before_the_worker_does(leftfold: Leftfold, url: str, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    for name in ("began", "go"):
        os.mkfifo(f"{gate}.{name}")
    with Worker(url, **{GATE: str(gate)}) as worker:
        position = sent(leftfold, url)
        assert Path(f"{gate}.began").read_text() == "began"
        worker.process.send_signal(signal.SIGTERM)
        Path(f"{gate}.go").write_text("go")
        assert worker.process.wait(timeout=30) == 0
    assert Path(f"{gate}.done").exists()
    assert followers(leftfold, url)["notify"]["position"] == position


def test_another_worker_takes_over_from_one_that_was_killed(leftfold: Leftfold, url: str) -> None:
    with Worker(url) as first:
        assert balance(leftfold, url, sent(leftfold, url)) == 5
        first.end(signal.SIGKILL)
        with Worker(url) as second:
            assert balance(leftfold, url, sent(leftfold, url)) == 10
            owner = str(followers(leftfold, url)["balances@1.1"]["owners"])
            assert f":{second.pid}:" in owner
            assert second.end()[0] == 0


def ended(process: subprocess.Popen[str], *, within_s: float) -> bool:
    """Whether it has ended, or does so within *within_s* seconds."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(within_s)
    return process.returncode is not None


def test_a_second_signal_ends_a_worker_at_once(leftfold: Leftfold, sqlite: str, tmp_path: Path) -> None:
    leftfold("migrate", "--store", sqlite)
    gate = tmp_path / "gate"
    for name in ("began", "go"):
        os.mkfifo(f"{gate}.{name}")
    with Worker(sqlite, **{GATE: str(gate)}) as worker:
        sent(leftfold, sqlite)
        assert Path(f"{gate}.began").read_text() == "began"
        # One after the other, as a person would: a flood of signals can lock the interpreter up.
        while not ended(worker.process, within_s=0.05):
            worker.process.send_signal(signal.SIGTERM)
        assert worker.process.returncode == -signal.SIGTERM


def test_the_health_port_answers_with_the_lags_and_503_when_a_follower_is_stopped(
    leftfold: Leftfold, sqlite: str
) -> None:
    leftfold("migrate", "--store", sqlite)
    port = free_port()

    def asked(method: str = "GET") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, "/")
        answer = connection.getresponse()
        return answer.status, answer.read()

    with Worker(sqlite, "--health-port", str(port)) as worker:
        position = sent(leftfold, sqlite)
        balance(leftfold, sqlite, position)
        status, body = asked()
        said = json.loads(body)
        assert (status, said["status"]) == (200, "ok")
        assert {one["name"] for one in said["followers"]} == {"balances@1.1", "visits@1.1", "notify"}
        assert asked("HEAD") == (200, b"")
        assert asked("POST")[0] == 405
        # An event that nobody can read stops everything that follows.
        record(sqlite, ("savings-A", [event("savings.Deposited", '{"cents": "none"}')]))
        while asked()[0] == 200:
            pass
        assert json.loads(asked()[1])["status"] == "stopped"
        assert worker.end()[0] == 0


@pytest.mark.postgres
def test_the_health_port_answers_503_at_once_while_the_server_is_away_and_200_when_it_is_back(
    leftfold: Leftfold,
) -> None:
    port = free_port()

    def asked() -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)  # a third of the store's deadline
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())["status"]

    with postgres_server() as server:
        url = server.create_database("savings")
        assert leftfold("migrate", "--store", url).code == 0
        with Worker(url, "--health-port", str(port)) as worker:
            while asked() != (200, "ok"):
                assert worker.process.poll() is None
            server.stop()
            assert asked() == asked() == (503, "store out of reach")
            server.start()
            while asked() != (200, "ok"):
                assert worker.process.poll() is None


def test_what_a_rebuild_built_and_did_not_show_is_kept_and_the_health_port_answers_200_beside_it(
    leftfold: Leftfold, sqlite: str
) -> None:
    leftfold("migrate", "--store", sqlite)
    port = free_port()
    with Worker(sqlite, "--health-port", str(port)) as worker:
        balance(leftfold, sqlite, sent(leftfold, sqlite))
        assert leftfold("rebuild", "balances", "--compare", "--app", APP, "--store", sqlite).code == 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/")
        answer = connection.getresponse()
        said = json.loads(answer.read())
        assert (answer.status, said["status"]) == (200, "ok")
        states = {one["name"]: one["state"] for one in said["followers"]}
        assert [name for name, state in states.items() if state in ("kept", "stopped")] == ["balances@1.2"]
        assert states["balances@1.2"] == "kept"
        table = leftfold("projections", "--app", APP, "--store", sqlite).out
        assert "balances@1.2  kept, not shown" in table
        assert worker.end()[0] == 0


def test_the_health_port_is_of_the_address_that_is_named_and_of_no_other(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    port = free_port()
    with Worker(sqlite, "--health-port", str(port), "--health-host", "127.0.0.2") as worker:
        connection = http.client.HTTPConnection("127.0.0.2", port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status in (200, 503)
        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection("127.0.0.1", port, timeout=10).connect()
        assert worker.end()[0] == 0


@pytest.mark.parametrize("port", [(), ("--health-port",)])
def test_the_health_file_is_touched_every_poll_period_beside_a_port_as_well(
    leftfold: Leftfold, sqlite: str, tmp_path: Path, port: Sequence[str]
) -> None:
    leftfold("migrate", "--store", sqlite)
    file = tmp_path / "health"
    with Worker(sqlite, "--health-file", str(file), *port, *(str(free_port()) for _ in port)) as worker:
        first = file.stat().st_mtime_ns
        while file.stat().st_mtime_ns == first:
            assert worker.process.poll() is None
        assert worker.end()[0] == 0


def test_logs_are_json_lines_when_asked_for_and_text_otherwise(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    record(sqlite, ("savings-A", [event("savings.Deposited", '{"cents": "none"}')]))
    for json_logs in (True, False):
        with Worker(sqlite, *(["--json-logs"] if json_logs else [])) as worker:
            while not all(one["notes"] for one in followers(leftfold, sqlite).values()):
                assert worker.process.poll() is None
            code, said = worker.end()
        assert code == 0
        stopped = next(line for line in said.splitlines() if "stopped following" in line)
        if json_logs:
            said_in_json = json.loads(stopped)
            assert {"time", "level", "logger", "message"} == set(said_in_json)
            assert said_in_json["level"] == "warning"
        else:
            assert " WARNING worker " in stopped


def test_the_ready_line_is_json_when_asked_for(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    with Worker(sqlite, "--json") as worker:
        counted = {"projections": 2, "reactions": 1, "sagas": 0, "processes": 0}
        assert json.loads(worker.line) == {"ready": True, **counted, "pid": worker.pid}


def test_a_store_that_is_out_of_reach_at_the_start_is_exit_code_3(leftfold: Leftfold) -> None:
    gone = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing?deadline_s=1"
    ran = leftfold("work", "--app", APP, "--store", gone)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("leftfold: ")


def test_a_store_that_is_missing_is_not_made(leftfold: Leftfold, sqlite: str, tmp_path: Path) -> None:
    ran = leftfold("work", "--app", APP, "--store", sqlite)
    assert (ran.code, ran.out) == (1, "")
    assert "leftfold migrate" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--app", "nothing:here"],
        ["--app", EMPTY],
        ["--app", TWO],
        ["--app", APP, "--lease", "1", "--poll", "1"],
        ["--app", APP, "--poll", "0"],
        ["--app", APP, "--poll", "nan"],
        ["--app", APP, "--health-port", "70000"],
        ["--app", APP, "--health-port", "0"],
        ["--app", APP, "--health-host", "127.0.0.1"],
        ["--app", APP, "--health-host", "192.0.2.1", "--health-port", "8080"],
        ["--app", APP, "--health-host", "\udcff", "--health-port", "8080"],
        ["--app", APP, "--health-host", "a" * 70, "--health-port", "8080"],
        ["--app", APP, "--health-file", "/nowhere/at/all"],
        ["--app", APP, "--health-file", "/"],
        ["--app", APP, "--store", "memory:"],
    ],
)
def test_a_wrong_command_line_is_exit_code_2(leftfold: Leftfold, sqlite: str, arguments: list[str]) -> None:
    leftfold("migrate", "--store", sqlite)
    ran = leftfold("work", *arguments, *([] if "--store" in arguments else ["--store", sqlite]))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("leftfold: ")


def test_a_port_that_is_taken_is_exit_code_2(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert leftfold("work", "--app", APP, "--store", sqlite, "--health-port", port).code == 2


def test_contexts_have_stores_of_their_own_by_their_names(leftfold: Leftfold, tmp_path: Path) -> None:
    for name in ("savings", "other"):
        leftfold("migrate", "--store", f"sqlite:///{tmp_path}/{name}.db")
    store = f"sqlite:///{tmp_path}/{{context}}.db"
    ran = leftfold("projections", "--json", "--app", TWO, "--store", store)
    assert {(one["context"], one["name"]) for one in ran.lines} == {
        ("savings", "balances@1.1"),
        ("savings", "visits@1.1"),
        ("savings", "notify"),
        ("other", "counted@1.1"),
    }


def test_an_unexpected_error_ends_a_worker_with_exit_code_1(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    with Worker(sqlite, "--json-logs") as worker:
        with closing(sqlite3.connect(sqlite.removeprefix("sqlite:///"))) as database, database:
            database.execute("update leftfold_generations__1_1 set row = '{}'")
        _, said = worker.process.communicate(timeout=30)
    assert worker.process.returncode == 1
    [line] = [json.loads(line) for line in said.splitlines() if "unexpected" in line]
    assert line["level"] == "error"
    assert "ValidationError" in line["error"]
