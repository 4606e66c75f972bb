"""A Hypothesis state machine: the work of any store against the memory reference, step by step."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from msgspec.structs import replace

from leftfold.errors import Fenced
from leftfold.store.events import Appended, Expected, ToStream
from leftfold.store.memory import MemoryStore
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, KEEP, Begin, End, Hold, Revise, Wake, WorkItem, WorkWrite
from leftfold.testing.clock import ManualClock
from leftfold.testing.conformance.machine_ground import MachineGround, outcome_of, run
from leftfold.testing.conformance.stores import Later, Opener, event
from leftfold.testing.conformance.work_ground import all_work, begun

__all__ = ["WorkMachine", "check_work_against_reference"]


class _Drawn(NamedTuple):
    """A write of work as it is drawn.

    Args:
        kind: `begin`, `begin unless`, `revise` or `end`.
        age: how many tokens ago the one that it shows was read.
        wake: `at once`, `never`, `keep`, somebody who holds it, or hours after the start of the example.
        hours: of the lease.
    """

    kind: str
    id: str
    age: int
    status: str
    wake: str | int
    hours: int
    queue: str | None


_IDS = st.sampled_from(["a", "B", "b", "ü", "🚀", "\ufffd"])
_QUEUES = st.sampled_from(["q:1", "q:2", "r"])
_OWNERS = st.sampled_from(["me", "you"])
_STATUSES = st.sampled_from(["running", "done"])
_KINDS = st.sampled_from(["begin", "begin unless", "revise", "revise", "revise", "end"])
_AGES = st.sampled_from([0] * 6 + [1, -1])
_ALONE = st.one_of(st.sampled_from(["never", "keep"]), st.integers(0, 8))
_WAKES = st.one_of(_ALONE, st.sampled_from(["at once", "at once"]), _OWNERS)
_MOVES = st.one_of(st.none(), st.none(), _QUEUES)
_HOURS = st.integers(0, 3)
_WRITES = st.builds(_Drawn, _KINDS, _IDS, _AGES, _STATUSES, _WAKES, _HOURS, _MOVES)
_APART = st.builds(_Drawn, _KINDS, _IDS, _AGES, _STATUSES, _ALONE, _HOURS, _MOVES)


def _in_one_order(drawn: list[_Drawn]) -> bool:
    """Whether it matters to no order that a transaction which writes an item twice may have two moments."""
    timed = {each.id for each in drawn if each.wake not in ("never", "keep")}
    return len(timed) < 2 or len({each.id for each in drawn}) == len(drawn)


_TRANSACTIONS = st.lists(_WRITES, min_size=1, max_size=3).filter(_in_one_order)
_HOUR = timedelta(hours=1)
_QUARTER = timedelta(minutes=15)
_INSTANT = timedelta(milliseconds=1)


def check_work_against_reference(opener: Opener, later: Later, *, examples: int = 60, steps: int = 25) -> None:
    """Write, claim and hold work at random, in a store and in the memory reference; any difference fails.

    Args:
        opener: see `check_against_reference`; the clock of its stores runs by itself.
        later: moves that clock forward.
        examples: how many sequences.
        steps: operations of a sequence, at most.
    """

    class Machine(WorkMachine):
        def open_one(self) -> Coroutine[object, object, Store]:
            return opener()

        def later(self, seconds: float) -> Coroutine[object, object, None]:
            return later(seconds)

    run(Machine, examples, steps)


class WorkMachine(MachineGround):
    """One sequence of writes and claims, on a store and on the reference; subclasses give opener and clock.

    The reference's clock stands still but for an instant before each step, so that both agree on what was first.
    Moments fall into quarters of hours of their own: writes at the full hour, leases end at a quarter past, and what
    sleeps is due at half past.
    """

    @abstractmethod
    def later(self, seconds: float) -> Coroutine[object, object, None]:
        """Move the clock of the store under test forward."""

    @initialize()
    def begin(self) -> None:
        self.drawn: int = 0
        self.started: datetime = self.run(begun(self.store, f"{self.prefix}start", None, queue=self.prefix)).created_at
        self.clock: ManualClock = ManualClock(self.started)
        self.reference: MemoryStore = MemoryStore(clock=self.clock)

    @rule(drawn=_TRANSACTIONS, with_event=st.sampled_from([False, False, True]))
    def write(self, drawn: list[_Drawn], with_event: bool) -> None:
        self.tick()
        [ours], [theirs] = self.transactions([drawn], with_event)
        mine = self.run(outcome_of(self.store.transact(ours)))
        assert self.bare_outcome(mine) == self.bare_outcome(self.run(outcome_of(self.reference.transact(theirs))))

    @rule(drawn=st.lists(_APART, min_size=2, max_size=6, unique_by=lambda each: each.id))
    def write_together(self, drawn: list[_Drawn]) -> None:
        self.tick()
        ours, theirs = self.transactions([[each] for each in drawn], False)
        mine = self.run(_outcomes(self.store, ours))
        assert list(map(self.bare_outcome, mine)) == list(
            map(self.bare_outcome, self.run(_outcomes(self.reference, theirs)))
        )

    @rule(queues=st.sets(_QUEUES, min_size=1), owner=_OWNERS, hours=_HOURS, limit=st.integers(1, 4))
    def claim(self, queues: set[str], owner: str, hours: int, limit: int) -> None:
        self.tick()
        moved = {self.prefix + queue for queue in queues}
        ours = self.run(self.store.claim_due(moved, owner, _lease(hours), limit))
        theirs = self.run(self.reference.claim_due(queues, owner, _lease(hours), limit))
        assert list(map(self.bare, ours)) == list(map(self.marked, theirs))

    @rule(held=st.dictionaries(_IDS, _AGES), owner=_OWNERS, hours=_HOURS)
    def extend(self, held: dict[str, int], owner: str, hours: int) -> None:
        self.tick()
        tokens = {id: self.token(id) - age for id, age in held.items()}
        moved = {self.prefix + id: token for id, token in tokens.items()}
        ours = self.run(self.store.extend(moved, owner, _lease(hours)))
        theirs = self.run(self.reference.extend(tokens, owner, _lease(hours)))
        assert set(ours) == {self.prefix + id for id in theirs}

    @rule(hours=st.integers(1, 4))
    def wait(self, hours: int) -> None:
        self.run(self.later((hours * _HOUR).total_seconds()))
        self.clock.advance(hours * _HOUR)

    @rule(
        queues=st.sampled_from(["", "q", "q:1", "r", "s"]),
        statuses=st.sampled_from([(), ("done",), ("running", "done"), ("absent",)]),
        after=st.one_of(st.just(""), _IDS),
        limit=st.integers(1, 4),
    )
    def look(self, queues: str, statuses: tuple[str, ...], after: str, limit: int) -> None:
        ours = self.run(
            self.store.find_work(
                queues=self.prefix + queues, statuses=statuses, after=self.prefix + after, limit=limit + 1
            )
        )
        theirs = self.run(self.reference.find_work(queues=queues, statuses=statuses, after=after, limit=limit))
        mine = [self.bare(item) for item in ours if item.queue != self.prefix]
        assert mine[:limit] == list(map(self.marked, theirs))
        counted = self.run(self.store.count_work(self.prefix + queues))
        mine_counted = {(queue[len(self.prefix) :], status): count for (queue, status), count in counted.items()}
        mine_counted.pop(("", "running"), None)
        assert mine_counted == self.run(self.reference.count_work(queues))

    @invariant()
    def work_agrees(self) -> None:
        ours = [item for item in self.run(all_work(self.store, self.prefix)) if item.queue != self.prefix]
        assert list(map(self.bare, ours)) == list(map(self.marked, self.run(all_work(self.reference))))

    def tick(self) -> None:
        self.clock.advance(_INSTANT)

    def transactions(
        self, groups: Sequence[Sequence[_Drawn]], with_event: bool
    ) -> tuple[list[Transaction], list[Transaction]]:
        """The same transactions for the store and for the reference."""
        parts = [ToStream("s", Expected.ANY, [event()])] if with_event else []
        theirs = [Transaction(parts=parts, writes=[self.written(each) for each in drawn]) for drawn in groups]
        parts = [replace(part, stream=self.prefix + part.stream) for part in parts]
        return [Transaction(parts=parts, writes=[self.moved(each) for each in one.writes]) for one in theirs], theirs

    def written(self, drawn: _Drawn) -> WorkWrite:
        self.drawn += 1
        wake, state, token = self.wake(drawn), b'{"n":%d}' % self.drawn, self.token(drawn.id) - drawn.age
        match drawn.kind:
            case "revise":
                kept = KEEP if drawn.wake == "keep" else wake
                return Revise(id=drawn.id, token=token, status=drawn.status, state=state, wake=kept, queue=drawn.queue)
            case "end":
                return End(id=drawn.id, token=token)
            case kind:
                unless = kind == "begin unless"
                queue = drawn.queue or "q:1"
                return Begin(id=drawn.id, queue=queue, status=drawn.status, state=state, wake=wake, unless_there=unless)

    def wake(self, drawn: _Drawn) -> Wake:
        match drawn.wake:
            case "at once":
                return AT_ONCE
            case "never" | "keep":
                return None
            case str(owner):
                return Hold(owner, _lease(drawn.hours))
            case int(hours):
                return self.started + hours * _HOUR + 2 * _QUARTER + self.drawn * _INSTANT

    def moved(self, write: object) -> WorkWrite:
        match write:
            case Begin(id=id, queue=queue):
                return replace(write, id=self.prefix + id, queue=self.prefix + queue)
            case Revise(id=id, queue=queue):
                return replace(write, id=self.prefix + id, queue=None if queue is None else self.prefix + queue)
            case End(id=id):
                return replace(write, id=self.prefix + id)
            case _:
                raise AssertionError(write)

    def token(self, id: str) -> int:
        known = self.run(self.reference.work([id]))
        return known[id].token if known else 1

    def bare(self, item: WorkItem) -> object:
        size = len(self.prefix)
        return self.marked(replace(item, id=item.id[size:], queue=item.queue[size:]))

    def marked(self, item: WorkItem) -> object:
        """*item* with its times in quarters of an hour from the start of the example."""
        times = (item.wake_at, item.created_at, item.changed_at)
        bare = replace(item, wake_at=None, created_at=AT_ONCE, changed_at=AT_ONCE)
        return bare, [time and self.quarter(time) for time in times]

    def quarter(self, time: datetime) -> int:
        return round((time - self.started) / _QUARTER)

    def bare_outcome(self, outcome: Appended | Exception | None) -> object:
        if isinstance(outcome, Fenced):
            return "Fenced", outcome.name.removeprefix(self.prefix), outcome.token
        return type(outcome).__name__


def _lease(hours: int) -> float:
    return (hours * _HOUR + _QUARTER).total_seconds()


async def _outcomes(store: Store, group: Sequence[Transaction]) -> list[Appended | Exception | None]:
    return await asyncio.gather(*(outcome_of(store.transact(each)) for each in group))
