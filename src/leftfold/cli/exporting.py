"""`leftfold export FILE`: the whole log as JSON lines."""

from __future__ import annotations

import sys
from typing import BinaryIO

from leftfold.cli.errors import UsageError
from leftfold.cli.files import written_beside
from leftfold.cli.logfile import header_of, line_of
from leftfold.cli.opening import existing_store
from leftfold.cli.options import NO_STORE_GIVEN, FileName, OneStore
from leftfold.cli.output import let_go_of_stdout, write_json
from leftfold.cli.paging import pages
from leftfold.cli.progress import progress
from leftfold.cli.text import counted
from leftfold.errors import StoreError
from leftfold.store.port import Store

__all__ = ["export_log"]


async def export_log(file: FileName, /, *, target: OneStore = NO_STORE_GIVEN) -> int:
    """Write the whole log to a file, a line of JSON for each event.

    Payload and metadata are kept byte for byte. The file appears under its name when it is whole, and never before.

    Args:
        file: Name of the file, or - for standard output.
    """
    if str(file) == "-" and sys.__stdout__ is None:
        raise UsageError("export - writes to standard output, which is closed; give the name of a file")
    async with existing_store(target.url) as store:
        if str(file) == "-":
            try:
                events = await _write(store, sys.stdout.buffer)
            except BrokenPipeError:
                let_go_of_stdout()
                return 1  # unlike a listing, an export that nobody read to its end has failed
        else:
            with written_beside(file) as out:
                events = await _write(store, out)
    if target.json and str(file) != "-":
        write_json({"file": str(file), "events": events})
    print(f"exported {counted(events, 'event')}", file=sys.stderr)
    return 0


async def _write(store: Store, out: BinaryIO) -> int:
    head = await store.head()
    last = (await store.read_log(after=head - 1, upto=head, limit=1)).events[0] if head else None
    out.write(line_of(header_of(head, last)))
    done = 0
    with progress("exporting", head) as show:
        async for page in pages(store, upto=head):
            out.writelines(map(line_of, page.events))
            done += len(page.events)
            show(done)
    out.flush()
    if done != head:
        counts = f"the log has {counted(head, 'position')}, but {counted(done, 'event')}"
        raise StoreError(f"{counts}; restore the database from a backup")
    return done
