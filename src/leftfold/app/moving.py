"""Moves what an app has kept to other stores: the logs, and what goes on beside them.

::

    nobody works on either -> each follower is where it was, and held -> each log, as it is -> letters, answers
                                                                          |  rows: they are built from the log again
    followers are let go <- nothing has changed meanwhile <- work <-------+
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from leftfold.app.composition import App
from leftfold.app.moving_followers import Holding, Keep, check_apart, check_stopped
from leftfold.app.moving_rows import fill_inline, move_answers, move_letters
from leftfold.app.running import Running
from leftfold.errors import DefinitionError, NotPossible, RestoreMismatch
from leftfold.store.events import StoredEvent
from leftfold.store.limits import BATCH_BYTES, BATCH_EVENTS
from leftfold.store.port import Restorable, Store
from leftfold.store.work import WorkItem

__all__ = ["Moved", "move"]

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


async def move(app: App, targets: Mapping[str, Store], tell: Callable[[str, int], None]) -> Sequence[Moved]:
    """Move what every context of *app* has kept to other stores; its own stores stay as they are.

    What was under way goes on there: instances with their timers and their age, commands on their way, retries, dead
    letters, and followers where they were, also those that *app* does not have. Nothing is done again, and a command
    that is repeated is answered. Rows of projections and snapshots are made anew from the log. Whatever broke a move,
    it is simply repeated; two at the same time do no harm, though one may be refused.

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
    heads = {one.name: await _checked(one, targets[one.name]) for one in contexts}
    for one in contexts:
        await check_apart(one.name, targets[one.name], [each.store for each in contexts])
    holding = [Holding(one.name, one.store, targets[one.name]) for one in contexts]

    async def keep() -> None:
        await asyncio.sleep(0)  # lets an interrupt in: an embedded store answers without waiting
        for each in holding:
            await each.keep()

    try:
        for each in holding:
            await each.take()
        for one in contexts:
            await _move_log(one, targets[one.name], heads[one.name], tell, keep)
        pairs = list(zip(contexts, holding, strict=True))
        moved = [await _move_rest(one, each, heads[one.name], keep) for one, each in pairs]
        for (one, each), known in zip(pairs, moved, strict=True):
            await _check_unchanged(one, each, known, keep)
    except BaseException:
        for each in holding:
            await each.give_back()
        raise
    for each in holding:
        await each.release()
    return moved


async def _checked(running: Running, target: Store) -> int:
    """Where the log ends, when nobody works on it and *target* holds the beginning of it or nothing."""
    _restorable(running.name, target)
    for store in (running.store, target):
        await check_stopped(running.name, store)
    head, there = await running.store.head(), await target.head()
    if there > head:
        reason = f"its log has {there:,} events there, and {head:,} here; move to an empty store"
        raise NotPossible(running.name, "move", reason)
    if there:
        [ours], [theirs] = [(await one.read_log(after=there - 1, limit=1)).events for one in (running.store, target)]
        if ours.id != theirs.id:
            raise RestoreMismatch(there, f"event {theirs.id} is there, event {ours.id} is here; move to an empty store")
    return head


async def _move_log(
    running: Running,
    target: Store,
    head: int,
    tell: Callable[[str, int], None],
    keep: Keep,
) -> None:
    taking = _restorable(running.name, target)
    async for batch in _batches(running.store, head):
        await taking.restore(batch)
        await keep()
        tell(running.name, batch[-1].position)
    await fill_inline(running, target, head, keep)


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


async def _move_rest(running: Running, holding: Holding, head: int, keep: Keep) -> Moved:
    store, target = holding.store, holding.target
    return Moved(
        context=running.name,
        events=head,
        followers=len(holding.names),
        letters=await move_letters(store, target, keep),
        answers=await move_answers(store, target, keep),
        work=await _move_work(running, _restorable(running.name, target), keep),
    )


async def _check_unchanged(running: Running, holding: Holding, moved: Moved, keep: Keep) -> None:
    head = moved.events
    for store in (running.store, holding.target):
        await check_stopped(running.name, store)
    unchanged = await holding.unchanged() and await _same(running.store, holding.target, head)
    if unchanged:  # refuses what was claimed meanwhile, and adds what has come in place of another
        await _move_work(running, _restorable(running.name, holding.target), keep)
        unchanged = await move_answers(holding.store, holding.target, keep) == moved.answers
    if not unchanged or not await _same(running.store, holding.target, head):
        reason = (
            "it has changed while it was moved, or since it was; stop what writes to it, and move to an empty store"
        )
        raise NotPossible(running.name, "move", reason)


async def _same(store: Store, target: Store, head: int) -> bool:
    heads = {await one.head() for one in (store, target)}
    return heads == {head} and await store.count_work() == await target.count_work()


def _restorable(context: str, target: Store) -> Restorable:
    if not isinstance(target, Restorable):
        raise DefinitionError(f"context {context!r} cannot be moved: its new store takes over no log")
    return target


async def _move_work(running: Running, target: Restorable, keep: Keep) -> int:
    """Move instances of sagas and processes, and commands on their way, as they are; returns how many there are.

    Raises:
        NotPossible: somebody holds one here, or one goes on in *target* already.
    """
    moved, after = 0, ""
    while page := await running.store.find_work(after=after, limit=_PAGE):
        _check_let_go(running, page)
        await target.restore_work(page)
        await keep()
        moved += len(page)
        after = page[-1].id
    return moved


def _check_let_go(running: Running, items: Sequence[WorkItem]) -> None:
    for item in items:
        if item.held:
            reason = (
                f"worker {item.owner} holds {item.id}; stop the workers, or wait until the lease of a dead one ends"
            )
            raise NotPossible(running.name, "move", reason)
