"""An old web shop: amounts are text, in dollars, and what else is in there nobody can say."""

from __future__ import annotations

from leftfold import Aggregate, Command, Context, Event, IntegrationEvent, applies

__all__ = ["Sell", "context"]

context = Context("webshop", team="nobody any more", purpose="Sell", package=__name__, mud=True)


class SaleWritten(Event, name="acme.SaleWritten"):
    """Something was sold."""

    sale: str
    amt: str


class Sale(Aggregate[SaleWritten], category="acme_sale"):
    """One sale."""

    def write(self, amt: str) -> None:
        """Down."""
        self.record(SaleWritten(sale=self.id, amt=amt))

    @applies
    def _written(self, event: SaleWritten) -> None:
        pass


class Sell(Command):
    """Sell something."""

    sale: str
    amt: str


class Sold(IntegrationEvent, name="webshop.sold"):
    """What leaks out."""

    sale: str
    amt: str


@context.decides(Sale, id="sale")
def sell(command: Sell, sale: Sale) -> None:
    """Decide."""
    sale.write(command.amt)


@context.publishes
def sold(event: SaleWritten) -> Sold:
    """All of it."""
    return Sold(sale=event.sale, amt=event.amt)
