"""The triggers of a file guard it against everybody but the store, which spares itself their time."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema
from leftfold.adapters.sqlite.triggers import without_triggers
from leftfold.store import ToStream
from tests.adapters.sqlite.opened import connected, event, opened, url_of

_NOTED = """
create table noted (position integer);
create trigger note after insert on events begin insert into noted values (new.position); end;
"""


async def test_the_store_runs_no_triggers(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        with connected(path) as anybody:
            anybody.executescript(_NOTED)
        await store.append(ToStream("a-1", 0, [event(), event()]))
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 2, [event()]))
    with connected(path) as anybody:
        assert anybody.execute("select * from noted").fetchall() == []


async def test_connections_of_others_run_them_also_when_opened_beside_a_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await store.append(ToStream("a-1", 0, [event()]))
    refused: list[bool] = []
    over = threading.Event()

    def others() -> None:
        while not over.is_set():
            with connected(path) as anybody, suppress(sqlite3.OperationalError):  # a store being opened holds the file
                refused.append(_is_refused(anybody))

    thread = threading.Thread(target=others)
    thread.start()
    try:
        while len(refused) < 100 and all(refused):
            async with opened(url_of(path)):
                pass
    finally:
        over.set()
        thread.join()
    assert all(refused)


_WITHOUT_CTYPES = """
import sys
sys.modules["ctypes"] = None  # which is not there then
import asyncio
from leftfold.store import ToStream
from tests.adapters.sqlite.opened import event, opened

async def append(url):
    async with opened(url) as store:
        await store.append(ToStream("a-1", 0, [event(), event()]))

asyncio.run(append(sys.argv[1]))
"""


def test_where_sqlite_cannot_be_asked_the_triggers_run_and_the_store_works(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    asyncio.run(SqliteSchema(SqliteLocation.parse(url_of(path))).migrate())
    with connected(path) as anybody:
        anybody.executescript(_NOTED)
        subprocess.run([sys.executable, "-c", _WITHOUT_CTYPES, url_of(path)], check=True)
        noted = [] if sys.version_info >= (3, 12) else [(1,), (2,)]
        assert anybody.execute("select * from noted").fetchall() == noted
        assert anybody.execute("select count(*) from events").fetchone() == (2,)


class _Rung(Exception):
    """What a handler of a signal raises."""


def test_what_a_handler_of_a_signal_raises_while_a_file_is_being_opened_is_heard(tmp_path: Path) -> None:
    rung: list[int] = []
    heard = 0

    def ring(number: int, _: object) -> None:
        rung.append(number)
        raise _Rung

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(tmp_path / "a.db", check_same_thread=False)

    before = signal.signal(signal.SIGALRM, ring)
    try:
        for n in range(100):
            try:
                signal.setitimer(signal.ITIMER_REAL, (n % 20 + 1) * 0.000_01)
                without_triggers(connect).close()
                time.sleep(0.001)  # it rings before
            except _Rung:
                heard += 1
    finally:
        signal.signal(signal.SIGALRM, before)
    assert heard == len(rung) == 100


def _is_refused(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("update events set version = 1")
    except sqlite3.IntegrityError:
        return True
    return False
