"""A file that another process holds: an append waits, and gives up at its deadline with nothing stored."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import open_sqlite
from leftfold.errors import StoreBusy, StoreClosed
from leftfold.store import ToStream
from tests.adapters.sqlite.opened import event, opened, url_of

_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.readline()
connection.execute("rollback")
print("released", flush=True)
"""


class Holder:
    """Another process that holds the file until it is told to let go."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def release(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("release\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "released\n"


@contextmanager
def held(path: Path, how: str = "begin immediate") -> Generator[Holder]:
    command = [sys.executable, "-c", _HOLD, str(path), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield Holder(process)
        process.kill()


async def test_an_append_gives_up_at_its_deadline_and_nothing_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path, deadline_s=0.3)) as store:
        with held(path) as holder:
            refused = ToStream("a-1", 0, [event()])
            loop = asyncio.get_running_loop()
            begun = loop.time()
            with pytest.raises(StoreBusy) as refusal:
                await store.append(refused)
            assert 0.25 < loop.time() - begun < 5
            assert str(path) in str(refusal.value)
            assert "deadline_s" in str(refusal.value)
            assert await store.head() == 0
            holder.release()
        assert (await store.append(refused)).repeated is False
        assert await store.head() == 1


async def test_an_append_is_stored_when_the_file_is_let_go_in_time(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path, deadline_s=30)) as store:
        with held(path) as holder:
            waiting = asyncio.ensure_future(store.append(ToStream("a-1", 0, [event()])))
            await asyncio.wait([waiting], timeout=0.05)
            assert not waiting.done()
            holder.release()
            assert (await waiting).position == 1


async def test_reading_goes_on_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event()]))
        with held(path):
            async with asyncio.timeout(5):
                assert await store.head() == 1
                assert len((await store.read_log()).events) == 1


async def test_opening_a_file_that_is_held_gives_up_at_the_deadline(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with held(path, "begin exclusive"), pytest.raises(StoreBusy, match="held by others"):
        await open_sqlite(url_of(path, deadline_s=0.3))


async def test_closing_waits_for_an_append_that_waits_for_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path, deadline_s=30)) as store:
        with held(path) as holder:
            waiting = asyncio.ensure_future(store.append(ToStream("a-1", 0, [event()])))
            await asyncio.wait([waiting], timeout=0.02)
            closing = asyncio.ensure_future(store.close())
            await asyncio.wait([closing], timeout=0.02)
            assert not closing.done()
            holder.release()
            await closing
            assert (await waiting).position == 1


async def test_a_closing_that_is_cut_off_closes_the_file_and_who_waits_for_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path, deadline_s=20)) as store:
        with held(path):
            waiting = asyncio.create_task(store.append(ToStream("a-1", 0, [event()])))
            await asyncio.sleep(0.01)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await store.close()
            assert not store.is_open
            with pytest.raises(StoreClosed):
                await asyncio.wait_for(waiting, 5)
