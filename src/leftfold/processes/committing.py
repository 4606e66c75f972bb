"""What a transactional step records, and what is written about it, in one commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from leftfold.errors import AppendRefused, Conflict, Fenced, StoreError, TableMismatch, TableMissing
from leftfold.handling.loading import Loader
from leftfold.handling.retry import ATTEMPTS, decided_again
from leftfold.handling.tracking import Tracking
from leftfold.messages.metadata import Metadata
from leftfold.store.work import Revise

__all__ = ["Busy", "decided_with", "is_kept_from_it"]

R = TypeVar("R")


class Busy(Exception):
    """Other writers were faster every time; nothing was stored.

    Args:
        conflict: the last one.
    """

    def __init__(self, conflict: Conflict) -> None:
        self.conflict = conflict
        super().__init__(str(conflict))


def is_kept_from_it(error: Exception) -> bool:
    """Whether *error* is about the store, or another worker, and not about what was decided: no try has failed."""
    about_it = isinstance(error, AppendRefused | TableMissing | TableMismatch)
    return isinstance(error, Fenced | StoreError) and not about_it


async def decided_with(
    loader: Loader, metadata: Metadata, decide: Callable[[Tracking], Awaitable[tuple[R, Revise]]]
) -> R:
    """Run *decide*, and store what its aggregates recorded and what it gives beside, in one commit.

    Args:
        metadata: stored beside every event.
        decide: runs again after a conflict, each time with fresh aggregates.

    Raises:
        Busy: it expected something else each time, and others were faster: a later try may end otherwise.
        Conflict: it expected the same again, as who makes what is there already does.
        Fenced: somebody else has the work item.
    """
    expected: set[tuple[str, object]] = set()

    async def once() -> R:
        tracking = Tracking(loader, metadata)
        result, revise = await decide(tracking)

        async def beside(_parts: object) -> Sequence[Revise]:
            return [revise]

        try:
            await tracking.commit(beside)
        except Conflict as error:
            expected.add((error.stream, error.expected))
            raise
        return result

    try:
        return await decided_again(loader.turns, once)
    except Conflict as error:
        if len(expected) < ATTEMPTS:
            raise
        raise Busy(error) from error
