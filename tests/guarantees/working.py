"""What a child process does with a store: `python -m tests.guarantees.working ROLE URL ...`.

Every child says `{}` once its store is open and waits for a line before it begins, so that all begin together.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter
from uuid import UUID

from msgspec import Struct

from leftfold.adapters.postgres import PostgresLocation, append_within
from leftfold.adapters.sqlite import SqliteLocation
from leftfold.errors import ConditionFailed, Conflict
from leftfold.ids import new_id
from leftfold.store.events import AppendCondition, Expected, NewEvent, QueryItem, ToStream
from leftfold.store.port import Store
from tests.guarantees.children import begin_child, say, stopped
from tests.guarantees.places import connect_postgres, open_place

__all__ = ["Ready", "Saw", "Won"]


class Ready(Struct, frozen=True):
    """The store is open."""


class Won(Struct, frozen=True):
    """One append that was acknowledged."""

    stream: str
    version: int
    position: int
    id: UUID
    writer: int = 0
    seconds: float = 0.0


class Saw(Struct, frozen=True):
    """One event that a reader passed."""

    position: int
    id: UUID


async def race(store: Store, url: str, stream: str, goal: str, tasks: str) -> None:
    """Append to one stream at the exact version known, as several tasks, until it has *goal* events."""

    async def run() -> None:
        version = 0
        while version < int(goal):
            new = NewEvent(id=new_id(), type="Happened", data=b"{}")
            try:
                appended = await store.append(ToStream(stream, version, [new]))
            except Conflict as conflict:
                assert (conflict.stream, conflict.expected) == (stream, version)
                assert conflict.actual > version
                version = conflict.actual
            else:
                version = appended.versions[stream]
                say(Won(stream, version, appended.position, new.id))

    await asyncio.gather(*(run() for _ in range(int(tasks))))


async def book(store: Store, url: str, seats: str, tasks: str) -> None:
    """Book seats, each only if nobody has, and note something about them without a condition, as several tasks."""

    async def run() -> None:
        for seat in range(int(seats)):
            tag = f"seat:{seat}"
            booked = (QueryItem(tags=frozenset({tag}), types=frozenset({"Booked"})),)
            known = await store.head()
            if (await store.read_log(match=booked)).events:
                continue
            condition = AppendCondition(none_of=booked, after=known)
            new = NewEvent(id=new_id(), type="Booked", data=b"{}", tags=(tag,))
            noted = NewEvent(id=new_id(), type="Noted", data=b"{}", tags=(tag,))
            try:
                _, appended = await asyncio.gather(
                    store.append(ToStream(f"notes-{seat}", Expected.ANY, [noted])),
                    store.append(ToStream(f"hall-{new.id}", 0, [new]), condition=condition),
                )
            except ConditionFailed:
                continue
            say(Won(tag, 1, appended.position, new.id))

    await asyncio.gather(*(run() for _ in range(int(tasks))))


async def write(store: Store, url: str, tasks: str) -> None:
    """Append to streams of its own, as several tasks, until told to stop or killed."""
    name = new_id().hex

    async def run(number: int) -> None:
        stream = f"w{number % 3}-{name}"
        while not stopped():
            new = NewEvent(id=new_id(), type="Happened", data=b"{}")
            begun = perf_counter()
            appended = await store.append(ToStream(stream, Expected.ANY, [new]))
            took = perf_counter() - begun
            say(Won(stream, appended.versions[stream], appended.position, new.id, number, took))

    await asyncio.gather(*(run(number) for number in range(int(tasks))))


async def dawdle(store: Store, url: str) -> None:
    """Append in transactions that stay open for a while and end in a rollback, mostly, until told to stop or killed."""
    chance = random.Random(5)
    while not stopped():
        hold_s = chance.choice([0.0, 0.002, 0.02])
        if url.startswith("sqlite:"):
            await _dawdle_sqlite(url, hold_s)
        else:
            await _dawdle_postgres(url, hold_s, chance.random() < 0.6)


async def _dawdle_sqlite(url: str, hold_s: float) -> None:
    connection = sqlite3.connect(SqliteLocation.parse(url).path, isolation_level=None)
    try:
        connection.execute("begin immediate")
        connection.execute(
            "insert into events (position, stream, version, type, schema_version, id, data, metadata, recorded_at) "
            "select coalesce(max(position), 0) + 1, 0, 1, 'Never', 1, ?, '{}', '{}', coalesce(max(recorded_at), 0) "
            "from events",
            (new_id().bytes,),
        )
        await asyncio.sleep(hold_s)
        connection.execute("rollback")
    finally:
        connection.close()
    await asyncio.sleep(0.01)


async def _dawdle_postgres(url: str, hold_s: float, abort: bool) -> None:
    connection = await connect_postgres(url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        new = NewEvent(id=new_id(), type="Dawdled", data=b"{}")
        part = ToStream("dawdler-1", Expected.ANY, [new])
        appended = await append_within(connection, part, schema=PostgresLocation.parse(url).schema)
        await asyncio.sleep(hold_s)
        if abort:
            await transaction.rollback()
        else:
            await transaction.commit()
            say(Won("dawdler-1", appended.versions["dawdler-1"], appended.position, new.id))
    finally:
        await connection.close()


async def tail(store: Store, url: str) -> None:
    """Follow the log in small pages; once told to stop, go on to the end that it has then, and say what was seen."""
    seen: list[Saw] = []
    while not stopped():
        after = await _pass(store, seen)
        await store.wake(after, 0.02)
    end = await store.head()
    while await _pass(store, seen) < end:
        pass
    for saw in seen:
        say(saw)


async def _pass(store: Store, seen: list[Saw]) -> int:
    """Pass one page; the position asked for is that of the last event seen."""
    page = await store.read_log(after=seen[-1].position if seen else 0, limit=7)
    seen += [Saw(event.position, event.id) for event in page.events]
    return page.position


async def acknowledge(store: Store, url: str, count: str) -> None:
    """Append one event after another, saying each acknowledgement."""
    for number in range(int(count)):
        new = NewEvent(id=new_id(), type="Happened", data=b"{}")
        appended = await store.append(ToStream("ack-1", number, [new]))
        say(Won("ack-1", number + 1, appended.position, new.id))


ROLES: dict[str, Callable[..., Awaitable[None]]] = {
    role.__name__: role for role in (race, book, write, dawdle, tail, acknowledge)
}


async def main(role: str, url: str, *arguments: str) -> None:
    """Play *role*."""
    begin_child()
    store = await open_place(url)
    say(Ready())
    while os.read(0, 1) not in (b"\n", b""):  # nothing is read ahead: `stopped` looks at the same input
        pass
    await ROLES[role](store, url, *arguments)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
