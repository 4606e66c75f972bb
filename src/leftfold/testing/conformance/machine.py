"""A Hypothesis state machine: any store against the memory reference, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec.structs import replace

from leftfold.ids import new_id
from leftfold.store.events import (
    AppendCondition,
    Appended,
    Expected,
    ExpectedVersion,
    NewEvent,
    QueryItem,
    StoredEvent,
    ToStream,
)
from leftfold.store.port import Store
from leftfold.testing.conformance.machine_ground import STREAMS, outcome_of, run
from leftfold.testing.conformance.machine_moments import VALID_TIMES, MomentRules
from leftfold.testing.conformance.machine_rows import RowMachine
from leftfold.testing.conformance.machine_snapshots import SnapshotRules
from leftfold.testing.conformance.stores import Opener

__all__ = ["StoreMachine", "check_against_reference"]


def _new_event(type_: str, tags: list[str], occurred_at: datetime | None) -> NewEvent:
    return NewEvent(id=new_id(), type=type_, data=b"{}", tags=tuple(tags), occurred_at=occurred_at)


def _item(tags: list[str], types: list[str]) -> QueryItem:
    return QueryItem(tags=frozenset(tags), types=frozenset(types))


def _condition(items: list[QueryItem], after: int) -> AppendCondition:
    return AppendCondition(none_of=tuple(items), after=after)


_TAGS = st.lists(st.sampled_from(["red", "big", "far"]), max_size=3)
_TYPES = st.sampled_from(["Opened", "Moved", "Closed"])
_EXPECTED: st.SearchStrategy[ExpectedVersion] = st.one_of(
    st.sampled_from([Expected.ANY, Expected.ANY, Expected.NO_STREAM, Expected.STREAM_EXISTS]), st.integers(0, 8)
)
_EVENTS = st.lists(
    st.builds(_new_event, _TYPES, _TAGS, st.one_of(st.none(), VALID_TIMES)),
    min_size=1,
    max_size=4,
)
_PARTS = st.lists(
    st.builds(ToStream, STREAMS, _EXPECTED, _EVENTS), min_size=1, max_size=2, unique_by=lambda part: part.stream
)
_ITEMS = st.lists(
    st.builds(_item, _TAGS, st.lists(_TYPES, max_size=2)),
    min_size=1,
    max_size=2,
)
_CONDITIONS = st.one_of(
    st.none(),
    st.none(),
    st.builds(_condition, _ITEMS, st.integers(0, 30)),
)


def check_against_reference(opener: Opener, *, examples: int = 60, steps: int = 25) -> None:
    """Do random work on a store and on the memory reference; any difference fails.

    Args:
        opener: opens one and the same log at every call; the log may hold what an earlier example left, which is kept
            apart by prefixes of names and left out by position.
        examples: how many sequences.
        steps: operations of a sequence, at most.
    """

    class Machine(StoreMachine):
        def open_one(self) -> Coroutine[object, object, Store]:
            return opener()

    class Rows(RowMachine):
        def open_one(self) -> Coroutine[object, object, Store]:
            return opener()

    for machine in (Machine, Rows):
        run(machine, examples, steps)


class StoreMachine(MomentRules, SnapshotRules):
    """One sequence of operations, on a store and on the reference; subclasses give the opener."""

    @rule(parts=_PARTS, condition=_CONDITIONS)
    def append(self, parts: list[ToStream], condition: AppendCondition | None) -> None:
        fresh = [_renewed(part) for part in parts]
        self.sent.append((fresh, condition))
        self.compare(fresh, condition)

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        if self.sent:
            self.compare(*data.draw(st.sampled_from(self.sent)))

    @rule(data=st.data(), extra=_EVENTS)
    def reuse(self, data: st.DataObject, extra: list[NewEvent]) -> None:
        if self.sent:
            parts, condition = data.draw(st.sampled_from(self.sent))
            longer = [*parts[:-1], ToStream(parts[-1].stream, Expected.ANY, [*parts[-1].events, *_fresh(extra)])]
            self.compare(longer, condition)

    @rule(part=st.builds(ToStream, STREAMS, _EXPECTED, _EVENTS), count=st.integers(2, 6))
    def race(self, part: ToStream, count: int) -> None:
        group = [[_renewed(part)] for _ in range(count)]
        ours = self.run(_together(self.store, [[self.moved(p) for p in parts] for parts in group]))
        theirs = self.run(_together(self.reference, group))
        assert sorted(map(self.plain, ours), key=repr) == sorted(map(_plain, theirs), key=repr)
        self.resync()

    @rule(
        stream=STREAMS,
        after=st.integers(0, 6),
        upto=st.one_of(st.none(), st.integers(0, 12)),
        backward=st.booleans(),
        limit=st.integers(1, 5),
    )
    def read_stream(self, stream: str, after: int, upto: int | None, backward: bool, limit: int) -> None:
        ours = self.run(
            self.store.read_stream(self.prefix + stream, after=after, upto=upto, backward=backward, limit=limit)
        )
        theirs = self.run(self.reference.read_stream(stream, after=after, upto=upto, backward=backward, limit=limit))
        assert [self.bare(event) for event in ours] == [_bare(event) for event in theirs]

    @rule(items=st.one_of(st.just([]), _ITEMS), after=st.integers(0, 30), limit=st.integers(1, 6))
    def read_log(self, items: list[QueryItem], after: int, limit: int) -> None:
        ours = self.run(self.store.read_log(after=self.base + after, match=tuple(items), limit=limit))
        theirs = self.run(self.reference.read_log(after=after, match=tuple(items), limit=limit))
        assert [self.bare(event) for event in ours.events] == [_bare(event) for event in theirs.events]
        assert ours.position - self.base == theirs.position

    def compare(self, parts: list[ToStream], condition: AppendCondition | None) -> None:
        moved = condition and replace(condition, after=condition.after + self.base)
        ours = self.run(outcome_of(self.store.append(*map(self.moved, parts), condition=moved)))
        theirs = self.run(outcome_of(self.reference.append(*parts, condition=condition)))
        assert self.plain(ours) == _plain(theirs)

    def moved(self, part: ToStream) -> ToStream:
        return ToStream(self.prefix + part.stream, part.expected, part.events)

    def plain(self, outcome: Appended | Exception) -> object:
        return _plain(outcome, self.base, self.prefix)

    def bare(self, event: StoredEvent) -> object:
        return _bare(event, self.base, self.prefix)


async def _together(store: Store, group: list[list[ToStream]]) -> list[Appended | Exception]:
    return await asyncio.gather(*(outcome_of(store.append(*parts)) for parts in group))


def _fresh(events: list[NewEvent]) -> list[NewEvent]:
    return [replace(event, id=new_id()) for event in events]


def _renewed(part: ToStream) -> ToStream:
    return ToStream(part.stream, part.expected, _fresh(list(part.events)))


def _plain(outcome: Appended | Exception, base: int = 0, prefix: str = "") -> object:
    if isinstance(outcome, Appended):
        versions = {stream[len(prefix) :]: version for stream, version in outcome.versions.items()}
        return ("appended", outcome.position - base, sorted(versions.items()), outcome.repeated)
    fields = {name: value for name, value in vars(outcome).items() if name not in {"position", "stream"}}
    stream = getattr(outcome, "stream", None)
    return (type(outcome).__name__, sorted(fields.items(), key=str), stream and str(stream)[len(prefix) :])


def _bare(event: StoredEvent, base: int = 0, prefix: str = "") -> object:
    return (
        event.position - base,
        event.stream[len(prefix) :],
        event.version,
        event.id,
        event.type,
        event.data,
        event.tags,
    )
