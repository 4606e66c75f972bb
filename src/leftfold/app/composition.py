"""The composition root: what a program is made of, and where it keeps its events."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

import msgspec

from leftfold.app.assembling import assembled, contexts_of
from leftfold.app.assembly import Assembly, Plan
from leftfold.app.beginning import Begun, begin
from leftfold.app.conduct import Conduct
from leftfold.app.dead_letters import DeadLetters
from leftfold.app.directory import Directory
from leftfold.app.guarding import guarding
from leftfold.app.monitoring import Monitor
from leftfold.app.opening import OpenedByAwaiting, OpenedOn, close_all, open_store
from leftfold.app.published import Published
from leftfold.app.running import Running, stop_all
from leftfold.app.settings import check_around, check_conduct, check_workers
from leftfold.app.stores import Stores, stores_of
from leftfold.app.sync import SyncApp
from leftfold.clock import Clock, SystemClock
from leftfold.contexts.context import Context
from leftfold.contexts.registered import Part
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.errors import DefinitionError, StoreClosed
from leftfold.handling.keeping import Snapshots
from leftfold.handling.middleware import Middleware
from leftfold.handling.receipt import Receipt, check_receipt
from leftfold.handling.repository import DeciderRepository, Repository
from leftfold.handling.unit_of_work import UnitOfWork, transact
from leftfold.messages.codec import Codec
from leftfold.messages.command import Command
from leftfold.messages.metadata import NO_METADATA, Metadata
from leftfold.messages.query import Query
from leftfold.messages.registry import Registry
from leftfold.messages.transform import Transform
from leftfold.messages.upcasting import Upcast
from leftfold.store.checks import check_timeout
from leftfold.store.event_store import EventStore
from leftfold.store.port import Store
from leftfold.subscriptions.worker import Timing

if TYPE_CHECKING:
    from leftfold.app.processes import Processes
    from leftfold.app.sagas import Sagas
    from leftfold.app.telemetry import Telemetry
    from leftfold.contexts.context_map import ContextMap
    from leftfold.processes.saga import Saga

__all__ = ["App"]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")
R = TypeVar("R")
_SNAPSHOTS = Snapshots()
_TIMING = Timing()


class App(OpenedByAwaiting):
    """Contexts, each on a store of its own; or a few aggregates and deciders on one.

    Everything is checked here, and every finding is told at once. Stores are opened by `async with` and closed at its
    end; between, read models are followed and reactions run, unless that is left to `leftfold work`.

    Args:
        parts: contexts; or aggregate classes and deciders, which make up one context.
        store: where events and rows are; see `Stores` and `open_store`. An open store is not closed.
        name: of the context that aggregates and deciders make up.
        provide: what handlers are given beside what the framework has, by the type or protocol they name.
        middleware: around every command and query, the first outermost.
        inline: names of projections that every append writes in its own transaction, in every process that appends.
        workers: whether this process follows the log; how fast it notices dead workers, if a `Timing` is given.
        clock: gives recorded times where the store has no clock of its own; the machine's when left out.
        transform: changes payloads on their way into the store and out, to encrypt them for instance.
        upcasts: functions from old event classes to newer ones, beside those of the contexts.
        snapshots: how states are kept; snapshots of aggregates and deciders that have `snapshot_every=`, saved in the
            background, and no cache, when left out.
        telemetry: traces and metrics by OpenTelemetry, see `leftfold.app.telemetry`; none when left out.
        context_map: how the contexts relate. What it does not allow is refused: an event that a handler takes when the
            app is made, a command that a context sends at the latest then. `leftfold context check` looks further.

    Raises:
        DefinitionError: it lists every finding.
    """

    def __init__(  # noqa: PLR0913 - everything that a program is composed of is said in one place
        self,
        *parts: Context | Part,
        store: Stores,
        name: str = "app",
        provide: Mapping[type[Any], object] | None = None,
        middleware: Sequence[Middleware] = (),
        inline: Collection[str] = (),
        workers: bool | Timing = True,
        clock: Clock | None = None,
        transform: Transform | None = None,
        upcasts: Sequence[Upcast] = (),
        snapshots: Snapshots = _SNAPSHOTS,
        telemetry: Telemetry | None = None,
        context_map: ContextMap | None = None,
    ) -> None:
        contexts = contexts_of(parts, name)
        check_workers(workers)
        check_around(telemetry, context_map, transform)
        self.context_map = context_map
        """How its contexts relate to each other and to others; None while nobody has said."""
        if context_map is not None:
            context_map.require(contexts)
        plan = Plan(
            provide={} if provide is None else provide,
            inline=inline,
            published=Published(contexts),
            transform=transform,
            upcasts=upcasts,
        )
        self._assemblies = assembled(contexts, plan, context_map)
        self.directory: Directory = Directory(self._assemblies)
        """Which of its contexts handles what."""
        guard = guarding(context_map, contexts, self.directory)
        self.stores: Mapping[str, str | Store] = stores_of([one.name for one in contexts], store)
        """The URL of each context's store, or the open store, by its name."""
        self._clock = clock
        self._workers = bool(workers)
        self._conduct = Conduct(
            clock=SystemClock() if clock is None else clock,
            middleware=middleware,
            snapshots=snapshots,
            send=self.send,
            timing=workers if isinstance(workers, Timing) else _TIMING,
            telemetry=telemetry,
            guarding=guard,
        )
        check_conduct(self._conduct)
        self._running: dict[str, Running] = {}
        self._opened_on: OpenedOn | None = None

    def with_settings(self, *, store: Stores | None = None, workers: bool | Timing | None = None) -> Self:
        """This app with another store, or with or without workers; it is opened and closed by itself.

        Args:
            store: see `App`; as it is when left out.
            workers: see `App`; as it is when left out.

        Raises:
            DefinitionError: a context would have no store, or share one.
        """
        check_workers(workers)
        other = copy.copy(self)
        other._running, other._opened_on = {}, None
        if store is not None:
            other.stores = stores_of([one.name for one in self.contexts], store)
        if workers is not None:
            other._workers = bool(workers)
        timing = workers if isinstance(workers, Timing) else self._conduct.timing
        other._conduct = msgspec.structs.replace(self._conduct, send=other.send, timing=timing)
        return other

    async def __aenter__(self) -> Self:
        """Open the stores; raises what `open_store` raises, and `DefinitionError` when they are open."""
        self._opened_on, self._running = OpenedOn.here(self._opened_on), {}
        try:
            for assembly in self._assemblies:
                where = self.stores[assembly.context.name]
                opened = await open_store(where, clock=self._clock) if isinstance(where, str) else where
                self._running[assembly.context.name] = Running(assembly, opened, self._conduct)
            for running in self._running.values():
                await running.prepare(self._running)
            if self._workers:
                for running in self._running.values():
                    await running.work()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what the stores have accepted, what is being followed and the snapshots on their way, and close."""
        if self._opened_on is not None:
            self._opened_on.check_here()
        try:
            await stop_all(self._running.values())
        finally:  # not before: what is being finished may send commands
            running, self._running, self._opened_on = self._running, {}, None
            await close_all([one.store for one in running.values() if isinstance(self.stores[one.name], str)])

    @property
    def contexts(self) -> tuple[Context, ...]:
        """What it runs."""
        return tuple(one.context for one in self._assemblies)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The aggregates and deciders of all contexts."""
        return tuple(part for one in self._assemblies for part in one.parts)

    @property
    def registry(self) -> Registry:
        """Which names and versions the event classes of its only context have; `DefinitionError` with several."""
        return self.assembly().registry

    @property
    def codec(self) -> Codec:
        """How the events of its only context are written and read; `DefinitionError` with several."""
        return self.assembly().codec

    @property
    def monitor(self) -> Monitor:
        """How far read models and reactions are; raises `StoreClosed` outside `async with`."""
        self._opened()
        return Monitor(self._running, self._conduct.clock)

    @property
    def dead_letters(self) -> DeadLetters:
        """Events that followers could not handle, to be replayed or dropped; raises `StoreClosed` when not open."""
        return DeadLetters(self._opened())

    @property
    def sagas(self) -> Sagas:
        """Instances of its sagas, to be looked at, waited for or mended; raises `StoreClosed` when not open."""
        from leftfold.app.sagas import Sagas

        return Sagas(self._opened())

    @property
    def processes(self) -> Processes:
        """Instances of its processes, timers, and what waits or was given up; raises `StoreClosed` when not open."""
        from leftfold.app.processes import Processes

        return Processes(self._opened(), self._conduct.clock)

    async def settle(self, *, timeout: float = 10.0) -> None:
        """Wait until everything that follows the logs has handled every event, and no work is due; for tests.

        It is about what this process runs. What is due later is not waited for: move the clock, then settle.

        Args:
            timeout: seconds to wait at most.

        Raises:
            NotSettled: something still went on, or was stopped, when the time was over; it says what, and why.
            InvalidQuery: *timeout* is no number.
        """
        from leftfold.app.settling import settled

        check_timeout(timeout)
        await settled(self._opened(), timeout)

    async def start(self, saga: Saga, *, id: str | None = None, metadata: Metadata = NO_METADATA) -> Begun:
        """Begin a saga, in the context that it is registered with; it is durable when this returns, and goes on.

        Args:
            id: unique among the instances of this saga; one that was begun with the same id before is left as it is.
                A new one when left out.
            metadata: what its events and commands belong to, and who asked for it.

        Raises:
            DefinitionError: no context here has this saga, or it is none.
            InvalidPayload: a field cannot be stored.
            InvalidInput: *id* is no text, or an empty one; *metadata* is none.
        """
        return await begin(self._opened(), saga, id, metadata)

    async def followed(self) -> None:
        """Wait as long as this process follows the logs; raises what ended it before the app was closed."""
        await asyncio.gather(*(running.working.followed() for running in self._opened().values()))

    async def ready(self) -> None:
        """Wait until others see that this process follows, or until it has ended; raises what ended it before."""
        await asyncio.gather(*(running.working.ready() for running in self._opened().values()))

    def sync(self) -> SyncApp:
        """This app for code that does not await, on its own event loop; it opens by `with`, or at the first call.

        A call blocks its thread, and an event loop that runs there: coroutines await the `App` itself.
        """
        return SyncApp(self)

    @property
    def store(self) -> Store:
        """The open store of its only context; raises `StoreClosed` outside `async with`."""
        return self.running().store

    @property
    def events(self) -> EventStore:
        """The same in terms of event classes; raises `StoreClosed` outside `async with`."""
        return self.running().loader.events

    def events_of(self, context: str) -> EventStore:
        """The events of one of several contexts, by its name; raises what `running` raises."""
        return self.running(context).loader.events

    async def send(self, command: Command[R], *, id: str | None = None, metadata: Metadata = NO_METADATA) -> Receipt[R]:
        """Carry out *command* in the context that handles it; see `CommandBus.send`."""
        running = self.running(self.directory.of_command(type(command)))
        receipt = await running.commands.send(command, id=id, metadata=metadata)
        return msgspec.structs.replace(receipt, context=running.name)

    async def ask(
        self,
        query: Query[R],
        *,
        after: Receipt[Any] | None = None,
        timeout: float = 10.0,
        metadata: Metadata = NO_METADATA,
    ) -> R:
        """Answer *query* in the context that handles it.

        Args:
            after: wait first until the read models that the answer comes from show what this receipt is for; woken,
                not polled.
            timeout: seconds to wait for that at most.
            metadata: who asks, and why.

        Raises:
            NotCaughtUp: the read model was not there when the time was over; it names both positions.
            KeyParked: the receipt's event, the last of its command, could not be folded; waiting does not help.
            NoWorker: nobody follows the log for it; at once.
            TableMissing: the read model has not been built yet.
            UnknownQuery: nothing answers it.
            InvalidInput: a field is not of its declared type, or *after* is no receipt.
            InvalidQuery: *timeout* is no number.
        """
        check_timeout(timeout)
        check_receipt(after)
        running = self.running(self.directory.of_query(type(query)))
        return await running.ask(query, metadata, after, timeout)

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
        owner = next((one.context.name for one in self._assemblies if subject in one.parts), None)
        if owner is None:
            known = ", ".join(getattr(part, "__name__", repr(part)) for part in self.parts)
            raise DefinitionError(f"{subject!r} is not a part of this App ({known}); give it to App(...)")
        loader = self.running(owner).loader
        if isinstance(subject, Decider):
            return DeciderRepository(subject, loader, metadata=metadata)
        return Repository(subject, loader, metadata=metadata)

    async def transact(
        self, work: Callable[[UnitOfWork], Awaitable[R]], *, metadata: Metadata = NO_METADATA
    ) -> Receipt[R]:
        """Run *work*, and store what its aggregates recorded in one commit when it returns.

        On a conflict it runs again from the start, with fresh aggregates. When it raises, nothing is stored. It is for
        apps of one context; with several, register it as a command.

        Args:
            work: gets repositories from the unit of work it is handed; does nothing that may not happen twice.
            metadata: stored beside every event: who, why.

        Raises:
            Conflict: other writers were faster every time, see `handling.ATTEMPTS`.
            DomainError: *work* refused.
        """
        return await transact(self.running().loader, work, metadata)

    def running(self, context: str | None = None) -> Running:
        """A context at work, by its name; the only one when left out.

        Raises:
            StoreClosed: outside `async with`.
            DefinitionError: there is no such context, or there are several and none is named.
        """
        return self._opened()[self.assembly(context).context.name]

    def _opened(self) -> Mapping[str, Running]:
        if not self._running:
            raise StoreClosed("this App is not open; use it inside `async with App(...) as app:`")
        return self._running

    def assembly(self, context: str | None = None) -> Assembly:
        """What a context, by its name, comes to; the only one when left out. Raises `DefinitionError` as `running`."""
        return self.directory.assembly(context)
