"""What one decision has loaded, and the one commit of what it recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import reduce
from inspect import isasyncgen, isawaitable, isgenerator
from typing import Any, NamedTuple, TypeAlias, TypeVar

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.domain.lifecycle import is_lost, seal, take, watch
from leftfold.domain.recording import RECORDED, Pending
from leftfold.errors import Conflict, DefinitionError, InvalidAppend
from leftfold.handling.correlation import OUTCOME
from leftfold.handling.keeping import State
from leftfold.handling.loading import Loader, stream_of
from leftfold.handling.planning import Plan
from leftfold.handling.receipt import Receipt
from leftfold.handling.retry import decided_again
from leftfold.messages.metadata import Metadata
from leftfold.store.event_store import Envelope
from leftfold.store.events import Appended, ToStream
from leftfold.store.names import StreamName
from leftfold.store.transaction import Write

__all__ = ["Beside", "Tracking", "check_decided", "committed"]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")
R = TypeVar("R")

Beside: TypeAlias = Callable[[Sequence[ToStream]], Awaitable[Sequence[Write]]]
"""Gives what is written in the same commit as the events it is handed, which may be none."""


class _Tracked(NamedTuple):
    plan: Plan[Any]
    aggregate: Aggregate[Any]
    snapshot: int


class _Decided(NamedTuple):
    part: ToStream
    kept: tuple[Plan[Any], StreamName, State] | None


class Tracking:
    """Tracks the aggregates of one decision; what they record is appended in one step by `committed`.

    Args:
        loader: reads the aggregates.
        metadata: stored beside every event.
    """

    def __init__(self, loader: Loader, metadata: Metadata) -> None:
        self.loader = loader
        self._metadata = metadata
        self._tracked: dict[StreamName, _Tracked] = {}
        self._decided: list[_Decided] = []
        self._over = False

    async def load(self, kind: type[A], id: str) -> A:
        """The tracked aggregate *id*, at version 0 when it has no events; the same object each time.

        Raises:
            InvalidAppend: the unit of work has ended.
        """
        self._check_open()
        plan = self.loader.plan(kind)
        stream = stream_of(plan.core, id)
        known = self._tracked.get(stream)
        if known is None:
            await self.loader.turns.come(stream)
            loaded = await self.loader.load(plan, id)
            if plan.states is not None:
                watch(loaded.state)
            # Another task of the same work may have loaded it meanwhile.
            known = self._tracked.setdefault(stream, _Tracked(plan, loaded.state, loaded.snapshot))
        return _as(kind, known.aggregate)

    def new(self, kind: type[A], id: str) -> A:
        """Track a new aggregate; the commit is a `Conflict` if its stream exists.

        Raises:
            InvalidAppend: this unit of work has loaded it already, with events, or it has ended.
        """
        self._check_open()
        plan = self.loader.plan(kind)
        stream = stream_of(plan.core, id)
        known = self._tracked.get(stream)
        if known is not None and known.aggregate.version:
            raise InvalidAppend(
                f"{stream!r} was loaded at version {known.aggregate.version} in this unit of work; it is not new"
            )
        if known is not None:
            aggregate = _as(kind, known.aggregate)
        else:
            aggregate = kind(id)
            if plan.states is not None:
                watch(aggregate)
        self._tracked[stream] = _Tracked(plan, aggregate, 0)
        return aggregate

    async def decide(self, decider: Decider[C, S, E], id: str, command: C) -> tuple[E, ...]:
        """Let *decider* decide *command* on the state of *id*; the events it answers with are part of the commit.

        Raises:
            DomainError: the decider refused.
            InvalidAppend: the unit of work has ended.
        """
        self._check_open()
        plan = self.loader.plan(decider)
        await self.loader.turns.come(stream_of(plan.core, id))
        loaded = await self.loader.load(plan, id)
        events = decider.decided(command, loaded.state)
        if events:
            stream, version = stream_of(plan.core, id), loaded.version + len(events)
            envelopes = (Envelope(event=event, metadata=self._metadata) for event in events)
            part = self.loader.events.part(stream, *envelopes, expected=loaded.version)
            state = reduce(decider.evolve, events, loaded.state)
            kept = self.loader.keepable(plan, stream, version, state, loaded.snapshot)
            self._decided.append(_Decided(part, None if kept is None else (plan, stream, kept)))
        return events

    async def commit(self, beside: Beside | None = None) -> Appended | None:
        """Append what was recorded, and write what *beside* gives in the same step; None when nothing was recorded.

        It is the end: nothing more is tracked, and recording raises `ReadOnly`.
        """
        self._over = True
        decided = [*self._decided, *self._recorded()]
        parts = [each.part for each in decided]
        if len(parts) > 1:
            self.loader.turns.writes(part.stream for part in parts)
        writes = await beside(parts) if beside is not None else ()
        try:
            if writes:
                appended = await self.loader.events.commit(*parts, writes=writes)
            else:
                appended = await self.loader.events.append_together(*parts) if parts else None
        except Conflict as conflict:
            self.loader.turns.check_conflict(conflict)
            raise
        self.loader.turns.stored(parts)
        if appended is not None and (outcome := OUTCOME.get()) is not None:
            outcome.events = sum(len(part.events) for part in parts)
        for each in decided:
            if each.kept is not None:
                await self.loader.keep(*each.kept, last=each.part.events[-1].id)
        return appended

    def _recorded(self) -> list[_Decided]:
        found: list[_Decided] = []
        for stream, (plan, aggregate, snapshot) in self._tracked.items():
            expected, events = take(aggregate)
            seal(aggregate)
            if not events:
                continue
            part = self.loader.events.part(stream, *map(self._enveloped, events), expected=expected)
            # Written before the append: what cannot be kept is told while nothing is stored.
            kept = self.loader.keepable(plan, stream, aggregate.version, aggregate, snapshot)
            found.append(_Decided(part, None if kept is None else (plan, stream, kept)))
        for lost in filter(is_lost, RECORDED.get() or ()):
            raise InvalidAppend(
                f"{lost!r} has recorded events and comes from no repository, so they would be lost; nothing was "
                f"stored. Take it from one: new({lost.id!r}), get or find. To try something out, copy.copy() one"
            )
        return found

    def _check_open(self) -> None:
        if self._over:
            raise InvalidAppend("this unit of work has ended, so nothing would be stored; begin another one")

    def _enveloped(self, one: Pending) -> Envelope:
        return Envelope(event=one.event, valid_at=one.valid_at, tags=one.tags, metadata=self._metadata)


async def committed(loader: Loader, work: Callable[[Tracking], Awaitable[R]], metadata: Metadata) -> Receipt[R]:
    """Run *work* and store what its aggregates recorded in one commit; run it again on a conflict.

    When *work* raises, nothing is stored. It may run more than once, each time with fresh aggregates, so it keeps its
    hands off everything else.

    Args:
        loader: of the store to work on.
        work: the decision.
        metadata: stored beside every event.

    Raises:
        Conflict: other writers were faster every time, see `ATTEMPTS`.
        DefinitionError: what it returned is still to be awaited, or a generator.
    """

    async def decision() -> Receipt[R]:
        tracking = Tracking(loader, metadata)
        result = await work(tracking)
        check_decided(result)
        appended = await tracking.commit()
        if appended is None:
            return Receipt(result=result, position=await loader.store.head())
        return Receipt(result=result, position=appended.position, repeated=appended.repeated)

    return await decided_again(loader.turns, decision)


def check_decided(result: object) -> None:
    """Raise `DefinitionError` when what a decision returned is still to be awaited, or a generator."""
    if isawaitable(result):
        raise DefinitionError(
            f"what decides returned {result!r:.80}, which is still to be awaited, and nothing was stored; write "
            "await before it, and a plain def for what a repository edits"
        )
    if isgenerator(result) or isasyncgen(result):
        raise DefinitionError(
            f"what decides returned {result!r:.80}, of which nothing was run, and nothing was stored; write it "
            "without yield"
        )


def _as(kind: type[A], aggregate: Aggregate[Any]) -> A:
    if not isinstance(aggregate, kind):
        raise InvalidAppend(
            f"stream of {aggregate!r} is used as {kind.__name__} too in this unit of work; give one of the two classes "
            "another category"
        )
    return aggregate
