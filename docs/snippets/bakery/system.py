from bakery.orders.context import orders
from bakery.oven.context import oven
from bakery.till import from_orders
from bakery.till.context import till
from leftfold import App
from leftfold.contexts import AntiCorruptionLayer, ContextMap, CustomerSupplier

# map
MAP = ContextMap(
    "bakery",
    CustomerSupplier(supplier=orders, customer=oven),
    AntiCorruptionLayer(upstream=orders, downstream=till, layer=from_orders.__name__),
)
# app


def app() -> App:
    return App(orders, oven, till, store="sqlite:///{context}.db", context_map=MAP)
