"""A payment in four versions, in eventsourcing's terms: upcasts change the decoded state in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent

from benchmarks.payloads import CURRENCY, NOTE, reference
from benchmarks.systems.eventsourcing_bank import Bank

__all__ = ["Ledger", "new_pattern", "old_pattern"]


class Ledger(Aggregate):
    """Adds up payments."""

    class Paid(Aggregate.Event):
        """Money came."""

        cents: int
        currency: str
        reference: str
        note: str
        channel: str
        class_version = 4

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """All was in one currency."""
            state["currency"] = CURRENCY

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            """A whole amount has a hundred cents each."""
            state["cents"] = state.pop("amount") * 100

        @staticmethod
        def upcast_v3_v4(state: dict[str, Any]) -> None:
            """All came by transfer."""
            state["channel"] = "transfer"

    @event("Opened")
    def __init__(self) -> None:
        self.cents = 0

    @event(Paid)
    def paid(self, cents: int, currency: str, reference: str, note: str, channel: str) -> None:
        """Money came."""
        self.cents += cents


def new_pattern(bank: Bank, size: int) -> Sequence[StoredEvent]:
    """The stored events of a ledger of *size* events of today."""
    ledger = Ledger()
    for _ in range(size - 1):
        ledger.paid(10_000, CURRENCY, reference(), NOTE, "transfer")
    return [bank.mapper.to_stored_event(pending) for pending in ledger.collect_events()]


def old_pattern(bank: Bank, size: int) -> Sequence[StoredEvent]:
    """The same, all payments of the oldest version."""
    opened, *paid = new_pattern(bank, size)
    return [opened, *(_old(bank, stored) for stored in paid)]


def _old(bank: Bank, stored: StoredEvent) -> StoredEvent:
    transcoder = bank.mapper.transcoder
    state = transcoder.decode(stored.state)
    for name in ("class_version", "channel", "currency"):
        del state[name]
    state["amount"] = state.pop("cents") // 100
    return StoredEvent(stored.originator_id, stored.originator_version, stored.topic, transcoder.encode(state))
