"""The rows beside a log that is moved: letters and answers, and rows that every append writes."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec import Struct

from leftfold.app.moving_followers import OWNER, Keep, built, scanned
from leftfold.app.running import Running
from leftfold.handling.answers import ANSWERS
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.generations import GENERATIONS
from leftfold.projections.rebuilding import Rebuild
from leftfold.store.port import Store
from leftfold.store.tables import Table
from leftfold.store.transaction import Delete, Put, Transaction
from leftfold.subscriptions.parking import LETTERS, PARKED, REQUESTS
from leftfold.subscriptions.subscription import Source

__all__ = ["move_answers", "move_letters", "rebuild_inline"]


class _Owner(Struct):
    subscription: str


_owner_of = msgspec.json.Decoder(_Owner).decode


async def move_letters(store: Store, target: Store, keep: Keep) -> int:
    """Move what reactions and processes could not handle, what waits for that, and what is asked for it.

    What an earlier move has left and is done by now goes. What could not be folded stays: it is found anew.

    Returns:
        How many events.
    """
    rebuilt = await built(store)
    moved = [await _move_rows(store, target, table, rebuilt, keep) for table in (PARKED, REQUESTS, LETTERS)]
    rebuilt = await built(target)
    for table in (PARKED, REQUESTS, LETTERS):
        await _forget_rows(store, target, table, rebuilt, keep)
    return moved[-1]


async def move_answers(store: Store, target: Store, keep: Keep) -> int:
    """Move what commands were answered; returns how many."""
    return await _move_rows(store, target, ANSWERS, None, keep)


async def rebuild_inline(running: Running, target: Store, head: int) -> None:
    """Build the rows that appends write, where the app was opened before: nobody appended what was moved."""
    if not running.assembly.inline:
        return
    await target.prepare(GENERATIONS)
    source = Source(target, running.loader.events, running.assembly.categories)
    for projection in running.assembly.inline:
        follower = ProjectionFollower(projection, source, target, running.clock, inline=True)
        if (shown := await follower.generations.active()) is not None:
            at = {one.name: one.position for one in await target.checkpoints(f"{shown.subscription}/")}
            if min(at.get(name, 0) for name in shown.checkpoints) < head:
                await Rebuild(follower, OWNER).show(_not_told)


def _not_told(_done: int, _head: int) -> None:
    pass


async def _move_rows(store: Store, target: Store, table: Table, without: Collection[str] | None, keep: Keep) -> int:
    """Move the rows of a table, but not those of these subscriptions; None when it has none of any."""
    moved, after = 0, ""
    await target.prepare(table)
    while page := await scanned(store, table, after):
        rows = {key: row for key, row in page if without is None or _owner_of(row).subscription not in without}
        if rows:
            await target.transact(Transaction(writes=[Put(table=table, rows=rows)]))
        await keep()
        moved += len(rows)
        after = page[-1][0]
    return moved


async def _forget_rows(store: Store, target: Store, table: Table, but: Collection[str], keep: Keep) -> None:
    await store.prepare(table)
    after = ""
    while page := await scanned(target, table, after):
        here = await store.get(table, [key for key, _ in page])
        gone = [key for key, row in page if key not in here and _owner_of(row).subscription not in but]
        if gone:
            await target.transact(Transaction(writes=[Delete(table=table, keys=gone)]))
        await keep()
        after = page[-1][0]
