"""Follows, reads or builds what a counting house counts: `python -m tests.guarantees.following ROLE ...`.

It says `{}` once it is at work; what it says afterwards depends on its role.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Final

import msgspec
from msgspec import Struct

from leftfold import App
from leftfold.adapters.postgres import PostgresLocation
from leftfold.adapters.sqlite import SqliteLocation
from leftfold.projections.read_model import ReadModel
from leftfold.projections.rebuilding import Rebuild
from leftfold.store.port import Store
from leftfold.subscriptions import Timing
from tests.guarantees.children import begin_child, say, stopped
from tests.guarantees.counting import Counting, Total, append_counted, counting_house
from tests.guarantees.places import connect_postgres, open_place

__all__ = ["LEASE_S", "POLL_S", "TIMING", "Found", "Heard", "Read"]

LEASE_S: Final = 1.0
POLL_S: Final = 0.1
TIMING: Final = Timing(lease_s=LEASE_S, poll_s=POLL_S, grace_s=2.0)

_COLUMNS: Final = ", ".join(field.name for field in fields(Total))


class Heard(Struct, frozen=True):
    """What the framework logged."""

    heard: str


class Found(Struct, frozen=True):
    """Every row, in one read; by whom: `model` or `view`."""

    rows: dict[str, Total]


class Read(Struct, frozen=True):
    """What a reader saw: how often it read, and every state that was not the one before."""

    reads: int
    states: list[dict[str, Total]]


class _Telling(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(Heard(record.getMessage()))


async def work(store: Store, url: str, how: Counting) -> None:
    """Follow until told to stop or killed, saying what is logged; on each line that is told, say every row."""
    log = logging.getLogger("leftfold")
    log.addHandler(_Telling())
    log.setLevel(logging.INFO)
    async with App(counting_house(how), store=store, workers=TIMING) as app:
        rows: ReadModel[Total] = ReadModel(app.contexts[0].projections[0], store)
        say({})
        while await asyncio.to_thread(sys.stdin.readline):
            say(Found({row.account: row for row in await rows.find(limit=1_000)}))


async def count(store: Store, url: str, how: Counting) -> None:
    """Append events for ten accounts until told to stop, a hundred at most each second."""
    say({})
    number = 0
    while not stopped():
        number += 1
        await append_counted(store, [(f"{number % 10}", number), (f"{number % 7}", 1)])
        await asyncio.sleep(0.01)


async def read(store: Store, url: str, how: Counting) -> None:
    """Read all rows through the read model until told to stop."""
    async with App(counting_house(how), store=store, workers=False) as app:
        rows: ReadModel[Total] = ReadModel(app.contexts[0].projections[0], store)

        async def once() -> Sequence[Total]:
            return await rows.find(limit=1_000)

        await _keep_reading(once)


async def view(store: Store, url: str, how: Counting) -> None:
    """Read all rows through the SQL view, with the database's own driver, until told to stop."""
    await (_view_sqlite(url) if url.startswith("sqlite:") else _view_postgres(url))


async def build(store: Store, url: str, how: Counting) -> None:
    """Build the read model anew and show it; says the positions done, and `{}` at the end. SIGINT cancels it."""
    async with App(counting_house(how), store=store, workers=False) as app:
        follower = app.running().followers["totals"]
        rebuild = Rebuild[Total](follower, f"rebuild {os.getpid()}", TIMING)
        task = asyncio.ensure_future(rebuild.show(lambda done, head: say({"done": done, "head": head})))
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
        with suppress(asyncio.CancelledError):
            await task
            say({})


async def _keep_reading(once: Callable[[], Awaitable[Sequence[Total]]]) -> None:
    states: list[dict[str, Total]] = []
    reads = 0
    say({})
    while not stopped():
        state = {row.account: row for row in await once()}
        reads += 1
        if not states or state != states[-1]:
            states.append(state)
        await asyncio.sleep(0)
    say(Read(reads, states))


async def _view_sqlite(url: str) -> None:
    connection = sqlite3.connect(SqliteLocation.parse(url).path)

    async def once() -> Sequence[Total]:
        return [Total(*row) for row in connection.execute(f"select {_COLUMNS} from totals")]

    await _keep_reading(once)
    connection.close()


async def _view_postgres(url: str) -> None:
    connection = await connect_postgres(url)
    sql = f'select {_COLUMNS} from "{PostgresLocation.parse(url).schema}_read".totals'

    async def once() -> Sequence[Total]:
        return [Total(*row) for row in await connection.fetch(sql)]

    await _keep_reading(once)
    await connection.close()


ROLES: Final[dict[str, Callable[[Store, str, Counting], Awaitable[None]]]] = {
    role.__name__: role for role in (work, count, read, view, build)
}


async def main(role: str, url: str, how: str) -> None:
    """Play *role*."""
    begin_child()
    store = await open_place(url)
    await ROLES[role](store, url, msgspec.json.decode(how, type=Counting))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
