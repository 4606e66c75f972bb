"""Aggregates by id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.domain.lifecycle import seal
from leftfold.errors import InvalidAppend, NotFound
from leftfold.handling.loading import Loader, stream_of
from leftfold.handling.receipt import Receipt
from leftfold.handling.retry import decided_again
from leftfold.handling.tracking import Tracking, committed
from leftfold.messages.metadata import NO_METADATA, Metadata
from leftfold.store.event_store import Envelope

__all__ = ["DeciderRepository", "Repository"]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")
P = ParamSpec("P")
R = TypeVar("R")


class Repository(Generic[A]):
    """Loads aggregates of one class, and changes them.

    Inside a unit of work (`App.transact`), what `get`, `find` and `new` return is tracked: what it records is stored in
    one commit when the work returns. Outside, it is sealed: `record` raises `ReadOnly`, and `edit` makes changes.
    """

    def __init__(
        self,
        kind: type[A],
        loader: Loader,
        *,
        tracking: Tracking | None = None,
        metadata: Metadata = NO_METADATA,
    ) -> None:
        self._kind = kind
        self._loader = loader
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
            raise NotFound(stream_of(self._kind, id))
        return found

    async def find(self, id: str) -> A | None:
        """The aggregate *id*, or None when it has no events.

        Raises:
            UnreadableEvent: a stored event cannot be read by this code.
        """
        if self._tracking is not None:
            tracked = await self._tracking.load(self._kind, id)
            return tracked if tracked.version else None
        loaded = await self._loader.aggregate(self._kind, id)
        seal(loaded)
        return loaded if loaded.version else None

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
            DomainError: *change* refused.
        """
        if self._tracking is not None:
            raise InvalidAppend(f"edit({id!r}) inside a unit of work would commit twice; `get` it and call the method")

        async def work(tracking: Tracking) -> R:
            return change(await tracking.load(self._kind, id), *args, **kwargs)

        return await committed(self._loader, work, self._metadata)


class DeciderRepository(Generic[C, S, E]):
    """Loads states of one decider, and carries out its commands."""

    def __init__(self, decider: Decider[C, S, E], loader: Loader, *, metadata: Metadata = NO_METADATA) -> None:
        self._decider = decider
        self._loader = loader
        self._metadata = metadata

    async def get(self, id: str) -> S:
        """The state of *id*, folded from all of its events; the decider's initial state when it has none.

        Raises:
            UnreadableEvent: a stored event cannot be read by this code.
        """
        return (await self._loader.state(self._decider, id))[0]

    async def decide(self, id: str, command: C) -> Receipt[tuple[E, ...]]:
        """Let the decider decide *command* on the state of *id*, and store the events; again on a conflict.

        Returns:
            The events it decided, none when there was nothing to do.

        Raises:
            Conflict: other writers were faster every time, see `handling.ATTEMPTS`.
            DomainError: the decider refused; nothing is stored.
        """
        stream = stream_of(self._decider, id)
        return await decided_again(lambda: self._decide(stream, id, command))

    async def _decide(self, stream: str, id: str, command: C) -> Receipt[tuple[E, ...]]:
        state, version = await self._loader.state(self._decider, id)
        events = self._decider.decided(command, state)
        if not events:
            return Receipt(result=events, position=await self._loader.store.head())
        envelopes = (Envelope(event=event, metadata=self._metadata) for event in events)
        appended = await self._loader.events.append(stream, *envelopes, expected=version)
        return Receipt(result=events, position=appended.position, repeated=appended.repeated)
