"""Where a follower goes on when a person says so: its log was restored from an older copy, for instance."""

from __future__ import annotations

from typing import Final, Literal

from leftfold.errors import NotPossible
from leftfold.store.transaction import Advance, Transaction
from leftfold.subscriptions.presence import PRESENCE
from leftfold.subscriptions.subscription import Subscription

__all__ = ["reset"]

_LEASE_S: Final = 60.0


async def reset(subscription: Subscription, to: Literal["start", "end"], owner: str) -> int:
    """Have *subscription* go on at the start of its log, or at the end as it is now; its letters stay.

    No worker may run: one that took a part between two steps of this would begin at the start. When it ended half-way,
    do it again before a worker runs.

    Args:
        to: with `start`, every event is handled again; with `end`, what was not handled by now never is.
        owner: who does it, for others to see.

    Returns:
        The position that everything is done up to; 0 for the start.

    Raises:
        NotPossible: a worker runs. Stop the workers, and do it again.
    """
    source, target = subscription.source.store, subscription.target
    ours = {part.checkpoint for part in subscription.parts}
    for one in await target.checkpoints():
        if one.held and (one.name in ours or one.name.startswith(PRESENCE)):
            raise NotPossible(subscription.name, "reset", f"worker {one.owner} runs; stop the workers first")
    head = await source.head() if to == "end" else 0
    last = (await source.read_log(after=head - 1, limit=1)).events[0].id if head else None
    for name in sorted(ours):
        await target.forget(name)  # a checkpoint does not go back
        claim = await target.claim(name, owner, _LEASE_S)
        if claim is None:
            raise NotPossible(subscription.name, "reset", "a worker took it meanwhile; stop the workers first")
        advance = Advance(name=name, token=claim.token, position=head, event_id=last)
        await target.transact(Transaction(writes=[advance]))
        await target.release(name, claim.token)
    return head
