"""Aggregates by id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.errors import InvalidAppend, InvalidInput, NotFound
from leftfold.handling.loading import Loader, stream_of
from leftfold.handling.receipt import Receipt
from leftfold.handling.temporal import TimeTravel
from leftfold.handling.tracking import Tracking, committed
from leftfold.messages.given import call_flaw
from leftfold.messages.metadata import NO_METADATA, Metadata

__all__ = ["DeciderRepository", "Repository"]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")
P = ParamSpec("P")
R = TypeVar("R")


class Repository(TimeTravel[A]):
    """Loads aggregates of one class, as of now or another time, and changes them.

    Inside a unit of work (`App.transact`), what `get`, `find` and `new` return is tracked: what it records is stored in
    one commit when the work returns. Outside, and once the work has returned, it is sealed: `record` raises `ReadOnly`,
    and `edit` makes changes. What is made by its class is of no repository: where it records, the work is refused.
    """

    def __init__(
        self,
        kind: type[A],
        loader: Loader,
        *,
        tracking: Tracking | None = None,
        metadata: Metadata = NO_METADATA,
    ) -> None:
        super().__init__(loader, loader.plan(kind))
        self._kind = kind
        self._tracking = tracking
        self._metadata = metadata

    async def get(self, id: str) -> A:
        """The aggregate *id*, folded from all of its events.

        Raises:
            NotFound: it has none.
            UnreadableEvent: a stored event cannot be read by this code.
        """
        found = await self.find(id)
        if found is None:
            raise NotFound(stream_of(self._plan.core, id))
        return found

    async def find(self, id: str) -> A | None:
        """The aggregate *id*, or None when it has no events.

        Raises:
            UnreadableEvent: a stored event cannot be read by this code.
        """
        if self._tracking is not None:
            tracked = await self._tracking.load(self._kind, id)
            return tracked if tracked.version else None
        loaded = await self._loaded(id)
        return loaded.state if loaded.version else None

    async def each(self, *, recorded: datetime | None = None, valid: datetime | None = None) -> AsyncIterator[A]:
        """Every aggregate of the class at one moment of the whole store, sealed, in the order of the ids' code points.

        One recorded time cuts all streams consistently: two sides of one commit are both there, or neither is. With no
        time given, the moment is when it began. Few states are in memory at once, however many there are.

        Args:
            recorded: what was known then; with a zone, not in the future.
            valid: only what happened by then; with a zone.

        Raises:
            InvalidQuery: a time without a zone, or a recorded time in the future.
            UnreadableEvent: a stored event cannot be read by this code.
        """
        async for _, loaded in self._each(recorded, valid):
            yield loaded.state

    def new(self, id: str) -> A:
        """A new aggregate, tracked; the commit is a `Conflict` if it exists already.

        Raises:
            InvalidAppend: there is no unit of work, or it has loaded this aggregate with events.
        """
        if self._tracking is None:
            raise InvalidAppend(f"new({id!r}) needs a unit of work; use `edit`, or `App.transact`")
        return self._tracking.new(self._kind, id)

    async def edit(
        self, id: str, change: Callable[Concatenate[A, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> Receipt[R]:
        """Load the aggregate *id*, call *change* on it, and store what it recorded; again from the start on a conflict.

        An aggregate without events is handed to *change* at version 0. When *change* raises, nothing is stored.

        Args:
            id: which one.
            change: a method of the aggregate, like `BankAccount.withdraw`; it may run more than once.
            args: handed on to *change*, and so is *kwargs*.

        Raises:
            Conflict: other writers were faster every time, see `handling.ATTEMPTS`.
            InvalidAppend: inside a unit of work, where it would be a second commit; call the method itself there.
            InvalidInput: *change* is no function.
            DomainError: *change* refused.
        """
        if self._tracking is not None:
            raise InvalidAppend(f"edit({id!r}) inside a unit of work would commit twice; `get` it and call the method")
        if flaw := call_flaw(change, f"a method of {self._kind.__name__}, as it is named in its class"):
            raise InvalidInput(f"edit({id!r:.80}): {flaw}")

        async def work(tracking: Tracking) -> R:
            return change(await tracking.load(self._kind, id), *args, **kwargs)

        return await committed(self._loader, work, self._metadata)


class DeciderRepository(TimeTravel[S], Generic[C, S, E]):
    """Loads states of one decider, as of now or another time, and carries out its commands."""

    def __init__(self, decider: Decider[C, S, E], loader: Loader, *, metadata: Metadata = NO_METADATA) -> None:
        super().__init__(loader, loader.plan(decider))
        self._decider = decider
        self._metadata = metadata

    async def get(self, id: str) -> S:
        """The state of *id*, folded from all of its events; the decider's initial state when it has none.

        Raises:
            UnreadableEvent: a stored event cannot be read by this code.
        """
        return (await self._loaded(id)).state

    async def each(
        self, *, recorded: datetime | None = None, valid: datetime | None = None
    ) -> AsyncIterator[tuple[str, S]]:
        """Every id with its state at one moment of the whole store; see `Repository.each`."""
        async for id, loaded in self._each(recorded, valid):
            yield id, loaded.state

    async def decide(self, id: str, command: C) -> Receipt[tuple[E, ...]]:
        """Let the decider decide *command* on the state of *id*, and store the events; again on a conflict.

        Returns:
            The events it decided, none when there was nothing to do.

        Raises:
            Conflict: other writers were faster every time, see `handling.ATTEMPTS`.
            DomainError: the decider refused; nothing is stored.
        """

        async def work(tracking: Tracking) -> tuple[E, ...]:
            return await tracking.decide(self._decider, id, command)

        return await committed(self._loader, work, self._metadata)
