"""One context at work: its open store, its buses, and what follows its log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from leftfold.app.assembly import Assembly
from leftfold.app.catching_up import CatchingUp
from leftfold.app.conduct import Conduct
from leftfold.app.reaction_follower import reaction_follower
from leftfold.app.working import Working
from leftfold.clock import Clock, SystemClock
from leftfold.errors import RowsKeptOtherwise
from leftfold.handling.answers import Answers
from leftfold.handling.asking import QueryBus
from leftfold.handling.bus import CommandBus
from leftfold.handling.loading import Loader
from leftfold.handling.receipt import Receipt
from leftfold.integration.published_events import PublishedEvents
from leftfold.messages.metadata import Metadata
from leftfold.messages.query import Query
from leftfold.processes.sending import Send
from leftfold.projections.cache import LocalCache
from leftfold.projections.caching import CachedAnswers
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.inlining import Inlining
from leftfold.projections.invalidating import Invalidating, Watching
from leftfold.projections.projection import Projection
from leftfold.store.port import Store
from leftfold.subscriptions.subscription import Source, Subscription
from leftfold.subscriptions.worker import SubscriptionFollower

if TYPE_CHECKING:
    from leftfold.app.coordinating import Coordination
    from leftfold.processes.engine import Carrier
    from leftfold.processes.instances import SagaInstances
    from leftfold.processes.saga_carrier import SagaCarrier

__all__ = ["Running", "stop_all"]

R = TypeVar("R")

_PATIENCE_S: Final = 60.0
_log: Final = logging.getLogger("leftfold")


class Running:
    """A context on its open store.

    Args:
        assembly: the context.
        store: its own.
    """

    def __init__(self, assembly: Assembly, store: Store, conduct: Conduct) -> None:
        self.assembly = assembly
        self.store = store
        self._conduct = conduct
        inlining = Inlining(assembly.inline, assembly.codec) if assembly.inline else None
        self.loader: Loader = Loader(store, assembly.codec, conduct.snapshots, conduct.clock, inlining)
        if conduct.telemetry is not None:
            self.loader.events = conduct.telemetry.events(store, assembly.codec, inlining)
        self.answers: Answers = Answers(store, conduct.clock)
        middleware = conduct.middleware if conduct.telemetry is None else (conduct.telemetry.call, *conduct.middleware)
        self.commands: CommandBus = CommandBus(self.loader, assembly.commands, self.answers, middleware)
        self.cached: CachedAnswers = CachedAnswers(LocalCache(now=_seconds(conduct.clock)))
        """The answers that are kept."""
        keeping = self.cached if conduct.telemetry is None else conduct.telemetry.keeping(self.cached)
        self.queries: QueryBus = QueryBus(self.loader, assembly.queries, middleware, keeping)
        self.followers: dict[str, ProjectionFollower] = {}
        self.reactions: Sequence[Subscription] = ()
        """What follows logs beside its projections: its reactions, and its processes."""
        self._reacting: list[SubscriptionFollower] = []
        self.coordination: Coordination | None = None
        """Its processes at work, once it is prepared."""
        self._catching_up: dict[str, CatchingUp] = {}
        answered = bool(assembly.context.decisions or assembly.context.commands)
        self.working: Working = Working(self.name, store, self.answers if answered else None, conduct)
        """What this process does for it by itself."""
        self._watching = Watching()
        self._sagas: SagaInstances | None = None
        self._refusal: RowsKeptOtherwise | None = None

    @property
    def clock(self) -> Clock:
        """Of the app."""
        return self._conduct.clock

    @property
    def sagas(self) -> SagaInstances:
        """Instances of its sagas."""
        if self._sagas is None:
            from leftfold.processes.instances import SagaInstances

            definitions, clock = self.assembly.sagas.values(), self._conduct.clock
            self._sagas = SagaInstances(self.name, definitions, self.store, clock, lambda: self.working.engine)
        return self._sagas

    def saga_carrier(self) -> SagaCarrier:
        """What carries its sagas on."""
        from leftfold.processes.means import Means
        from leftfold.processes.saga_carrier import SagaCarrier

        return SagaCarrier(Means(self.loader, self.assembly.scope, self.send, self.sagas, self._conduct.measuring))

    @property
    def send(self) -> Send:
        """Carries out commands for it in whichever context handles them; raises `NotRelated` where the map says no."""
        send, guarding = self._conduct.send, self._conduct.guarding
        return send if guarding is None else guarding.guarded(self.name, send)

    @property
    def name(self) -> str:
        """Of the context."""
        return self.assembly.context.name

    async def prepare(self, others: Mapping[str, Running]) -> None:
        """Make the tables that its parts need, and find the logs that they follow."""
        if self.assembly.context.decisions or self.assembly.context.commands:
            await self.answers.prepare()
        for projection in self.assembly.context.projections:
            inline = projection in self.assembly.inline
            source = self._source(projection.name, projection.events, others)
            follower = ProjectionFollower(
                projection, source, self.store, self._conduct.clock, inline=inline, refuse=self._refuse
            )
            self.followers[projection.name] = follower
            waiting = CatchingUp(follower, self.store, lambda: self.working.follows)
            self._catching_up[projection.name] = waiting
            await follower.prepare()
        self._reacting = [
            reaction_follower(one, self, self._source(one.name, one.events, others))
            for one in self.assembly.context.reactions
        ]
        self.coordination = self._coordinating(others)
        coordinating = self.coordination.followers if self.coordination is not None else ()
        self.reactions = [one.subscription for one in (*self._reacting, *coordinating)]
        await self._watch()

    async def work(self) -> None:
        """Follow the log in this process, and carry on what is due, until `stop`.

        Raises:
            RowsKeptOtherwise: it would write rows that others write in another way.
        """
        if self._refusal is not None:
            raise self._refusal.with_traceback(None)
        if self.coordination is not None:
            await self.coordination.prepare()
        coordinating = self.coordination.followers if self.coordination is not None else ()
        await self.working.begin([*self.followers.values(), *self._reacting, *coordinating], self._carriers())

    async def stop(self) -> None:
        """Finish what is under way, within `Timing.grace_s`."""
        end = asyncio.get_running_loop().time() + self._conduct.timing.grace_s
        try:
            await self.working.stop()
        finally:
            await self._watching.stop()
        try:
            async with asyncio.timeout_at(end):
                await self.loader.keeper.drain()
        except TimeoutError:
            _log.warning(
                "snapshots of %s were not saved, for its app has to end; its states are folded anew", self.name
            )

    async def keep_up(self) -> None:
        """Wait until what follows logs for this context has handled every event that is there now."""
        for projection in self.assembly.context.projections:
            await self.caught_up(projection, await self.followers[projection.name].source.store.head(), _PATIENCE_S)
        for subscription in self.reactions:
            head = await subscription.source.store.head()
            for part in subscription.parts:
                while await self.store.reached(part.checkpoint, head, _PATIENCE_S) < head:
                    pass

    async def idle(self) -> int:
        """Wait until no work is due; returns how much was carried on so far."""
        return await self.working.idle()

    async def ask(self, query: Query[R], metadata: Metadata, after: Receipt[Any] | None, timeout_s: float) -> R:
        """See `App.ask`."""
        if after is not None:
            for projection in self.assembly.projections_of(self.assembly.queries.of(query).handler):
                source = self.assembly.sources.get(projection.name, self.assembly.context)
                if after.context in ("", source.name):
                    await self.caught_up(projection, after.position, timeout_s, event=True)
        return await self.queries.ask(query, metadata=metadata, fresh=after is not None)

    async def noticed(self, projection: str, position: int, timeout_s: float) -> None:
        """Wait until no kept answer comes from rows of *projection* as they were before the event at *position*.

        Raises:
            TimeoutError: it was not so when the time was over.
        """
        async with asyncio.timeout(timeout_s):
            await self._watching.passed(projection, position)

    async def caught_up(
        self, projection: Projection[Any], position: int, timeout_s: float, *, event: bool = False
    ) -> None:
        """Wait until the rows of *projection* show everything up to *position*; see `CatchingUp.wait`."""
        await self._catching_up[projection.name].wait(position, timeout_s, event=event)

    def _refuse(self, refusal: RowsKeptOtherwise) -> None:
        """Append nothing from now on."""
        if self._refusal is None and self.working.follows:  # whoever opens it hears when it works or appends
            _log.warning("context %s appends nothing any more: %s", self.name, refusal)
        self._refusal = refusal
        self.loader.events.refuse(refusal)

    def _coordinating(self, others: Mapping[str, Running]) -> Coordination | None:
        """What it coordinates; what that takes is imported for those who do."""
        context = self.assembly.context
        if not (self.assembly.processes or context.command_reactions or context.saga_starts):
            return None
        from leftfold.app.coordinating import Coordination
        from leftfold.app.posting import Posting

        log, post = partial(self._log_of, others), Posting(others, self.name, self._conduct.guarding)
        return Coordination(self.assembly, self.loader, self._conduct, log, post, tuple(others))

    def _carriers(self) -> list[Carrier]:
        carriers = [*self.coordination.carriers] if self.coordination is not None else []
        if self.assembly.sagas:
            carriers.append(self.saga_carrier())
        return carriers

    async def _watch(self) -> None:
        """Drop kept answers when the rows that they come from change."""
        cached = [one for one in self.assembly.context.queries if one.cache is not None]
        for projection in dict.fromkeys(row for one in cached for row in self.assembly.projections_of(one)):
            follower = self.followers[projection.name]
            inline = projection in self.assembly.inline
            watch = Invalidating(projection, follower.source, self.store, self.cached, inline=inline)
            await self._watching.begin(projection.name, watch)

    def _source(self, name: str, events: frozenset[type], others: Mapping[str, Running]) -> Source:
        context = self.assembly.sources.get(name, self.assembly.context)
        return self._log_of(others, context.name, events)

    def _log_of(self, others: Mapping[str, Running], context: str, events: frozenset[type]) -> Source:
        """The log of a context, as *events* of it are followed here."""
        if context == self.name:
            return Source(self.store, self.loader.events, self.assembly.categories)
        other = others[context]
        spoken = other.assembly.context
        check = None if spoken.language is None else spoken.language.check
        published = PublishedEvents(other.loader.events, spoken.publications, events, check)
        return Source(other.store, published, other.assembly.categories)


async def stop_all(contexts: Iterable[Running]) -> None:
    """Stop all of them at once; broken off, each has been told to."""
    stopping = [asyncio.create_task(one.stop()) for one in contexts]
    if not stopping:
        return
    try:
        await asyncio.wait(stopping)  # a gather that is cancelled at once cancels what has not begun
    finally:
        for one in stopping:
            one.cancel()
        await asyncio.gather(*stopping, return_exceptions=True)
    await asyncio.gather(*stopping)


def _seconds(clock: Clock) -> Callable[[], float]:
    """The machine's clock may be set back; what only goes forward stands in for it, and is cheaper to read."""
    return monotonic if isinstance(clock, SystemClock) else lambda: clock.now().timestamp()
