"""`leftfold import FILE`: take over an exported log."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from leftfold.app.opening import open_schema, open_store
from leftfold.cli.checking import checked_header, events_in
from leftfold.cli.errors import AnotherLog, BrokenOff, UsageError
from leftfold.cli.files import put_aside
from leftfold.cli.options import NO_STORE_GIVEN, FileName, OneStore
from leftfold.cli.output import write_json
from leftfold.cli.paging import breathe
from leftfold.cli.progress import progress
from leftfold.cli.text import counted
from leftfold.errors import AccessDenied, RestoreMismatch, StoreUnavailable
from leftfold.store.events import StoredEvent
from leftfold.store.limits import BATCH_BYTES, BATCH_EVENTS
from leftfold.store.port import Restorable

__all__ = ["import_log"]

_NEXT: Final = (
    "Reactions, sagas and processes begin at its first event. Where they have done it all before: "
    "leftfold reset NAME --to end, before a worker runs. What is under way elsewhere comes along with leftfold move"
)


def import_log(file: FileName, /, *, target: OneStore = NO_STORE_GIVEN) -> int:
    """Take over an exported log, with its positions and times.

    Every line is checked before anything is stored. The store is empty, or holds the beginning of this log: broken off
    and started again, it goes on where it was, and repeated it changes nothing. Only the log is taken over: whoever
    follows begins at its first event, and reacts to all of it again, unless `reset NAME --to end` is said before.

    Args:
        file: Name of the file, or - for standard input.
    """
    open_schema(target.url)  # raises unless it is a store that stays
    with _opened(file) as (log, name):
        header = checked_header(log, name)  # outside the event loop, where an interrupt is heard at once
        try:
            stored = asyncio.run(_restored(target.url, log, name, header.events))
        except RestoreMismatch as error:
            raise AnotherLog(name, error) from error
    if target.json:
        write_json({"events": header.events, "stored": stored})
    else:
        here = header.events - stored
        were = f"{here:,} {'was' if here == 1 else 'were'} here already"
        print(f"imported {counted(stored, 'event')}; {were}", file=sys.stderr)
        print(_NEXT, file=sys.stderr)
    return 0


async def _restored(url: str, log: BinaryIO, name: str, total: int) -> int:
    done = stored = 0
    store = await open_store(url)
    try:
        if not isinstance(store, Restorable):
            raise UsageError("this kind of store cannot take over a log")
        with progress("importing", total) as show:
            for batch in _batches(events_in(log)):
                try:
                    stored += await store.restore(batch)
                except (StoreUnavailable, AccessDenied) as error:
                    if not done:
                        raise
                    raise BrokenOff(f"of {name} were imported", done, total, error) from error
                done += len(batch)
                show(done)
                await breathe()
    finally:
        await store.close()
    return stored


def _batches(events: Iterator[StoredEvent]) -> Iterator[list[StoredEvent]]:
    batch: list[StoredEvent] = []
    size = 0
    for event in events:
        grown = size + len(event.data) + len(event.metadata)
        if batch and (len(batch) == BATCH_EVENTS or grown > BATCH_BYTES):
            yield batch
            batch, grown = [], grown - size
        batch.append(event)
        size = grown
    if batch:
        yield batch


@contextmanager
def _opened(file: Path) -> Generator[tuple[BinaryIO, str]]:
    """The file and its name; a pipe is put into a file first, because a log is read twice."""
    if file.is_file():
        with file.open("rb") as log:
            yield log, str(file)
        return
    with tempfile.TemporaryFile() as log:
        if str(file) == "-":
            put_aside(sys.stdin.buffer, log)
            yield log, "standard input"
        else:
            with file.open("rb") as pipe:
                put_aside(pipe, log)
            yield log, str(file)
