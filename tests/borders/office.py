"""An office whose contexts take events from each other and send each other commands, in packages that tests write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["BILLING", "OFFICE", "SHIPPING", "office"]

ORDERING: Final[Mapping[str, str]] = {
    "office/ordering/api.py": """
        from leftfold import Command, IntegrationEvent

        class Ordered(IntegrationEvent, name="ordering.ordered"):
            order: str

        class Confirm(Command):
            order: str
    """,
    "office/ordering/order.py": """
        from leftfold import Aggregate, Event, applies
        from office.ordering.api import Ordered

        class Placed(Event):
            order: str

        class Confirmed(Event):
            order: str

        class Order(Aggregate[Placed | Confirmed]):
            @applies
            def _any(self, event: Placed | Confirmed) -> None: ...
    """,
    "office/ordering/context.py": """
        from leftfold import Context
        from office.ordering.api import Confirm, Ordered
        from office.ordering.order import Confirmed, Order, Placed

        ordering = Context(
            "ordering", team="Sales", package="office.ordering", published=["office.ordering.api"]
        )

        @ordering.decides(Order, id="order")
        def confirm(command: Confirm, order: Order) -> None:
            order.record(Confirmed(order=order.id))

        @ordering.publishes
        def ordered(event: Placed) -> Ordered:
            return Ordered(order=event.order)
    """,
}

BILLING: Final[Mapping[str, str]] = {
    "office/billing/words.py": """
        from leftfold import Command, Event

        class Bill(Command):
            order: str

        class Billed(Event):
            order: str
    """,
    "office/billing/context.py": """
        from leftfold import Context
        from office.billing.words import Bill

        billing = Context("billing", team="Finance", package="office.billing")

        @billing.command
        async def bill(command: Bill) -> None: ...
    """,
    "office/billing/orders.py": """
        from office.billing.context import billing
        from office.billing.words import Bill
        from office.ordering.api import Ordered

        @billing.reacts
        def bill_what_is_ordered(event: Ordered) -> Bill:
            return Bill(order=event.order)
    """,
}

SHIPPING: Final[Mapping[str, str]] = {
    "office/shipping/context.py": """
        from leftfold import Context

        shipping = Context("shipping", team="Logistics", package="office.shipping")
    """,
}

OFFICE: Final = {**ORDERING, **BILLING, **SHIPPING}


def office(**more: str) -> Mapping[str, str]:
    """The office, with a module of each of these names in shipping; `__` stands for a folder."""
    return OFFICE | {f"office/shipping/{name.replace('__', '/')}.py": text for name, text in more.items()}
