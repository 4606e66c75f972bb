"""The ground of the state machine: a store and its reference, side by side, kept apart from earlier examples."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Coroutine
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from leftfold.errors import LeftfoldError
from leftfold.ids import new_id
from leftfold.store.events import AppendCondition, ToStream
from leftfold.store.memory import MemoryStore
from leftfold.store.port import Store
from leftfold.testing.conformance.ledger import Refused
from leftfold.testing.conformance.stores import log_of

__all__ = ["STREAMS", "MachineGround", "outcome_of", "run"]

T = TypeVar("T")

STREAMS = st.sampled_from(["a-1", "a-2", "b-1", "a"])


class MachineGround(RuleBasedStateMachine):
    """A store and the reference. What the store holds of an example has the example's prefix and is above its base.

    Now and then it goes on at another store of the same log, as processes that share one do in turns.
    """

    def __init__(self) -> None:
        super().__init__()
        self.runner: asyncio.Runner = asyncio.Runner()
        self.reference: MemoryStore = self.run(_memory())
        self.store: Store = self.run(self.open_one())
        self.other: Store | None = None
        self.base: int = self.run(self.store.head())
        self.prefix: str = f"{new_id().hex}."
        self.sent: list[tuple[list[ToStream], AppendCondition | None]] = []

    @abstractmethod
    def open_one(self) -> Coroutine[object, object, Store]:
        """Open the store under test."""

    def run(self, work: Coroutine[object, object, T]) -> T:
        return self.runner.get_loop().run_until_complete(work)  # `Runner.run` sets a signal handler at every call

    @rule()
    def go_on_at_the_other(self) -> None:
        """Let a store that was opened beside this one do what follows."""
        other = self.run(self.open_one()) if self.other is None else self.other
        self.store, self.other = other, self.store

    @invariant()
    def heads_agree(self) -> None:
        assert self.run(self.store.head()) - self.base == self.run(self.reference.head())

    def teardown(self) -> None:
        for store in (self.store, self.other):
            if store is not None:
                self.run(store.close())
        self.runner.close()

    def resync(self) -> None:
        """Take ids and times over into the reference: of a race either append may have won."""
        log = self.run(log_of(self.store))[self.base :]
        fresh = self.run(_memory())
        self.run(
            fresh.restore(
                [
                    replace(event, position=event.position - self.base, stream=event.stream[len(self.prefix) :])
                    for event in log
                ]
            )
        )
        for snapshot in self.run(self.reference.read_snapshots(limit=1_000)):
            self.run(fresh.save_snapshot(snapshot))
        self.reference = fresh


def run(machine: type[MachineGround], examples: int, steps: int) -> None:
    """Check so many sequences, each of at most so many steps."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
            print_blob=True,
        ),
    )


async def outcome_of(work: Awaitable[T]) -> T | Exception:
    """What came of *work*, or why it was refused."""
    try:
        return await work
    except (LeftfoldError, Refused) as refusal:
        return refusal


async def _memory() -> MemoryStore:
    return MemoryStore()
