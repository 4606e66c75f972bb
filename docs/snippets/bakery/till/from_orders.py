"""The only place where the till knows what orders says."""

from bakery.orders.published import OrderTaken
from bakery.till.context import Charge, till

PRICE = 350


# layer
@till.translates
def bill_what_is_ordered(event: OrderTaken) -> Charge:
    return Charge(order=event.order, cents=event.loaves * PRICE)
