"""The domain: shelves, and what is held on them for orders."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from leftfold import Aggregate, DomainError, Event, applies

__all__ = [
    "InventoryReleased",
    "InventoryReservationFailed",
    "InventoryReserved",
    "Reservation",
    "ReservationClosed",
    "ReservationVoided",
    "Shelf",
    "StockReceived",
    "StockTaken",
]


class StockReceived(Event):
    """Goods came, or came back."""

    quantity: int


class StockTaken(Event):
    """Goods are held for an order."""

    order_id: str
    quantity: int


class Shelf(Aggregate[StockReceived | StockTaken]):
    """What one warehouse has of one product."""

    on_hand: int = 0

    def receive(self, quantity: int) -> None:
        """Put goods on it."""
        self.record(StockReceived(quantity=quantity))

    def take(self, order_id: str, quantity: int) -> None:
        """Hold goods; whoever does has looked how many there are, in the same commit."""
        self.record(StockTaken(order_id=order_id, quantity=quantity))

    @applies
    def _received(self, event: StockReceived) -> None:
        self.on_hand += event.quantity

    @applies
    def _taken(self, event: StockTaken) -> None:
        self.on_hand -= event.quantity


class InventoryReserved(Event):
    """Everything that an order needs is held."""

    order_id: str
    warehouse: str
    items: dict[str, int]
    collect: Decimal | None = None


class InventoryReservationFailed(Event):
    """A warehouse does not have what an order needs."""

    order_id: str
    warehouse: str
    reason: str


class InventoryReleased(Event):
    """What was held is free again."""

    order_id: str
    warehouse: str


class ReservationVoided(Event):
    """The release came first: nothing may be held for this order any more."""

    order_id: str


ReservationEvent = InventoryReserved | InventoryReservationFailed | InventoryReleased | ReservationVoided


class ReservationClosed(DomainError):
    """What was reserved for this order was released, and nothing is reserved again."""

    order_id: str


class Reservation(Aggregate[ReservationEvent]):
    """What is held for one order."""

    held: dict[str, int] = {}  # noqa: RUF012 - each has its own
    warehouse: str = ""
    closed: bool = False
    refusal: str | None = None

    def hold(self, warehouse: str, items: dict[str, int], short: Sequence[str], collect: Decimal | None) -> bool:
        """Hold *items*, unless some are *short*; tells whether they are to be taken off their shelves."""
        if self.closed:
            raise ReservationClosed(order_id=self.id)
        if self.held:
            return False
        if short:
            reason = f"short of {', '.join(short)}"
            self.record(InventoryReservationFailed(order_id=self.id, warehouse=warehouse, reason=reason))
            return False
        self.record(InventoryReserved(order_id=self.id, warehouse=warehouse, items=items, collect=collect))
        return True

    def release(self) -> dict[str, int]:
        """Free what is held; gives what is to be put back."""
        if self.closed:
            return {}
        if not self.held:
            self.record(ReservationVoided(order_id=self.id))
            return {}
        back = self.held
        self.record(InventoryReleased(order_id=self.id, warehouse=self.warehouse))
        return back

    @applies
    def _reserved(self, event: InventoryReserved) -> None:
        self.held, self.warehouse, self.refusal = event.items, event.warehouse, None

    @applies
    def _failed(self, event: InventoryReservationFailed) -> None:
        self.refusal = event.reason

    @applies
    def _closed(self, _event: InventoryReleased | ReservationVoided) -> None:
        self.held, self.closed = {}, True
