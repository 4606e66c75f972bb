"""The work of a context that is moved: instances of sagas and processes, commands on their way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leftfold.app.moving_followers import Keep
from leftfold.app.running import Running
from leftfold.errors import NotPossible
from leftfold.store.port import Restorable
from leftfold.store.work import WorkItem

__all__ = ["move_work"]

_PAGE: Final = 500


async def move_work(running: Running, target: Restorable, keep: Keep) -> int:
    """Move all of it as it is; returns how many items there are.

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
    now = running.clock.now()
    for item in items:
        if item.owner is not None and item.wake_at is not None and item.wake_at > now:
            reason = (
                f"worker {item.owner} holds {item.id}; stop the workers, or wait until the lease of a dead one ends"
            )
            raise NotPossible(running.name, "move", reason)
