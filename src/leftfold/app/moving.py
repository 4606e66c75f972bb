"""Moves what an app has kept to other stores: the logs, and what goes on beside them.

::

    nobody works on either -> each log, as it is -> how far each follower is, its letters, answers, work
                                                      | rows of projections: they are built from the log again
    nothing has changed meanwhile <-------------------+
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from leftfold.app.composition import App
from leftfold.app.running import Running
from leftfold.errors import DefinitionError, NotPossible, TableMissing
from leftfold.handling.answers import ANSWERS
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.events import StoredEvent
from leftfold.store.limits import BATCH_BYTES, BATCH_EVENTS
from leftfold.store.port import Restorable, Store
from leftfold.store.tables import Table
from leftfold.store.transaction import Advance, Put, Transaction
from leftfold.store.work import WorkItem
from leftfold.subscriptions.letters import forget_letters
from leftfold.subscriptions.parking import LETTERS, PARKED, REQUESTS

__all__ = ["Moved", "move"]

_OWNER: Final = "leftfold move"
_NOTE: Final = "moved here; no worker has followed since"
_LEASE_S: Final = 60.0
_PAGE: Final = 500


class Moved(Struct, frozen=True, kw_only=True):
    """What of one context was moved, this time and before.

    Args:
        context: its name.
        events: of its log.
        followers: checkpoints of its reactions and processes.
        letters: events that these could not handle, or that wait behind one.
        answers: to commands that were sent with an id.
        work: instances of sagas and processes, and commands on their way.
    """

    context: str
    events: int
    followers: int
    letters: int
    answers: int
    work: int


class _Owner(Struct):
    subscription: str


_owner_of = msgspec.json.Decoder(_Owner).decode


async def move(app: App, targets: Mapping[str, Store], tell: Callable[[str, int], None]) -> Sequence[Moved]:
    """Move what every context of *app* has kept to other stores; its own stores stay as they are.

    What was under way goes on there: instances with their timers and their age, commands on their way, retries, dead
    letters, and followers where they were. Nothing is done again, and a command that is repeated is answered.
    Rows of projections and snapshots are made anew from the log. Whatever broke a move, it is simply repeated.

    Args:
        app: open, without workers.
        targets: where each context goes, by its name: empty, or what an earlier move has left.
        tell: hears how many events of the log of a context, by its name, were moved.

    Raises:
        NotPossible: somebody works on one of the stores, or a target goes on by itself already. What was moved stays.
        RestoreMismatch: a target holds another log.
        DefinitionError: a target cannot take over a log.
    """
    contexts = [app.running(one.name) for one in app.contexts]
    for one in contexts:
        await _check_stopped(one.name, one.store)
        await _check_stopped(one.name, targets[one.name])
    heads = {one.name: await _move_log(one, targets[one.name], tell) for one in contexts}
    moved = [await _move_rest(one, targets[one.name], heads[one.name]) for one in contexts]
    for one in contexts:
        await _check_unchanged(one, targets[one.name], heads[one.name])
    return moved


async def _check_stopped(context: str, store: Store) -> None:
    for one in await store.checkpoints():
        if one.held and one.owner != _OWNER:
            raise NotPossible(context, "move", f"worker {one.owner} runs; stop the workers of both stores first")


async def _move_log(running: Running, target: Store, tell: Callable[[str, int], None]) -> int:
    taking, head = _restorable(running.name, target), await running.store.head()
    async for batch in _batches(running.store, head):
        await taking.restore(batch)
        tell(running.name, batch[-1].position)
    return head


async def _batches(store: Store, head: int) -> AsyncIterator[Sequence[StoredEvent]]:
    after = 0
    while after < head:
        page = (await store.read_log(after=after, upto=head, limit=BATCH_EVENTS)).events
        size, batch = 0, list[StoredEvent]()
        for event in page:
            size += len(event.data) + len(event.metadata)
            if batch and size > BATCH_BYTES:
                break
            batch.append(event)
        yield batch
        after = batch[-1].position


async def _move_rest(running: Running, target: Store, head: int) -> Moved:
    store, names = running.store, {one.name for one in running.reactions}
    followers = await _move_checkpoints(running, names, target)
    for name in names:
        await forget_letters(target, name)  # an earlier move may have left some that are done by now
    for table in (PARKED, REQUESTS):
        await _move_rows(store, target, table, names)
    return Moved(
        context=running.name,
        events=head,
        followers=followers,
        letters=await _move_rows(store, target, LETTERS, names),
        answers=await _move_rows(store, target, ANSWERS, None),
        work=await _move_work(running, target),
    )


async def _move_checkpoints(running: Running, names: set[str], target: Store) -> int:
    there = {one.name: one for one in await target.checkpoints()}
    ours = [one for one in await running.store.checkpoints() if one.name.rpartition("/")[0] in names]
    for one in ours:
        known = there.get(one.name)
        if known is None or known.position == 0 or (known.position, known.owner) == (one.position, _OWNER):
            await _set(target, one)
        elif (known.position, known.note) != (one.position, _NOTE):
            reason = f"{one.name} is at {known.position:,} there, and at {one.position:,} here; move to an empty store"
            raise NotPossible(running.name, "move", reason)
    return len(ours)


async def _set(target: Store, checkpoint: Checkpoint) -> None:
    name = checkpoint.name
    claim = await target.claim(name, _OWNER, _LEASE_S)
    if claim is None:
        raise NotPossible(name, "move", "a worker took it meanwhile; stop the workers of both stores first")
    if checkpoint.position:
        at = Advance(name=name, token=claim.token, position=checkpoint.position, event_id=checkpoint.event_id)
        await target.transact(Transaction(writes=[at]))
    await target.release(name, claim.token, _NOTE)


async def _move_rows(store: Store, target: Store, table: Table, of: set[str] | None) -> int:
    """Move the rows of a table; those of these subscriptions, where it has such."""
    moved, after = 0, ""
    await target.prepare(table)
    while page := await _scanned(store, table, after):
        rows = {key: row for key, row in page if of is None or _owner_of(row).subscription in of}
        if rows:
            await target.transact(Transaction(writes=[Put(table=table, rows=rows)]))
        moved += len(rows)
        after = page[-1][0]
    return moved


async def _scanned(store: Store, table: Table, after: str) -> Sequence[tuple[str, bytes]]:
    try:
        return await store.scan(table, after=after, limit=_PAGE)
    except TableMissing:  # nobody has needed it yet
        return ()


async def _move_work(running: Running, target: Store) -> int:
    taking, moved, after = _restorable(running.name, target), 0, ""
    while page := await running.store.find_work(after=after, limit=_PAGE):
        _check_let_go(running, page)
        await taking.restore_work(page)
        moved += len(page)
        after = page[-1].id
    return moved


def _check_let_go(running: Running, items: Sequence[WorkItem]) -> None:
    now = running.clock.now()
    for item in items:
        if item.owner is not None and item.wake_at is not None and item.wake_at > now:
            reason = (
                f"worker {item.owner} holds {item.id}; stop the workers, or wait until the lease of a dead one ends"
            )
            raise NotPossible(running.name, "move", reason)


async def _check_unchanged(running: Running, target: Store, head: int) -> None:
    for store in (running.store, target):
        await _check_stopped(running.name, store)
    same = await running.store.head() == head
    if not same or await running.store.count_work() != await target.count_work():
        reason = (
            "it has changed while it was moved, or since it was; stop what writes to it, and move to an empty store"
        )
        raise NotPossible(running.name, "move", reason)
    await _move_work(running, target)  # refuses what was claimed meanwhile


def _restorable(context: str, target: Store) -> Restorable:
    if not isinstance(target, Restorable):
        raise DefinitionError(f"context {context!r} cannot be moved: its new store takes over no log")
    return target
