"""A Hypothesis state machine: the rows and checkpoints of any store against the memory reference, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from msgspec.structs import replace

from leftfold.store.checkpoints import Checkpoint
from leftfold.store.events import Appended, Expected, NewEvent, ToStream
from leftfold.store.port import Store
from leftfold.store.tables import Selection, Table
from leftfold.store.transaction import Advance, Delete, Inline, Insert, Point, Put, Transaction, Write
from leftfold.testing.conformance.ledger import BOOKS, COUNTS, adding, all_rows, write
from leftfold.testing.conformance.machine_ground import MachineGround, outcome_of
from leftfold.testing.conformance.machine_writes import (
    FIRST_BOOKS,
    INLINES,
    NAMES,
    PARTS,
    PUTS,
    SEARCHES,
    SELECTIONS,
    WRITES,
)
from leftfold.testing.conformance.stores import event

__all__ = ["RowMachine"]

_LEASE_S = 36_000.0
_ASKED = st.sampled_from([None, None, 1, 2])
_NO_TOKEN = 2**40


class RowMachine(MachineGround):
    """One sequence of transactions, on a store and on the reference; subclasses give the opener."""

    @initialize()
    def begin(self) -> None:
        self.claims: list[tuple[str, int, int]] = []
        self.done: list[tuple[Transaction, Transaction]] = []
        for table in (COUNTS, BOOKS):
            for generation in (1, 2):
                self.run(self.store.prepare(self.moved(table), generation))
                self.run(self.reference.prepare(table, generation))
            self.run(write(self.store, Point(table=self.moved(table), generation=1)))
            self.run(write(self.reference, Point(table=table, generation=1)))
        self.put([Put(table=BOOKS, rows=FIRST_BOOKS)])
        self.claim("c")

    @rule(parts=PARTS, writes=st.lists(WRITES, max_size=3), inlines=st.lists(INLINES, max_size=2))
    def transact(
        self,
        parts: list[tuple[str, int | Expected]],
        writes: list[Write],
        inlines: list[tuple[str, int, bool]],
    ) -> None:
        new, inlines = event(), inlines if parts else []
        ours = Transaction(
            parts=[ToStream(self.prefix + stream, expected, [new]) for stream, expected in parts],
            writes=[self.ours(each) for each in writes],
            inline=[_inline(self.moved(COUNTS), *each) for each in inlines],
        )
        theirs = Transaction(
            parts=[ToStream(stream, expected, [new]) for stream, expected in parts],
            writes=[self.theirs(each) for each in writes],
            inline=[_inline(COUNTS, *each) for each in inlines],
        )
        self.done.append((ours, theirs))
        self.compare(ours, theirs)

    @rule(puts=st.lists(PUTS, min_size=1, max_size=3))
    def put(self, puts: list[Write]) -> None:
        for each in puts:
            self.compare(Transaction(writes=[self.ours(each)]), Transaction(writes=[self.theirs(each)]))

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        if self.done:
            self.compare(*data.draw(st.sampled_from(self.done)))

    @rule(inlines=st.lists(INLINES, min_size=2, max_size=8))
    def race(self, inlines: list[tuple[str, int, bool]]) -> None:
        new = [event() for _ in inlines]
        ours = [
            _one(f"{self.prefix}r-{n}", new[n], _inline(self.moved(COUNTS), *each)) for n, each in enumerate(inlines)
        ]
        theirs = [_one(f"r-{n}", new[n], _inline(COUNTS, *each)) for n, each in enumerate(inlines)]
        assert self.run(_together(self.store, ours)) == self.run(_together(self.reference, theirs))

    @rule(name=NAMES)
    def claim(self, name: str) -> None:
        ours = self.run(self.store.claim(self.prefix + name, "me", _LEASE_S))
        theirs = self.run(self.reference.claim(name, "me", _LEASE_S))
        assert ours is not None
        assert theirs is not None
        assert (ours.position, ours.event_id) == (theirs.position, theirs.event_id)
        assert ours.token > max((token for known, token, _ in self.claims if known == name), default=0)
        self.claims.append((name, ours.token, theirs.token))

    @rule(name=NAMES)
    def forget(self, name: str) -> None:
        self.run(self.store.forget(self.prefix + name))
        self.run(self.reference.forget(name))

    @rule(data=st.data(), note=st.sampled_from([None, "done"]))
    def release(self, data: st.DataObject, note: str | None) -> None:
        if self.claims:
            name, ours, theirs = data.draw(st.sampled_from(self.claims))
            self.run(self.store.release(self.prefix + name, ours, note))
            self.run(self.reference.release(name, theirs, note))

    @rule(selection=SELECTIONS, generation=_ASKED)
    def select(self, selection: Selection, generation: int | None) -> None:
        ours = self.run(self.store.select(self.moved(BOOKS), selection, generation=generation))
        theirs = self.run(self.reference.select(BOOKS, selection, generation=generation))
        assert list(ours) == list(theirs)

    @rule(generation=_ASKED)
    def search(self, generation: int | None) -> None:
        for text in SEARCHES:
            ours = self.run(self.store.search(self.moved(BOOKS), text, Selection(), generation=generation))
            theirs = self.run(self.reference.search(BOOKS, text, Selection(), generation=generation))
            assert sorted((each.key, each.row) for each in ours) == sorted((each.key, each.row) for each in theirs)

    @invariant()
    def rows_agree(self) -> None:
        for table in (COUNTS, BOOKS):
            moved = self.moved(table)
            assert self.run(self.store.generation(moved)) == self.run(self.reference.generation(table))
            for generation in (1, 2):
                ours = self.run(all_rows(self.store, moved, generation))
                assert ours == self.run(all_rows(self.reference, table, generation))

    @invariant()
    def checkpoints_agree(self) -> None:
        listed = self.run(self.store.checkpoints(self.prefix))
        ours = [(each.name[len(self.prefix) :], _state(each)) for each in listed]
        assert ours == [(each.name, _state(each)) for each in self.run(self.reference.checkpoints())]

    def compare(self, ours: Transaction, theirs: Transaction) -> None:
        mine = _plain(self.run(outcome_of(self.store.transact(ours))), self.base, self.prefix)
        assert mine == _plain(self.run(outcome_of(self.reference.transact(theirs))))

    def moved(self, table: Table) -> Table:
        return replace(table, name=f"{table.name}_{self.prefix[20:32]}")

    def ours(self, step: Write) -> Write:
        match step:
            case Advance(name=name):
                return replace(self.shown(step, 0), name=self.prefix + name)
            case Point(table=table, at_head=at_head):
                return replace(step, table=self.moved(table), at_head=None if at_head is None else at_head + self.base)
            case Put() | Delete() | Insert():
                return replace(step, table=self.moved(step.table))
            case _:
                return step

    def theirs(self, step: Write) -> Write:
        return self.shown(step, 1) if isinstance(step, Advance) else step

    def shown(self, step: Advance, side: int) -> Advance:
        tokens = [both[side] for name, *both in self.claims if name == step.name][::-1]
        kept = {each.name: each.position for each in self.run(self.reference.checkpoints())}
        position = max(0, kept.get(step.name, 0) + step.position)
        return Advance(
            name=step.name,
            token=tokens[step.token] if step.token < len(tokens) else _NO_TOKEN,
            position=position,
            event_id=UUID(int=position) if position else None,
        )


async def _together(store: Store, group: Sequence[Transaction]) -> list[str]:
    outcomes = await asyncio.gather(*(outcome_of(store.transact(each)) for each in group))
    return [type(outcome).__name__ for outcome in outcomes]


def _inline(table: Table, key: str, by: int, refuse: bool) -> Inline:
    return adding(key, by=by, refuse=refuse, table=table)


def _one(stream: str, new: NewEvent, inline: Inline) -> Transaction:
    return Transaction(parts=[ToStream(stream, Expected.ANY, [new])], inline=[inline])


def _plain(outcome: Appended | Exception | None, base: int = 0, prefix: str = "") -> object:
    if not isinstance(outcome, Appended):
        return type(outcome).__name__
    versions = {stream[len(prefix) :]: version for stream, version in outcome.versions.items()}
    return outcome.position - base, versions, outcome.repeated


def _state(kept: Checkpoint) -> object:
    return kept.position, kept.event_id, kept.owner, kept.held, kept.note
