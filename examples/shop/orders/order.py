"""The domain: one order."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from examples.shop.orders.terms import BrokeAt, RunBy, Terms
from leftfold import Aggregate, DomainError, Event, applies

__all__ = ["CustomerTold", "Order", "OrderCancelled", "OrderCompleted", "OrderPlaced", "TooLate"]


class OrderPlaced(Event):
    """Somebody wants something."""

    order_id: str
    customer: str
    items: dict[str, int]
    total: Decimal
    run_by: RunBy
    terms: Terms = Terms()


class OrderCompleted(Event):
    """It is on its way to the customer."""

    order_id: str


class OrderCancelled(Event):
    """It came to nothing."""

    order_id: str
    run_by: RunBy
    broke_at: BrokeAt
    reason: str


class CustomerTold(Event):
    """The customer was told how it stands."""

    order_id: str
    text: str


class TooLate(DomainError):
    """The order is completed, and cannot be cancelled."""

    order_id: str


class Order(Aggregate[OrderPlaced | OrderCompleted | OrderCancelled | CustomerTold]):
    """What somebody wants, and what became of it."""

    run_by: RunBy = "saga"
    status: Literal["placed", "completed", "cancelled"] = "placed"

    def complete(self) -> None:
        """The parcel is under way."""
        if self.status == "placed":
            self.record(OrderCompleted(order_id=self.id))

    def cancel(self, reason: str) -> None:
        """Let it go, unless it is completed."""
        if self.status == "completed":
            raise TooLate(order_id=self.id)
        self._over("customer", reason)

    def break_off(self, broke_at: BrokeAt, reason: str) -> None:
        """A step has come to nothing; a process decides by itself what that means."""
        if self.run_by != "process":
            self._over(broke_at, reason)

    def _over(self, broke_at: BrokeAt, reason: str) -> None:
        if self.status == "placed":
            self.record(OrderCancelled(order_id=self.id, run_by=self.run_by, broke_at=broke_at, reason=reason))

    @applies
    def _placed(self, event: OrderPlaced) -> None:
        self.run_by = event.run_by

    @applies
    def _completed(self, _event: OrderCompleted) -> None:
        self.status = "completed"

    @applies
    def _cancelled(self, _event: OrderCancelled) -> None:
        self.status = "cancelled"

    @applies
    def _told(self, _event: CustomerTold) -> None:
        pass
