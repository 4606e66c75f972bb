"""One decision over any number of aggregates, as its author sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeVar

from leftfold.domain.aggregate import Aggregate
from leftfold.errors import InvalidInput
from leftfold.handling.loading import Loader
from leftfold.handling.receipt import Receipt
from leftfold.handling.repository import Repository
from leftfold.handling.tracking import Tracking, committed
from leftfold.messages.given import call_flaw
from leftfold.messages.metadata import Metadata

__all__ = ["UnitOfWork", "transact"]

A = TypeVar("A", bound=Aggregate[Any])
R = TypeVar("R")


class UnitOfWork:
    """Hands out repositories whose aggregates are tracked and stored together, in one commit."""

    def __init__(self, loader: Loader, tracking: Tracking) -> None:
        self._loader = loader
        self._tracking = tracking

    def repository(self, kind: type[A]) -> Repository[A]:
        """The aggregates of one class, tracked by this unit of work."""
        return Repository(kind, self._loader, tracking=self._tracking)


async def transact(loader: Loader, work: Callable[[UnitOfWork], Awaitable[R]], metadata: Metadata) -> Receipt[R]:
    """Run *work* and store what its aggregates recorded in one commit; see `App.transact`.

    Raises:
        InvalidInput: *work* is no coroutine function.
    """
    wanted = "an async def that takes the unit of work"
    if flaw := call_flaw(work, wanted):
        raise InvalidInput(f"transact: {flaw}")

    def handed(tracking: Tracking) -> Awaitable[R]:
        begun = work(UnitOfWork(loader, tracking))
        if not isawaitable(begun):
            raise InvalidInput(f"transact: {work!r:.80} has nothing to await, and nothing was stored; give {wanted}")
        return begun

    return await committed(loader, handed, metadata)
