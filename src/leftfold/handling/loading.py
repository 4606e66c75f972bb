"""From stored events to the state that decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, overload
from uuid import UUID

from msgspec.structs import replace

from leftfold.clock import Clock, SystemClock
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.core import Core
from leftfold.domain.decider import Decider
from leftfold.domain.folding import Folding
from leftfold.domain.lifecycle import core_of
from leftfold.domain.state import StateCodec, state_codec
from leftfold.errors import DefinitionError, InvalidPayload, InvalidQuery
from leftfold.handling.keeping import Keeper, Snapshots, State
from leftfold.handling.moments import AsOf, Loaded
from leftfold.handling.planning import Plan
from leftfold.handling.turns import Turns
from leftfold.messages.codec import Codec
from leftfold.store.event_store import EventStore
from leftfold.store.events import Fact, ToStream
from leftfold.store.names import StreamName
from leftfold.store.port import Store
from leftfold.store.transaction import Inline

__all__ = ["Loader", "stream_of"]

A = TypeVar("A", bound=Aggregate[Any])
S = TypeVar("S")

_PAGE: Final = 2_000
_NO_SNAPSHOTS = Snapshots()


class Loader:
    """Folds streams of one store; keeps how each kind of event is read, and states as its policy says.

    Args:
        store: where the events are.
        codec: how they are read and written.
        snapshots: what is kept of states.
        clock: says what lies in the future.
        inline: see `EventStore`.
    """

    def __init__(
        self,
        store: Store,
        codec: Codec,
        snapshots: Snapshots = _NO_SNAPSHOTS,
        clock: Clock | None = None,
        inline: Callable[[Sequence[ToStream]], Sequence[Inline]] | None = None,
    ) -> None:
        self.store = store
        self.events: EventStore = EventStore(store, codec, inline)
        self.keeper: Keeper = Keeper(store, snapshots)
        self.turns: Turns = Turns()
        self._codec = codec
        self._clock: Clock = clock or SystemClock()
        self._plans: dict[object, Plan[Any]] = {}

    @overload
    def plan(self, subject: type[A]) -> Plan[A]: ...
    @overload
    def plan(self, subject: Decider[Any, S, Any]) -> Plan[S]: ...
    def plan(self, subject: type[Any] | Decider[Any, Any, Any]) -> Plan[Any]:
        """How the states of *subject* are folded and kept.

        Raises:
            DefinitionError: they cannot be kept as the policy or `snapshot_every=` asks; it lists every finding.
        """
        plan = self._plans.get(subject)
        if plan is None:
            core: Core[Any] = core_of(subject)
            kept = core.snapshot_every is not None or self.keeper.caches
            plan = Plan(subject, core, Folding(core, self._codec), state_codec(subject) if kept else None)
            self._plans[subject] = plan
        return plan

    async def load(self, plan: Plan[S], id: str, upto: int | None = None, valid: datetime | None = None) -> Loaded[S]:
        """The state of *id* after version *upto*, or as of now; with no events, the one before the first.

        Args:
            upto: a version, included, 0 for the one before the first event; None means everything.
            valid: fold only what happened at or before this time; None means everything.

        Raises:
            UnreadableEvent: a stored event cannot be read.
        """
        if plan.states is not None and valid is None:
            loaded = await self._resumed(plan, plan.states, id, upto)
            if loaded is not None:
                return loaded
        begin = Loaded(state=plan.core.initial(id), version=0, snapshot=0, replayed=0)
        return await self._folded(plan, id, begin, upto, valid)

    async def at(self, plan: Plan[S], id: str, as_of: AsOf) -> Loaded[S]:
        """The state of *id* at a point in time; version 0 when nothing had happened by then.

        Raises:
            InvalidQuery: a version beyond the last, or a recorded time in the future.
            UnreadableEvent: a stored event cannot be read.
        """
        stream, upto = stream_of(plan.core, id), as_of.version
        if as_of.recorded is not None:
            upto = await self.store.version_at(stream, await self.position_at(as_of))
        loaded = await self.load(plan, id, upto, as_of.valid)
        if as_of.version is not None and 0 < loaded.version < as_of.version:
            raise InvalidQuery(f"stream {stream!r} is at version {loaded.version}; it has no version {as_of.version}")
        return loaded

    async def position_at(self, as_of: AsOf) -> int:
        """The position that the recorded time of *as_of* cuts the log at; its head when it has none.

        Raises:
            InvalidQuery: the time lies in the future.
        """
        if as_of.recorded is None:
            return await self.store.head()
        # A clock that was set back, or that is another machine's, may be behind what is recorded already.
        if as_of.recorded > self._clock.now() and as_of.recorded > await self._newest():
            raise InvalidQuery(
                f"recorded={as_of.recorded.isoformat()} lies in the future, and what will be known then is not known "
                "yet; leave it out to ask for now"
            )
        return await self.store.position_at(as_of.recorded)

    async def latest(self) -> datetime:
        """The latest time that is known to have come: the clock's, or that of the last event when it is later."""
        return max(self._clock.now(), await self._newest())

    async def _newest(self) -> datetime:
        """The recorded time of the last event, the beginning of time when there is none."""
        head = await self.store.head()
        page = await self.store.read_log(after=head - 1, limit=1) if head else None
        return page.events[0].recorded_at if page else datetime.min.replace(tzinfo=UTC)

    def states_of(self, plan: Plan[S]) -> StateCodec[S]:
        """How the states of *plan* are written, kept or not.

        Raises:
            DefinitionError: they have no exact JSON text; it lists every finding.
        """
        return plan.states or state_codec(plan.subject)

    def keepable(self, plan: Plan[S], stream: str, version: int, state: S, snapshot: int) -> State | None:
        """What `keep` would keep of *state* at *version*; None when it would keep nothing.

        One that would fold on differently once it was read back is not kept; where a snapshot is due, that is logged.

        Args:
            snapshot: version of the newest snapshot there is, 0 for none.

        Raises:
            DefinitionError, InvalidPayload: the state cannot be written as it is, see `StateCodec.dump`.
        """
        due = plan.is_due(version, snapshot)
        if plan.states is None or not (self.keeper.caches or due):
            return None
        kept = State(version, plan.states.dump(state), snapshot)
        if (shared := plan.states.shared(state)) is None:
            return kept
        if due:
            self.keeper.not_saved(stream, version, shared)
        return None

    async def keep_loaded(self, plan: Plan[S], stream: str, loaded: Loaded[S]) -> None:
        """Save a snapshot of a state that was only read, when one is due; that it cannot be kept is logged."""
        if not plan.is_due(loaded.version, loaded.snapshot):
            return
        try:
            kept = self.keepable(plan, stream, loaded.version, loaded.state, loaded.snapshot)
        except (DefinitionError, InvalidPayload) as error:
            self.keeper.not_saved(stream, loaded.version, error)
        else:
            if kept is not None:
                await self.keep(plan, stream, kept)

    async def keep(self, plan: Plan[S], stream: str, state: State, last: UUID | None = None) -> None:
        """Keep a state whose events are stored: in the cache, and as a snapshot when one is due.

        That keeping failed is logged, not raised.

        Args:
            last: id of the last of its events; None when it is not known, and the state not kept in the cache.
        """
        if plan.states is None:
            return
        fingerprint, state = plan.states.fingerprint, replace(state, last=last)
        if plan.is_due(state.version, state.snapshot):
            await self.keeper.save(stream, fingerprint, state)
            state = replace(state, snapshot=state.version)
        if self.keeper.caches and last is not None:
            self.keeper.cache(stream, fingerprint, state)

    async def _resumed(self, plan: Plan[S], states: StateCodec[S], id: str, upto: int | None) -> Loaded[S] | None:
        """The state folded on from one that was kept; None when none was, or it does not fit what is stored."""
        stream = stream_of(plan.core, id)
        kept = await self._kept(plan, states, stream, upto)
        if kept is None:
            return None
        # One event more than needed is read: the one that the kept state ends with must still be there.
        facts = await self._facts_since(stream, kept.last, after=kept.version - 1, upto=upto)
        if not facts or facts[0][0] != kept.version:
            self.keeper.distrust(stream, states.fingerprint, kept.version, "its last event is not in the stream")
            await self.keeper.drop(stream, states.fingerprint, kept.version)
            return None
        try:
            state = plan.resumed(states.load(id, kept.data), kept.version)
        except Exception as error:  # noqa: BLE001 - a `__post_init__` of the state's types may raise anything
            self.keeper.distrust(stream, states.fingerprint, kept.version, f"it does not decode: {error}")
            return None
        begin = Loaded(state=state, version=kept.version, snapshot=kept.snapshot, replayed=0)
        found = _after(plan, begin, facts[1:], stream)
        return found if len(facts) < _PAGE else await self._folded(plan, id, found, upto)

    async def _facts_since(self, stream: str, first: UUID | None, *, after: int, upto: int | None) -> Sequence[Fact]:
        """Facts behind version *after*; none when *first* is not the first of them, as in a log that was put back."""
        if first is None:
            return await self.store.read_facts(stream, after=after, upto=upto, limit=_PAGE)
        events = await self.store.read_stream(stream, after=after, upto=upto, limit=_PAGE)
        if events and events[0].id != first:
            return ()
        return [(one.version, one.type, one.schema_version, one.data) for one in events]

    async def _kept(self, plan: Plan[S], states: StateCodec[S], stream: str, upto: int | None) -> State | None:
        """The newest kept state at or before version *upto*."""
        if self.keeper.caches:
            cached = self.keeper.cached(stream, states.fingerprint)
            if cached is not None and (upto is None or cached.version <= upto):
                return cached
        if plan.core.snapshot_every is None or upto == 0:
            return None
        return await self.keeper.found(stream, states.fingerprint, upto)

    async def _folded(
        self, plan: Plan[S], id: str, found: Loaded[S], upto: int | None, valid: datetime | None = None
    ) -> Loaded[S]:
        stream = stream_of(plan.core, id)
        while True:
            facts = await self.store.read_facts(stream, after=found.version, upto=upto, valid=valid, limit=_PAGE)
            found = _after(plan, found, facts, stream)
            if len(facts) < _PAGE:
                return found
            await asyncio.sleep(0)  # an embedded store answers without letting others run, however long a stream is


def stream_of(subject: Core[Any], id: str) -> StreamName:
    """The name of the stream that holds the events of *id*."""
    return StreamName(subject.category, id)


def _after(plan: Plan[S], found: Loaded[S], facts: Sequence[Fact], stream: str) -> Loaded[S]:
    if not facts:
        return found
    state = plan.fold(found.state, facts, stream)
    replayed = found.replayed + len(facts)
    return Loaded(state=state, version=facts[-1][0], snapshot=found.snapshot, replayed=replayed)
