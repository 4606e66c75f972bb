"""How they relate, and nothing else is allowed."""

from __future__ import annotations

from typing import Final

from examples.tour.acme import billing, inventory, orders, provider, shipping, webshop
from leftfold.contexts import AntiCorruptionLayer, Conformist, ContextMap, CustomerSupplier, Partnership

__all__ = ["MAP"]

MAP: Final = ContextMap(
    "acme",
    CustomerSupplier(supplier=inventory.context, customer=orders.context),
    Partnership(orders.context, shipping.context),
    Conformist(upstream=provider.context, downstream=billing.context),
    AntiCorruptionLayer(upstream=webshop.context, downstream=billing.context, layer=billing.webshop.__name__),
)
