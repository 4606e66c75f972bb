from bakery.orders import published
from bakery.orders.book import Order, Taken, TakeOrder
from leftfold import Context
from leftfold.contexts import Subdomain

# context
orders = Context(
    "orders",
    team="Counter",
    purpose="Know what customers want",
    subdomain=Subdomain.CORE,
    package="bakery.orders",
    published=["bakery.orders.published"],
)
# handlers


@orders.decides(Order, id="order", exists=False)
def take(command: TakeOrder, order: Order) -> None:
    order.record(Taken(order=order.id, loaves=command.loaves))


@orders.publishes
def taken(event: Taken) -> published.OrderTaken:
    return published.OrderTaken(order=event.order, loaves=event.loaves)
