"""A process that forks: nothing that it has closed holds it up, and what it is opening is nothing to its child."""

from __future__ import annotations

import asyncio
import os
import threading
from itertools import count
from pathlib import Path
from time import perf_counter

from leftfold.adapters.sqlite import SqliteStore, open_sqlite
from tests.adapters.sqlite.opened import url_of

_LOOPS = 10
_FORKS = 10


def test_files_that_were_closed_hold_up_no_fork(tmp_path: Path) -> None:
    async def opened_and_closed() -> SqliteStore:
        store = await open_sqlite(url_of(tmp_path / "a.db"))
        await store.close()
        return store

    loops = [asyncio.new_event_loop() for _ in range(_LOOPS)]
    try:
        closed = [loop.run_until_complete(opened_and_closed()) for loop in loops]
        began = perf_counter()
        if (child := os.fork()) == 0:
            os._exit(0)
        took = perf_counter() - began
        assert os.waitpid(child, 0)[1] == 0
        assert len(closed) == _LOOPS
        assert took < 0.05 * _LOOPS, "each loop was waited for"
    finally:
        for loop in loops:
            loop.close()


def test_children_that_are_forked_while_a_thread_opens_files_open_them_for_themselves(tmp_path: Path) -> None:
    newest, over = [url_of(tmp_path / "0.db")], threading.Event()

    async def opened(url: str) -> None:
        await (await open_sqlite(url)).close()

    def open_new_files() -> None:
        for number in count():
            if over.is_set():
                return
            newest[0] = url_of(tmp_path / f"{number}.db")
            asyncio.run(opened(newest[0]))

    opening = threading.Thread(target=open_new_files)
    opening.start()
    statuses: list[int] = []
    for _ in range(_FORKS):
        if (child := os.fork()) == 0:
            code = 1
            try:
                asyncio.run(opened(f"{newest[0]}?deadline_s=2"))
                code = 0
            finally:
                os._exit(code)
        statuses.append(os.waitpid(child, 0)[1])
    over.set()
    opening.join()
    assert statuses == [0] * _FORKS
