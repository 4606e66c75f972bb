"""What becomes of orders."""

from __future__ import annotations

from examples.shop.inventory.published import InventoryReservationFailed
from examples.shop.orders import published
from examples.shop.orders.commands import BreakOff, CancelOrder, CompleteOrder, SubmitOrder, TellCustomer
from examples.shop.orders.order import CustomerTold, Order, OrderCancelled, OrderPlaced
from examples.shop.payment.published import PaymentFailed
from examples.shop.shipping.published import OrderShipped, ShippingFailed
from leftfold import Context
from leftfold.contexts import Subdomain

__all__ = ["context"]

context = Context(
    "orders",
    team="Sales",
    purpose="Know what is wanted, and what becomes of it",
    subdomain=Subdomain.CORE,
    package="examples.shop.orders",
    published=("examples.shop.orders.published",),
)


@context.decides(Order, id="order_id", exists=False)
def submit(command: SubmitOrder, order: Order) -> None:
    """Begin."""
    order.record(
        OrderPlaced(
            order_id=order.id,
            customer=command.customer,
            items=command.items,
            total=command.total,
            run_by=command.run_by,
            terms=command.terms,
        )
    )


@context.decides(Order, id="order_id", exists=True)
def complete(_command: CompleteOrder, order: Order) -> None:
    """Decide."""
    order.complete()


@context.decides(Order, id="order_id", exists=True)
def cancel(command: CancelOrder, order: Order) -> None:
    """Decide."""
    order.cancel(command.reason)


@context.decides(Order, id="order_id", exists=True)
def break_off(command: BreakOff, order: Order) -> None:
    """Decide."""
    order.break_off(command.broke_at, command.reason)


@context.decides(Order, id="order_id", exists=True)
def tell(command: TellCustomer, order: Order) -> None:
    """Note what is said."""
    order.record(CustomerTold(order_id=order.id, text=command.text))


@context.publishes
def placed(event: OrderPlaced) -> published.OrderPlaced:
    """Who the customer is stays inside."""
    return published.OrderPlaced(order_id=event.order_id, items=event.items, total=event.total, run_by=event.run_by)


@context.publishes
def cancelled(event: OrderCancelled) -> published.OrderCancelled:
    """So does the reason."""
    return published.OrderCancelled(order_id=event.order_id, run_by=event.run_by, broke_at=event.broke_at)


@context.reacts
def hear_of_inventory(event: InventoryReservationFailed) -> BreakOff:
    """Nothing is held."""
    return BreakOff(order_id=event.order_id, broke_at="inventory", reason=event.reason)


@context.reacts
def hear_of_payment(event: PaymentFailed) -> BreakOff:
    """Nothing is paid."""
    return BreakOff(order_id=event.order_id, broke_at="payment", reason=event.reason)


@context.reacts
def hear_of_shipping(event: OrderShipped | ShippingFailed) -> CompleteOrder | BreakOff:
    """The order is done, whoever has run it; or it is over."""
    match event:
        case OrderShipped():
            return CompleteOrder(order_id=event.order_id)
        case ShippingFailed(reason=reason):
            return BreakOff(order_id=event.order_id, broke_at="shipping", reason=reason)
