"""The composition root: what a program is made of, and where it keeps its events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar, overload

from leftfold.app.opening import open_store
from leftfold.app.sync import SyncApp
from leftfold.clock import Clock
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.domain.folding import folding_flaws
from leftfold.domain.lifecycle import core_of
from leftfold.errors import DefinitionError, StoreClosed
from leftfold.handling.keeping import Snapshots
from leftfold.handling.loading import Loader
from leftfold.handling.receipt import Receipt
from leftfold.handling.repository import DeciderRepository, Repository
from leftfold.handling.unit_of_work import UnitOfWork, transact
from leftfold.messages.codec import Codec
from leftfold.messages.metadata import NO_METADATA, Metadata
from leftfold.messages.registry import Registry
from leftfold.messages.transform import Transform
from leftfold.messages.upcasting import Upcast
from leftfold.store.event_store import EventStore
from leftfold.store.port import Store

__all__ = ["App", "Part"]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")
R = TypeVar("R")
_SNAPSHOTS = Snapshots()

Part: TypeAlias = type[Aggregate[Any]] | Decider[Any, Any, Any]
"""What an app is made of."""


class App:
    """Aggregates and deciders on one store.

    Everything is checked here: all event classes are registered together, and every finding is told at once. The store
    is opened by `async with` and closed at its end.

    Args:
        parts: aggregate classes and deciders.
        store: a store URL, see `open_store`, or an open store, which the app then does not close.
        name: of the context; event names are its own.
        clock: gives recorded times where the store has no clock of its own; the machine's when left out.
        transform: changes payloads on their way into the store and out, to encrypt them for instance.
        upcasts: functions from old event classes to newer ones, so that everything reads events of today.
        snapshots: how states are kept; snapshots of aggregates and deciders that have `snapshot_every=`, saved in the
            background, and no cache, when left out.

    Raises:
        DefinitionError: two event classes share a name and version, one cannot be stored, or an upcast leads nowhere
            or takes an event of a vocabulary. It lists every finding.
    """

    def __init__(
        self,
        *parts: Part,
        store: str | Store,
        name: str = "app",
        clock: Clock | None = None,
        transform: Transform | None = None,
        upcasts: Sequence[Upcast] = (),
        snapshots: Snapshots = _SNAPSHOTS,
    ) -> None:
        events = [cls for part in parts for cls in core_of(part).vocabulary]
        self.registry = Registry(name, *events, upcasts=upcasts)
        """Which names and versions its event classes have."""
        if flaws := [flaw for part in parts for flaw in folding_flaws(core_of(part), self.registry)]:
            raise DefinitionError(*flaws)
        self.codec = Codec(self.registry, transform)
        """How its events are written and read."""
        self._parts = parts
        self._where = store
        self._clock = clock
        self._snapshots = snapshots
        self._loader: Loader | None = None

    async def __aenter__(self) -> Self:
        """Open the store; raises what `open_store` raises."""
        store = await open_store(self._where, clock=self._clock) if isinstance(self._where, str) else self._where
        self._loader = Loader(store, self.codec, self._snapshots, self._clock)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what the store has accepted and the snapshots that are on their way, and close the store."""
        loader, self._loader = self._loader, None
        if loader is not None:
            await loader.keeper.drain()
            if isinstance(self._where, str):
                await loader.store.close()

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it is made of."""
        return self._parts

    def sync(self) -> SyncApp:
        """This app for code that does not await, on an event loop of its own; use it by `with`."""
        return SyncApp(self)

    @property
    def store(self) -> Store:
        """The open store; raises `StoreClosed` outside `async with`."""
        return self._opened().store

    @property
    def events(self) -> EventStore:
        """The open store in terms of event classes; raises `StoreClosed` outside `async with`."""
        return self._opened().events

    @overload
    def repository(self, subject: type[A], *, metadata: Metadata = ...) -> Repository[A]: ...
    @overload
    def repository(self, subject: Decider[C, S, E], *, metadata: Metadata = ...) -> DeciderRepository[C, S, E]: ...
    def repository(
        self, subject: type[Any] | Decider[Any, Any, Any], *, metadata: Metadata = NO_METADATA
    ) -> Repository[Any] | DeciderRepository[Any, Any, Any]:
        """The aggregates of one class, or the states of one decider, by id.

        Args:
            subject: one of the app's parts.
            metadata: stored beside every event: who, why.

        Raises:
            DefinitionError: *subject* is not one of the app's parts.
            StoreClosed: outside `async with`.
        """
        if subject not in self._parts:
            known = ", ".join(getattr(part, "__name__", repr(part)) for part in self._parts)
            raise DefinitionError(f"{subject!r} is not a part of this App ({known}); give it to App(...)")
        if isinstance(subject, Decider):
            return DeciderRepository(subject, self._opened(), metadata=metadata)
        return Repository(subject, self._opened(), metadata=metadata)

    async def transact(
        self, work: Callable[[UnitOfWork], Awaitable[R]], *, metadata: Metadata = NO_METADATA
    ) -> Receipt[R]:
        """Run *work*, and store what its aggregates recorded in one commit when it returns.

        On a conflict it runs again from the start, with fresh aggregates. When it raises, nothing is stored.

        Args:
            work: gets repositories from the unit of work it is handed; does nothing that may not happen twice.
            metadata: stored beside every event: who, why.

        Raises:
            Conflict: other writers were faster every time, see `handling.ATTEMPTS`.
            DomainError: *work* refused.
        """
        return await transact(self._opened(), work, metadata)

    def _opened(self) -> Loader:
        if self._loader is None:
            raise StoreClosed("this App is not open; use it inside `async with App(...) as app:`")
        return self._loader
