"""Every relation that there is, in one map."""

from leftfold import Context
from leftfold.contexts import (
    AntiCorruptionLayer,
    Conformist,
    ContextMap,
    CustomerSupplier,
    OpenHostService,
    Partnership,
    SeparateWays,
    SharedKernel,
    UpstreamDownstream,
)

goods = Context("goods", team="Range", package="acme.goods", published=["acme.goods.published"])
stock = Context("stock", team="Stores", package="acme.stock", published=["acme.stock.published"])
orders = Context("orders", team="Sales", package="acme.orders", published=["acme.orders.published"])
shipping = Context("shipping", team="Yard", package="acme.shipping", published=["acme.shipping.published"])
billing = Context("billing", team="Finance", package="acme.billing")
reports = Context("reports", team="Finance", package="acme.reports")
bank = Context("bank", team="The bank", external=True)
letters = Context("letters", team="Press", package="acme.letters")

# map
MAP = ContextMap(
    "acme",
    UpstreamDownstream(upstream=goods, downstream=orders),
    CustomerSupplier(supplier=stock, customer=orders, veto=True),  # orders has to agree to a break of what it reads
    OpenHostService(host=orders, consumers=[billing, reports]),
    Conformist(upstream=orders, downstream=reports),
    AntiCorruptionLayer(upstream=bank, downstream=billing, layer="acme.billing.from_bank"),
    Partnership(orders, shipping),
    SharedKernel("money", package="acme.money", between=[orders, billing]),
    SeparateWays(goods, billing, reason="What is in the range says nothing about what is owed"),
    alone=(letters,),
)
# end
