"""Inventory supplies orders: it says what there is, in a form that suits its customer."""

from __future__ import annotations

from leftfold import Aggregate, Command, Context, Event, IntegrationEvent, applies

__all__ = ["Count", "context"]

context = Context("inventory", team="warehouse", purpose="Know what there is", package=__name__)


class Counted(Event, name="acme.Counted"):
    """So many are there."""

    product: str
    available: int


class Shelf(Aggregate[Counted], category="acme_shelf"):
    """What there is of one product."""

    def count(self, available: int) -> None:
        """Look."""
        self.record(Counted(product=self.id, available=available))

    @applies
    def _counted(self, event: Counted) -> None:
        pass


class Count(Command):
    """Note what is there."""

    product: str
    available: int


class StockCounted(IntegrationEvent, name="inventory.stock_counted"):
    """What its customer plans with."""

    product: str
    available: int


@context.decides(Shelf, id="product")
def count(command: Count, shelf: Shelf) -> None:
    """Decide."""
    shelf.count(command.available)


@context.publishes
def stock_counted(event: Counted) -> StockCounted:
    """All of it."""
    return StockCounted(product=event.product, available=event.available)
