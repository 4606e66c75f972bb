"""A process of its own that writes to a store: `python writer.py MODE URL NAME COUNT`; acknowledgements on stdout.

race: append to one shared stream, expecting the version that was read; lines are `won VERSION POSITION`.
plain: append to a stream of its own; lines are `POSITION`.
slow: append within transactions of its own that dawdle, some of which roll back; lines are `POSITION`.
"""

from __future__ import annotations

import asyncio
import random
import sys

import asyncpg

from leftfold.adapters.postgres import PostgresLocation, append_within, open_postgres
from leftfold.errors import Conflict
from leftfold.ids import new_id
from leftfold.store import Expected, NewEvent, ToStream


def _event() -> NewEvent:
    return NewEvent(id=new_id(), type="Written", data=b"{}", tags=("all",))


def _say(*words: object) -> None:
    print(*words, flush=True)


async def _race(url: str, count: int) -> None:
    store = await open_postgres(url)
    version = 0
    while version < count:
        try:
            appended = await store.append(ToStream("shared-1", version, [_event()]))
        except Conflict as conflict:
            version = conflict.actual
        else:
            version += 1
            _say("won", version, appended.position)
    await store.close()


async def _plain(url: str, name: str, count: int) -> None:
    store = await open_postgres(url)
    for _ in range(count):
        _say((await store.append(ToStream(name, Expected.ANY, [_event(), _event()]))).position)
    await store.close()


async def _slow(url: str, name: str, count: int) -> None:
    location = PostgresLocation.parse(url)
    connection = await asyncpg.connect(location.dsn)
    for _ in range(count):
        transaction = connection.transaction()
        await transaction.start()
        appended = await append_within(connection, ToStream(name, Expected.ANY, [_event()]), schema=location.schema)
        await connection.execute("select pg_sleep(0.02 * random())")
        if random.random() < 0.4:
            await transaction.rollback()
        else:
            await transaction.commit()
            _say(appended.position)
    await connection.close()


async def _main(mode: str, url: str, name: str, count: int) -> None:
    match mode:
        case "race":
            await _race(url, count)
        case "plain":
            await _plain(url, name, count)
        case _:
            await _slow(url, name, count)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
