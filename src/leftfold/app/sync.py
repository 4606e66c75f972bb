"""The same core for programs that do not await: Django, Flask, scripts, notebooks.

Each class mirrors an asynchronous one, method by method; a test holds the signatures equal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from leftfold.app.background import Background
from leftfold.app.loading import load
from leftfold.app.sync_following import SyncDeadLetters, SyncMonitor
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.errors import DefinitionError
from leftfold.handling.moments import AsOf, Change, Difference, Loaded
from leftfold.handling.receipt import Receipt
from leftfold.handling.repository import DeciderRepository, Repository
from leftfold.handling.temporal import TimeTravel
from leftfold.handling.unit_of_work import UnitOfWork
from leftfold.messages.command import Command
from leftfold.messages.metadata import NO_METADATA, Metadata
from leftfold.messages.query import Query
from leftfold.messages.recorded import RecordedEvent, RecordedPage
from leftfold.store.event_store import EventStore
from leftfold.store.events import AppendCondition, Appended, ExpectedVersion, QueryItem, ToStream
from leftfold.store.following import Unknown

if TYPE_CHECKING:
    from leftfold.app.beginning import Begun
    from leftfold.app.composition import App
    from leftfold.app.sync_processes import SyncProcesses
    from leftfold.app.sync_sagas import SyncSagas
    from leftfold.processes.saga import Saga

__all__ = ["SyncApp", "SyncDeciderRepository", "SyncEventStore", "SyncRepository", "SyncTimeTravel"]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")
P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V")


class SyncApp:
    """An `App` on an event loop of its own, made by `App.sync`; any number of threads may use it.

    It opens at the first call or by `with`. In a forked child it opens again by itself.
    """

    def __init__(self, app: App) -> None:
        load(app.contexts, app.stores.values())
        self._app = app
        self._background = Background()
        self._opened_for: int | None = None

    def __enter__(self) -> Self:
        """Open the store."""
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store and end the loop."""
        self.close()

    def close(self) -> None:
        """Close the store and end the loop; the next call opens it again."""
        with self._background.alone():
            if self._is_open():
                try:
                    self._background.run(self._close())
                finally:  # an interrupt cuts it short, and it is closed all the same
                    if not self._is_open():
                        self._background.stop()
            self._opened_for = None

    if not TYPE_CHECKING:  # checkers refuse `async with` by themselves

        async def __aenter__(self) -> None:
            raise DefinitionError("what `sync()` gives is opened by `with`; a program that awaits leaves `sync()` out")

        async def __aexit__(self, *_left: object) -> None:
            """Nothing was opened."""

    @property
    def events(self) -> SyncEventStore:
        """See `App.events`."""
        app = self._open()
        return SyncEventStore(app.events, self._background)

    def events_of(self, context: str) -> SyncEventStore:
        """See `App.events_of`."""
        app = self._open()
        return SyncEventStore(app.events_of(context), self._background)

    @property
    def monitor(self) -> SyncMonitor:
        """See `App.monitor`."""
        return SyncMonitor(self._open().monitor, self._background)

    @property
    def dead_letters(self) -> SyncDeadLetters:
        """See `App.dead_letters`."""
        return SyncDeadLetters(self._open().dead_letters, self._background)

    @property
    def sagas(self) -> SyncSagas:
        """See `App.sagas`."""
        from leftfold.app.sync_sagas import SyncSagas

        return SyncSagas(self._open().sagas, self._background)

    @property
    def processes(self) -> SyncProcesses:
        """See `App.processes`."""
        from leftfold.app.sync_processes import SyncProcesses

        return SyncProcesses(self._open().processes, self._background)

    def settle(self, *, timeout: float = 10.0) -> None:
        """See `App.settle`."""
        self._background.run(self._open().settle(timeout=timeout))

    def start(self, saga: Saga, *, id: str | None = None, metadata: Metadata = NO_METADATA) -> Begun:
        """See `App.start`."""
        return self._background.run(self._open().start(saga, id=id, metadata=metadata))

    def followed(self) -> None:
        """See `App.followed`; an interrupt, such as Ctrl-C, ends the waiting."""
        self._background.run(self._open().followed())

    def ready(self) -> None:
        """See `App.ready`."""
        self._background.run(self._open().ready())

    @overload
    def repository(self, subject: type[A], *, metadata: Metadata = ...) -> SyncRepository[A]: ...
    @overload
    def repository(self, subject: Decider[C, S, E], *, metadata: Metadata = ...) -> SyncDeciderRepository[C, S, E]: ...
    def repository(
        self, subject: type[Any] | Decider[Any, Any, Any], *, metadata: Metadata = NO_METADATA
    ) -> SyncRepository[Any] | SyncDeciderRepository[Any, Any, Any]:
        """See `App.repository`."""
        app = self._open()
        if isinstance(subject, Decider):
            return SyncDeciderRepository(app.repository(subject, metadata=metadata), self._background)
        return SyncRepository(app.repository(subject, metadata=metadata), self._background)

    def send(self, command: Command[R], *, id: str | None = None, metadata: Metadata = NO_METADATA) -> Receipt[R]:
        """See `App.send`."""
        app = self._open()
        return self._background.run(app.send(command, id=id, metadata=metadata))

    def ask(
        self,
        query: Query[R],
        *,
        after: Receipt[Any] | None = None,
        timeout: float = 10.0,
        metadata: Metadata = NO_METADATA,
    ) -> R:
        """See `App.ask`."""
        app = self._open()
        return self._background.run(app.ask(query, after=after, timeout=timeout, metadata=metadata))

    def transact(self, work: Callable[[UnitOfWork], Awaitable[R]], *, metadata: Metadata = NO_METADATA) -> Receipt[R]:
        """See `App.transact`; *work* is async and runs on the app's loop."""
        app = self._open()
        return self._background.run(app.transact(work, metadata=metadata))

    def _open(self) -> App:
        if not self._is_open():
            with self._background.alone():
                if not self._is_open():  # no other thread was faster
                    self._background.run(self._enter())
        return self._app

    def _is_open(self) -> bool:
        return self._opened_for == self._background.generation

    async def _enter(self) -> None:
        """Open the app, and note that at once: an interrupt may come before whoever waits has heard of it."""
        await self._app.__aenter__()
        self._opened_for = self._background.generation

    async def _close(self) -> None:
        """Close the app, and note that likewise."""
        try:
            await self._app.__aexit__(None, None, None)
        finally:
            self._opened_for = None


class SyncTimeTravel(Generic[S]):
    """See `TimeTravel`."""

    def __init__(self, states: TimeTravel[S], background: Background) -> None:
        self._states = states
        self._background = background
        self._run = background.run

    def load(self, id: str) -> Loaded[S]:
        """See `TimeTravel.load`."""
        return self._run(self._states.load(id))

    def at(
        self,
        id: str,
        *,
        version: int | None = None,
        recorded: datetime | None = None,
        valid: datetime | None = None,
    ) -> S:
        """See `TimeTravel.at`."""
        return self._run(self._states.at(id, version=version, recorded=recorded, valid=valid))

    def history(
        self,
        id: str,
        value: Callable[[S], V],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        valid: bool = False,
    ) -> list[Change[V]]:
        """See `TimeTravel.history`; *value* runs on the app's loop."""
        return self._run(self._states.history(id, value, since=since, until=until, valid=valid))

    def between(
        self, id: str, since: datetime | None = None, until: datetime | None = None, *, valid: bool = False
    ) -> list[RecordedEvent[object]]:
        """See `TimeTravel.between`."""
        return self._run(self._states.between(id, since, until, valid=valid))

    def diff(self, id: str, before: AsOf, after: AsOf) -> list[Difference]:
        """See `TimeTravel.diff`."""
        return self._run(self._states.diff(id, before, after))


class SyncRepository(SyncTimeTravel[A]):
    """See `Repository`."""

    def __init__(self, repository: Repository[A], background: Background) -> None:
        super().__init__(repository, background)
        self._repository = repository

    def each(self, *, recorded: datetime | None = None, valid: datetime | None = None) -> Iterator[A]:
        """See `Repository.each`."""
        return self._background.each(self._repository.each(recorded=recorded, valid=valid))

    def get(self, id: str) -> A:
        """See `Repository.get`."""
        return self._run(self._repository.get(id))

    def find(self, id: str) -> A | None:
        """See `Repository.find`."""
        return self._run(self._repository.find(id))

    def edit(self, id: str, change: Callable[Concatenate[A, P], R], *args: P.args, **kwargs: P.kwargs) -> Receipt[R]:
        """See `Repository.edit`."""
        return self._run(self._repository.edit(id, change, *args, **kwargs))


class SyncDeciderRepository(SyncTimeTravel[S], Generic[C, S, E]):
    """See `DeciderRepository`."""

    def __init__(self, repository: DeciderRepository[C, S, E], background: Background) -> None:
        super().__init__(repository, background)
        self._repository = repository

    def each(self, *, recorded: datetime | None = None, valid: datetime | None = None) -> Iterator[tuple[str, S]]:
        """See `DeciderRepository.each`."""
        return self._background.each(self._repository.each(recorded=recorded, valid=valid))

    def get(self, id: str) -> S:
        """See `DeciderRepository.get`."""
        return self._run(self._repository.get(id))

    def decide(self, id: str, command: C) -> Receipt[tuple[E, ...]]:
        """See `DeciderRepository.decide`."""
        return self._run(self._repository.decide(id, command))


class SyncEventStore:
    """See `EventStore`."""

    def __init__(self, events: EventStore, background: Background) -> None:
        self._events = events
        self._background = background
        self._run = background.run

    def append(
        self, stream: str, *events: object, expected: ExpectedVersion, condition: AppendCondition | None = None
    ) -> Appended:
        """See `EventStore.append`."""
        return self._run(self._events.append(stream, *events, expected=expected, condition=condition))

    def append_together(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """See `EventStore.append_together`."""
        return self._run(self._events.append_together(*parts, condition=condition))

    def part(self, stream: str, *events: object, expected: ExpectedVersion) -> ToStream:
        """See `EventStore.part`."""
        return self._events.part(stream, *events, expected=expected)

    def read(
        self, stream: str, *, after: int = 0, upto: int | None = None, backward: bool = False, limit: int = 500
    ) -> Sequence[RecordedEvent[object]]:
        """See `EventStore.read`."""
        return self._run(self._events.read(stream, after=after, upto=upto, backward=backward, limit=limit))

    def read_log(
        self,
        *,
        after: int = 0,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        limit: int = 500,
    ) -> RecordedPage:
        """See `EventStore.read_log`."""
        return self._run(self._events.read_log(after=after, match=match, category=category, limit=limit))

    def follow(
        self,
        *,
        after: int = 0,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        unknown: Unknown = Unknown.WAIT,
    ) -> Iterator[RecordedPage]:
        """See `EventStore.follow`; its thread waits for the next page, and the app goes on serving others meanwhile.

        It ends when the app is closed, with a `LeftfoldError`, or at an interrupt, such as Ctrl-C.
        """
        pages = self._events.follow(after=after, match=match, category=category, unknown=unknown)
        return self._background.each(pages)
