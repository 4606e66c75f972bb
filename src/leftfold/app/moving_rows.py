"""The rows beside a log that is moved: letters and answers, and rows that every append writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from leftfold.app.moving_followers import OWNER, Keep, built, scanned
from leftfold.app.running import Running
from leftfold.errors import Fenced, NotPossible, TableMissing
from leftfold.handling.answers import ANSWERS
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.generations import GENERATIONS
from leftfold.store.port import Store
from leftfold.store.tables import Table
from leftfold.store.transaction import Delete, Put, Transaction
from leftfold.subscriptions.parked import any_parked
from leftfold.subscriptions.parking import LETTERS, PARKED, REQUESTS
from leftfold.subscriptions.runner import Runner
from leftfold.subscriptions.subscription import Source
from leftfold.subscriptions.worker import Assignment

__all__ = ["fill_inline", "move_answers", "move_letters"]

_LEASE_S: Final = 60.0


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


async def fill_inline(running: Running, target: Store, head: int, keep: Keep) -> None:
    """Fill the rows that appends write, where the app was opened before: nobody appended what was moved.

    They are filled in place: to show others in their stead may only who has made them.

    Raises:
        NotPossible: an event cannot be folded into them.
    """
    if not running.assembly.inline:
        return
    await target.prepare(GENERATIONS)
    for table in (LETTERS, PARKED, REQUESTS):
        await target.prepare(table)
    source = Source(target, running.loader.events, running.assembly.categories)

    async def until_done(_position: int, done: bool) -> bool:  # noqa: FBT001 - a callback
        await keep()
        return not done

    for projection in running.assembly.inline:
        follower = ProjectionFollower(projection, source, target, running.clock, inline=True)
        if (shown := await follower.generations.active()) is None:
            continue  # the first workers build them
        at = {one.name: one.position for one in await target.checkpoints(f"{shown.subscription}/")}
        for one in follower.assigned(shown, until_done):
            if at.get(one.part.checkpoint, 0) < head:
                await _follow(running.name, target, one)
        if await any_parked(target, shown.subscription):
            reason = f"rows of {projection.name!r} cannot be filled there, see its letters; move to an empty store"
            raise NotPossible(running.name, "move", reason)


async def _follow(context: str, target: Store, assignment: Assignment) -> None:
    part = assignment.part
    claim = await target.claim(part.checkpoint, OWNER, _LEASE_S)
    reason = f"a worker or another move took {part.checkpoint} there; stop the workers of both stores first"
    if claim is None:
        raise NotPossible(context, "move", reason)
    try:
        await Runner(part, assignment.consumer(), claim, assignment.progress).run()
    except Fenced as error:
        raise NotPossible(context, "move", reason) from error
    await target.release(part.checkpoint, claim.token)


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
    after = ""
    while page := await scanned(target, table, after):
        here = await _those_in(store, table, [key for key, _ in page])
        gone = [key for key, row in page if key not in here and _owner_of(row).subscription not in but]
        if gone:
            await target.transact(Transaction(writes=[Delete(table=table, keys=gone)]))
        await keep()
        after = page[-1][0]


async def _those_in(store: Store, table: Table, keys: Sequence[str]) -> Collection[str]:
    try:
        return await store.get(table, keys)
    except TableMissing:
        return ()
