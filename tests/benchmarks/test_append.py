"""The benchmark measures what it says: every event it counts is in the store, and the store was durable."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from benchmarks.databases import Sqlite
from benchmarks.measuring import RowsDiffer, measure
from benchmarks.servers import servers
from benchmarks.systems.leftfold import Leftfold
from benchmarks.workers import Workers
from benchmarks.works import APPEND_WORKS, Effort
from tests.conftest import ROOT, LeftOut

KEYS = {"work", "system", "per_second", "p50_ms", "p99_ms", "rows", "seconds", "durability"}
SHORT = Effort(rounds=2, seconds=0.01, aggregates=2)


class Forgetful(Leftfold):
    async def rows(self, url: str) -> int:
        return await super().rows(url) - 1


def lines(*only: str) -> dict[tuple[str, str], dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks", "append", "--quick", "--json"]
    for text in only:
        command += ["--only", text]
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, text=True)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {(line["work"], line["system"]): line for line in found}


def test_a_line_has_every_figure_and_the_settings_of_the_connections_that_wrote() -> None:
    found = lines("append, 1 writer/leftfold sqlite", "append, 1 writer/raw sqlite")
    assert set(found) == {("append, 1 writer", "leftfold sqlite"), ("append, 1 writer", "raw sqlite")}
    for line in found.values():
        assert set(line) >= KEYS
        assert line["rows"] > 0
        assert line["per_second"] > 0
        assert 0 < line["p50_ms"] <= line["p99_ms"]
        assert line["durability"]["synchronous"] == "full"
        assert line["durability"]["journal_mode"] == "wal"


def test_loads_and_commands_work_on_aggregates_of_a_hundred_events() -> None:
    found = lines(
        "load 100-event aggregate/leftfold sqlite", "command/leftfold sqlite", "command, 32 at once/leftfold sq"
    )
    assert found["load 100-event aggregate", "leftfold sqlite"]["rows"] == 5_000
    assert found["command", "leftfold sqlite"]["rows"] > 5_000
    assert found["command, 32 at once", "leftfold sqlite"]["rows"] > 5_000


def test_a_selection_that_matches_nothing_is_an_error() -> None:
    command = [sys.executable, "-m", "benchmarks", "append", "--only", "append, 33 writers"]
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, text=True)
    assert done.returncode == 1
    assert "append, 33 writers" in done.stderr


def test_several_processes_write_one_store() -> None:
    [line] = lines("4 processes x 8 writers/leftfold sqlite").values()
    assert line["rows"] >= 2 * 32
    assert line["durability"]["synchronous"] == "full"


@pytest.mark.postgres
def test_postgresql_flushes_and_its_flushes_can_be_slowed_down() -> None:
    found = lines("append, 32 writers/leftfold postgres", "append, flush 2 ms slower/leftfold postgres")
    assert {line["durability"]["fsync"] for line in found.values()} == {"on"}
    assert {line["durability"]["synchronous_commit"] for line in found.values()} == {"on"}
    assert found["append, flush 2 ms slower", "leftfold postgres"]["durability"]["commit_delay"] == "2000"
    assert found["append, flush 2 ms slower", "leftfold postgres"]["p50_ms"] > 2


@pytest.mark.postgres
def test_the_peers_are_measured_beside_us(left_out: LeftOut) -> None:
    for package in ("eventsourcing", "umadb"):
        if find_spec(package) is None:
            left_out(f"{package} is not installed; `make bench` installs it")
    systems = {system for _, system in lines("append, 1 writer/eventsourcing", "append, 1 writer/umadb")}
    assert systems == {"eventsourcing sqlite", "eventsourcing postgres", "umadb"}


async def test_a_store_that_holds_less_than_it_acknowledged_is_no_result() -> None:
    with servers() as places, Workers() as workers:
        with pytest.raises(RowsDiffer, match="acknowledged"):
            await measure([(APPEND_WORKS[0], [Forgetful(Sqlite())])], places, workers, SHORT)
        [result] = await measure([(APPEND_WORKS[0], [Leftfold(Sqlite())])], places, workers, SHORT)
    assert result.rows >= 2
