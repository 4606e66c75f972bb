"""A shop: four contexts, each on a store of its own, and three ways to carry an order through them.

An order says who runs it: a saga (`orders/place_order.py`), the contexts among themselves (`@context.reacts` in each
`context.py`), or a process (`orders/fulfilment.py`); the commands and events are the same. `gateway.py` and
`carrier.py` are what is outside: sandboxes that can be told to misbehave. `system.py` puts it together, and
`python -m examples.shop --carrier refuses` sends an order through it.
"""
