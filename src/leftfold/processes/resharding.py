"""Following a log in another number of parts than before, without handing anything in twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leftfold.errors import DefinitionError
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.port import Store
from leftfold.store.transaction import Advance, Transaction
from leftfold.subscriptions.parked import any_parked
from leftfold.subscriptions.subscription import Subscription

__all__ = ["reshard"]

_LEASE_S: Final = 15.0
_LOOK_S: Final = 0.1


async def reshard(subscription: Subscription, owner: str) -> None:
    """Begin the parts of *subscription* where those of another number have ended, if there are such.

    Raises:
        DefinitionError: they are still followed, have not all come to one position, or hold parked events.
    """
    store, ours = subscription.target, {part.checkpoint for part in subscription.parts}
    known = await store.checkpoints(f"{subscription.name}/")
    others = [one for one in known if one.name not in ours]
    if not others:
        return
    _check(subscription, others, parked=await any_parked(store, subscription.name))
    last = others[0]
    at = {one.name: one.position for one in known}
    for name in sorted(ours):
        if at.get(name, 0) < last.position:
            await _advance(store, name, last, owner)
    for one in others:
        await store.forget(one.name)


def _check(subscription: Subscription, others: Sequence[Checkpoint], *, parked: bool) -> None:
    where = f"{subscription.name} was followed in {len(others)} parts, and is to be in {subscription.shards}"
    if any(one.held for one in others):
        raise DefinitionError(f"{where}; stop the workers that still follow it in the other way, then start again")
    if len({one.position for one in others}) > 1:
        raise DefinitionError(
            f"{where}, and its parts stand at different positions; let them catch up with the log by the old number "
            "while nothing is written, then change it"
        )
    if parked:
        raise DefinitionError(
            f"{where}, and events of it are parked, by the old parts; follow it by the old number, replay or drop what "
            "leftfold dead-letters list shows, then change it"
        )


async def _advance(store: Store, name: str, last: Checkpoint, owner: str) -> None:
    while (claim := await store.claim(name, owner, _LEASE_S)) is None:  # another process does the same, or died of it
        if await store.reached(name, last.position, _LOOK_S) >= last.position:
            return
    if claim.position < last.position:
        advance = Advance(name=name, token=claim.token, position=last.position, event_id=last.event_id)
        await store.transact(Transaction(writes=[advance]))
    await store.release(name, claim.token)
