"""States at other times than now: of one stream, and of all of them at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from inspect import iscoroutinefunction
from itertools import groupby
from typing import Any, Final, Generic, TypeVar, cast

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.lifecycle import seal
from leftfold.domain.state import StateCodec
from leftfold.errors import InvalidQuery, NotFound
from leftfold.handling.loading import Loader, stream_of
from leftfold.handling.moments import AsOf, Change, Difference, Loaded, check_as_of
from leftfold.handling.planning import Plan
from leftfold.messages.given import call_flaw, moment_flaw
from leftfold.messages.recorded import RecordedEvent
from leftfold.store.events import Fact, StoredEvent
from leftfold.store.names import id_of

__all__ = ["TimeTravel"]

S = TypeVar("S")
V = TypeVar("V")

_PAGE: Final = 500
_TOGETHER: Final = 100
_INSTANT: Final = timedelta(microseconds=1)


class TimeTravel(Generic[S]):
    """Reads the states of one aggregate class or decider at any point in time; aggregates come sealed.

    Args:
        loader: of the store.
        plan: how the states are folded.
    """

    def __init__(self, loader: Loader, plan: Plan[S]) -> None:
        self._loader = loader
        self._plan = plan

    async def load(self, id: str) -> Loaded[S]:
        """The state of *id* as of now, with what it took: the snapshot it started from, the events replayed.

        Raises:
            NotFound: it has no events.
            UnreadableEvent: a stored event cannot be read by this code.
        """
        return self._found(id, await self._loaded(id), AsOf())

    async def at(
        self,
        id: str,
        *,
        version: int | None = None,
        recorded: datetime | None = None,
        valid: datetime | None = None,
    ) -> S:
        """The state of *id* at a point in time, see `AsOf`; only the events it needs are read.

        What was known at a recorded time is final once an event recorded later exists anywhere in the store. Along
        valid time, the events that happened by then are folded in the order of their versions.

        Args:
            id: which one.
            version: after this version, counted from 1; goes with no time.
            recorded: what was known then; with a zone, not in the future.
            valid: what was so then; with a zone. With *recorded*: what was known then about this time.

        Raises:
            NotFound: nothing had happened by then.
            InvalidQuery: a time without a zone, a recorded time in the future, a version beyond the last, or a version
                and a time together.
            UnreadableEvent: a stored event cannot be read by this code.
        """
        as_of = AsOf(version=version, recorded=recorded, valid=valid)
        return self._found(id, await self._loader.at(self._plan, id, as_of), as_of).state

    async def history(
        self,
        id: str,
        value: Callable[[S], V],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        valid: bool = False,
    ) -> list[Change[V]]:
        """What a value was over time, oldest first, one entry for each event, or for each valid time with events.

        The first entry is the value that held at *since*, if there was one by then, so a range that starts late
        starts with the right value.

        Args:
            id: which one.
            value: computed from each state, an aggregate being sealed; it keeps nothing of the state itself, which goes
                on changing.
            since: a time with a zone; None means from the first event.
            until: a time with a zone, included; None means up to now.
            valid: along valid time, as it is known now; otherwise along recorded time.

        Raises:
            InvalidQuery: a time without a zone, a range that ends before it begins, or *value* is no plain function.
            UnreadableEvent: a stored event cannot be read by this code.
        """
        flaw = call_flaw(value, "one of the state, as in lambda account: account.balance")
        if flaw is None and iscoroutinefunction(cast("object", value)):
            flaw = f"{value!r:.80} is async; write a plain def"
        if flaw is not None:
            raise InvalidQuery(f"the value of a history: {flaw}")
        _check_range(since, until)
        if valid:
            return await self._valid_history(id, value, since, until)
        return await self._recorded_history(id, value, since, until)

    async def between(
        self, id: str, since: datetime | None = None, until: datetime | None = None, *, valid: bool = False
    ) -> list[RecordedEvent[object]]:
        """The events of *id* from one time until another, both included, oldest first; none when it has none.

        Args:
            id: whose events.
            since: a time with a zone; None means from the first event.
            until: a time with a zone; None means up to the last one.
            valid: that happened then, in the order in which they did; otherwise that were recorded then.

        Raises:
            InvalidQuery: a time without a zone, or a range that ends before it begins.
            UnreadableEvent: a stored event cannot be read by this code.
        """
        _check_range(since, until)
        stream, recorded = stream_of(self._plan.core, id), self._loader.events.recorded
        if not valid:
            after = 0 if since is None else await self._version_before(stream, since)
            last = None if until is None else await self._version_at(stream, until)
            return [part async for event in self._stored(stream, after, last) for part in recorded(event)]
        happened = [
            event
            async for event in self._stored(stream, 0, None)
            if (since is None or event.occurred_at >= since) and (until is None or event.occurred_at <= until)
        ]
        happened.sort(key=lambda event: event.occurred_at)
        return [part for event in happened for part in recorded(event)]

    async def diff(self, id: str, before: AsOf, after: AsOf) -> list[Difference]:
        """Which attributes of *id* are not the same at two points in time, by name; a state not begun yet has none set.

        Raises:
            InvalidQuery: see `at`.
            DefinitionError, InvalidPayload: the state cannot be written as JSON, see `StateCodec`.
            UnreadableEvent: a stored event cannot be read by this code.
        """
        check_as_of(before)
        check_as_of(after)
        states = self._loader.states_of(self._plan)
        was, now = [await self._plain(id, as_of, states) for as_of in (before, after)]
        names = sorted({name for name in (*was, *now) if was.get(name) != now.get(name)})
        return [Difference(attribute=name, before=was.get(name), after=now.get(name)) for name in names]

    async def _loaded(self, id: str) -> Loaded[S]:
        """The state as of now; a snapshot of it is saved when one is due."""
        loaded = await self._loader.load(self._plan, id)
        await self._loader.keep_loaded(self._plan, stream_of(self._plan.core, id), loaded)
        return self._sealed(loaded)

    async def _plain(self, id: str, as_of: AsOf, states: StateCodec[S]) -> dict[str, object]:
        loaded = await self._loader.at(self._plan, id, as_of)
        return states.plain(loaded.state) if loaded.version else {}

    async def _each(self, recorded: datetime | None, valid: datetime | None) -> AsyncIterator[tuple[str, Loaded[S]]]:
        """Every id with its state at one moment of the whole log, in the order of the ids' code points."""
        cut, after = await self._loader.position_at(AsOf(recorded=recorded, valid=valid)), ""
        streams, category = self._loader.store.streams, self._plan.core.category
        while heads := await streams(category=category, after=after, upto=cut, limit=_TOGETHER):
            ids = [(id, head.version) for head in heads if (id := id_of(head.stream))]
            loading = (self._loader.load(self._plan, id, version, valid) for id, version in ids)
            for (id, _), loaded in zip(ids, await asyncio.gather(*loading), strict=True):
                if loaded.version:
                    yield id, self._sealed(loaded)
            after = heads[-1].stream

    async def _recorded_history(
        self, id: str, value: Callable[[S], V], since: datetime | None, until: datetime | None
    ) -> list[Change[V]]:
        stream = stream_of(self._plan.core, id)
        first = 1 if since is None else await self._version_at(stream, since)
        last = None if until is None else await self._version_at(stream, until)
        first = max(first, 1)
        state = self._sealed(await self._loader.load(self._plan, id, first - 1)).state
        changes: list[Change[V]] = []
        async for event in self._stored(stream, first - 1, last):
            state = self._plan.fold(state, [_fact(event)], stream)
            changes.append(Change(value=value(state), version=event.version, at=event.recorded_at))
        return changes

    async def _valid_history(
        self, id: str, value: Callable[[S], V], since: datetime | None, until: datetime | None
    ) -> list[Change[V]]:
        plan, stream = self._plan, stream_of(self._plan.core, id)
        events = [event async for event in self._stored(stream, 0, None) if until is None or event.occurred_at <= until]
        events.sort(key=lambda event: event.occurred_at)
        changes: list[Change[V]] = []
        known: list[StoredEvent] = []
        state, version = self._initial(id), 0
        for at, happened in groupby(events, key=lambda event: event.occurred_at):
            new = sorted(happened, key=_version)
            known += new
            if new[0].version < version:  # told late: what is folded already comes after it
                state, new = self._initial(id), sorted(known, key=_version)
            state, version = plan.fold(state, map(_fact, new), stream), new[-1].version
            changes.append(Change(value=value(state), version=version, at=at))
        begin = sum(1 for change in changes if since is not None and change.at <= since)
        return changes[max(begin - 1, 0) :]

    async def _stored(self, stream: str, after: int, upto: int | None) -> AsyncIterator[StoredEvent]:
        while page := await self._loader.store.read_stream(stream, after=after, upto=upto, limit=_PAGE):
            for event in page:
                yield event
            after = page[-1].version
            await asyncio.sleep(0)  # see `Loader`: others run in between

    async def _version_before(self, stream: str, time: datetime) -> int:
        first = time.replace(tzinfo=None) == datetime.min  # noqa: DTZ901 - there is no time before it, in no zone
        return 0 if first else await self._version_at(stream, time - _INSTANT)

    async def _version_at(self, stream: str, time: datetime) -> int:
        store = self._loader.store
        return await store.version_at(stream, await store.position_at(time))

    def _initial(self, id: str) -> S:
        return self._sealed(Loaded(state=self._plan.core.initial(id), version=0, snapshot=0, replayed=0)).state

    def _sealed(self, loaded: Loaded[S]) -> Loaded[S]:
        if isinstance(loaded.state, Aggregate):
            seal(cast("Aggregate[Any]", loaded.state))
        return loaded

    def _found(self, id: str, loaded: Loaded[S], as_of: AsOf) -> Loaded[S]:
        if not loaded.version:
            raise NotFound(stream_of(self._plan.core, id), str(as_of))
        return self._sealed(loaded)


def _check_range(since: datetime | None, until: datetime | None) -> None:
    for name, time in (("since", since), ("until", until)):
        if time is not None and (flaw := moment_flaw(time)):
            raise InvalidQuery(f"{name}={flaw}")
    if since is not None and until is not None and until < since:
        raise InvalidQuery(f"the range from {since.isoformat()} until {until.isoformat()} ends before it begins")


def _version(event: StoredEvent) -> int:
    return event.version


def _fact(event: StoredEvent) -> Fact:
    return event.version, event.type, event.schema_version, event.data
