"""A process that appends to a store on a disk that fails, and writes down what came of it, as one JSON object.

`python -m tests.adapters.sqlite.appending URL [FILLER]`: appends events of 20 kB until one is refused or 200 are
stored. With a FILLER it then removes that file, which frees space, and sends the refused append again.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct

from leftfold.adapters.sqlite import open_sqlite
from leftfold.errors import LeftfoldError
from leftfold.ids import new_id
from leftfold.store import Expected, NewEvent, ToStream

__all__ = ["Outcome", "grown"]


class Outcome(Struct, kw_only=True):
    """What came of it: how many were acknowledged, why the next was refused, what was there then and after."""

    acknowledged: int = 0
    error: str = ""
    message: str = ""
    refused: list[UUID] = []
    head: int = 0
    again: bool = False
    head_then: int = 0


def grown(ids: Iterable[UUID]) -> ToStream:
    """The append of events with these ids."""
    data = b'"' + b"x" * 20_000 + b'"'
    return ToStream("a-1", Expected.ANY, [NewEvent(id=id, type="Grown", data=data) for id in ids])


async def main(url: str, *filler: str) -> None:
    outcome = Outcome()
    try:
        store = await open_sqlite(url)
    except LeftfoldError as error:
        outcome.error, outcome.message = type(error).__name__, str(error)
        print(msgspec.json.encode(outcome).decode())
        return
    while outcome.acknowledged < 200:
        ids = [new_id(), new_id()]
        try:
            await store.append(grown(ids))
        except LeftfoldError as error:
            outcome.error, outcome.message = type(error).__name__, str(error)
            outcome.refused = ids
            break
        outcome.acknowledged += 2
    outcome.head = await store.head()
    if filler:
        Path(filler[0]).unlink()
        outcome.again = (await store.append(grown(outcome.refused))).repeated is False
        outcome.head_then = await store.head()
    await store.close()
    print(msgspec.json.encode(outcome).decode())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
