"""A shop whose events have changed in every way there is; three generations of its code."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from leftfold.messages import Codec, Event, Registry, Upcast, event


class PaidV1(Event, name="Paid"):
    amount: Decimal
    note: str


class PaidV2(Event, name="Paid", version=2):
    """Gained a currency."""

    amount: Decimal
    note: str
    currency: str


class PaidV3(Event, name="Paid", version=3):
    """Its amount became its value, and its note went."""

    value: Decimal
    currency: str


class Cashed(Event):
    """Became a payment."""

    cents: int


@event(name="Card")
@dataclass(frozen=True)
class CardUsed:
    """Became a payment, too."""

    amount: Decimal


class Ordered(Event):
    """Said two things at once."""

    item: str
    amount: Decimal


class Added(Event):
    item: str


class Cleared(Event):
    """Said so many things, as many as there were items."""

    items: tuple[str, ...]


class Taken(Event):
    item: str


class Clicked(Event):
    """Said nothing that matters."""

    where: str


class Counted(Event):
    """Mattered sometimes."""

    count: int


def add_currency(old: PaidV1) -> PaidV2:
    return PaidV2(amount=old.amount, note=old.note, currency="USD")


def rename_amount_and_drop_note(old: PaidV2) -> PaidV3:
    return PaidV3(value=old.amount, currency=old.currency)


def cash_is_a_payment(old: Cashed) -> PaidV2:
    return PaidV2(amount=Decimal(old.cents).scaleb(-2), note="cash", currency="EUR")


def card_is_a_payment(old: CardUsed) -> PaidV3:
    return PaidV3(value=old.amount, currency="USD")


def order_is_two(old: Ordered) -> tuple[Added, PaidV1]:
    return Added(item=old.item), PaidV1(amount=old.amount, note=old.item)


def clear_is_taking_each(old: Cleared) -> tuple[Taken, ...]:
    return tuple(Taken(item=item) for item in old.items)


def click_is_nothing(_old: Clicked) -> None:
    return None


def count_matters_above_zero(old: Counted) -> Added | Taken | None:
    if old.count == 0:
        return None
    return Added(item="counted") if old.count > 0 else Taken(item="counted")


UPCASTS: tuple[Upcast, ...] = (
    add_currency,
    rename_amount_and_drop_note,
    cash_is_a_payment,
    card_is_a_payment,
    order_is_two,
    clear_is_taking_each,
    click_is_nothing,
    count_matters_above_zero,
)
TODAY = PaidV3 | Added | Taken
OLD = PaidV1 | PaidV2 | Cashed | CardUsed | Ordered | Cleared | Clicked | Counted
REGISTRY = Registry("shop", TODAY, upcasts=UPCASTS)
CODEC = Codec(REGISTRY)
