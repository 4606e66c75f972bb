"""A payment in four versions, each brought to the next by an upcast."""

from __future__ import annotations

from benchmarks.payloads import CURRENCY, NOTE, reference
from leftfold import Aggregate, Event, applies
from leftfold.messages.upcasting import Upcast

__all__ = ["UPCASTS", "Ledger", "make_new", "make_old"]


class PaidV1(Event, name="Paid", version=1):
    """As it was in the beginning."""

    amount: int
    reference: str
    note: str


class PaidV2(Event, name="Paid", version=2):
    """There came to be other currencies."""

    amount: int
    currency: str
    reference: str
    note: str


class PaidV3(Event, name="Paid", version=3):
    """Cents came to count."""

    cents: int
    currency: str
    reference: str
    note: str


class Paid(Event, version=4):
    """There came to be other channels."""

    cents: int
    currency: str
    reference: str
    note: str
    channel: str


class Ledger(Aggregate[Paid], category="ledger"):
    """Adds up payments."""

    cents: int = 0

    @applies
    def _paid(self, event: Paid) -> None:
        self.cents += event.cents


def currency_is_named(old: PaidV1) -> PaidV2:
    """All was in one currency."""
    return PaidV2(amount=old.amount, currency=CURRENCY, reference=old.reference, note=old.note)


def amount_is_in_cents(old: PaidV2) -> PaidV3:
    """A whole amount has a hundred cents each."""
    return PaidV3(cents=old.amount * 100, currency=old.currency, reference=old.reference, note=old.note)


def channel_is_named(old: PaidV3) -> Paid:
    """All came by transfer."""
    return Paid(cents=old.cents, currency=old.currency, reference=old.reference, note=old.note, channel="transfer")


UPCASTS: tuple[Upcast, ...] = (currency_is_named, amount_is_in_cents, channel_is_named)
"""From the oldest version to today's."""


def make_old() -> PaidV1:
    """A payment of the oldest version."""
    return PaidV1(amount=100, reference=reference(), note=NOTE)


def make_new() -> Paid:
    """A payment of today."""
    return Paid(cents=10_000, currency=CURRENCY, reference=reference(), note=NOTE, channel="transfer")
