"""A process that forks: nothing that it has closed holds it up."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from time import perf_counter

from leftfold.adapters.sqlite import SqliteStore, open_sqlite
from tests.adapters.sqlite.opened import url_of

_LOOPS = 10


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
