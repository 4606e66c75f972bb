"""Two contexts and the kernel that they share."""

from __future__ import annotations

from leftfold import App, Context
from leftfold.contexts import ContextMap, SharedKernel

ordering = Context("ordering", team="checkout", package="acme.ordering")
billing = Context("billing", team="finance", package="acme.billing")

MAP = ContextMap("acme", SharedKernel("money", package="shared_money", between=[ordering, billing]))
app = App(ordering, billing, store="sqlite:///{context}.db", context_map=MAP)
