"""How the shop's contexts relate; `make check` holds the code to it."""

from __future__ import annotations

from typing import Final

from examples.shop import inventory, orders, payment, shipping
from leftfold.contexts import ContextMap, CustomerSupplier, Partnership

__all__ = ["MAP"]

MAP: Final = ContextMap(
    "shop",
    Partnership(orders.context, inventory.context),  # orders has things done, and each hears what came of it
    Partnership(orders.context, payment.context),
    Partnership(orders.context, shipping.context),
    CustomerSupplier(supplier=inventory.context, customer=payment.context),  # what is held has to be paid
    CustomerSupplier(supplier=payment.context, customer=shipping.context, veto=True),  # what is paid has to be sent
)
"""Orders deals with everybody, so its team and theirs succeed or fail together; the others follow one another."""
