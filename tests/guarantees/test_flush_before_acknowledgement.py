"""G4: the log is flushed to the disk before every acknowledgement, as the system's own trace shows.

What a disk does with a flush is not claimed.
"""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Final

import pytest

from leftfold.testing.postgres import PostgresServer
from tests.conftest import LeftOut
from tests.guarantees.children import Child, begin_together
from tests.guarantees.places import connect_postgres, open_place
from tests.guarantees.traces import flushes_before_each_acknowledgement, strace
from tests.guarantees.working import Won

_COUNT: Final = 12
_SQLITE_LOG: Final = re.compile(r"store\.db-wal$")
_POSTGRES_LOG: Final = re.compile(r"/pg_wal/[0-9A-F]{24}$")


async def _sqlite_flushes(directory: Path, durability: str, left_out: LeftOut) -> list[int]:
    url = f"sqlite:///{directory}/store.db?durability={durability}"
    await (await open_place(url)).close()
    tracer = strace(directory / "trace")
    if tracer is None:
        left_out("strace is not installed")
    with Child("working", "acknowledge", url, str(_COUNT), prefix=tracer) as child:
        begin_together([child])
        assert len(child.finish(Won)) == _COUNT
    return flushes_before_each_acknowledgement((directory / "trace").read_text().splitlines(), _SQLITE_LOG)


async def test_sqlite_flushes_its_log_before_every_acknowledgement(tmp_path: Path, left_out: LeftOut) -> None:
    flushes = await _sqlite_flushes(tmp_path, "full", left_out)
    assert len(flushes) == _COUNT
    assert all(flushes), flushes


async def test_sqlite_with_normal_durability_does_not_and_the_trace_shows_it(tmp_path: Path, left_out: LeftOut) -> None:
    flushes = await _sqlite_flushes(tmp_path, "normal", left_out)
    assert len(flushes) == _COUNT
    assert sum(flushes) < _COUNT / 2, flushes


@pytest.mark.postgres
async def test_postgres_flushes_its_log_before_every_acknowledgement_even_where_the_database_says_not_to(
    postgres: PostgresServer, store_url: str, tmp_path: Path, left_out: LeftOut
) -> None:
    connection = await connect_postgres(store_url)
    name = await connection.fetchval("select current_database()")
    await connection.execute(f'alter database "{name}" set synchronous_commit = off')
    server = _parent(await connection.fetchval("select pg_backend_pid()"))
    tracer = strace(tmp_path / "trace", "-p", str(server))
    if tracer is None:
        left_out("strace is not installed")
    try:
        with Child("working", "acknowledge", store_url, str(_COUNT), prefix=tracer) as child:
            begin_together([child])
            for _ in range(_COUNT):
                child.hear(Won)
            child.process.send_signal(signal.SIGINT)
            child.process.wait()
    finally:
        await connection.execute(f'alter database "{name}" reset synchronous_commit')
        await connection.close()
    flushes = flushes_before_each_acknowledgement((tmp_path / "trace").read_text().splitlines(), _POSTGRES_LOG)
    assert len(flushes) == _COUNT
    assert all(flushes), flushes


def _parent(pid: int) -> int:
    """The server that forked a backend, which forks the next ones."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("PPid:")[1].split()[0])
