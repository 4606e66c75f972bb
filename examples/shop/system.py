"""The shop, put together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Self

from examples.shop import inventory, orders, payment, shipping
from examples.shop.carrier import Carrier, SandboxCarrier
from examples.shop.context_map import MAP
from examples.shop.gateway import Gateway, SandboxGateway
from leftfold import App, Clock
from leftfold.store import Store
from leftfold.subscriptions import Timing

__all__ = ["CONTEXTS", "STORES", "Shop", "app", "shop"]

CONTEXTS = (orders.context, inventory.context, payment.context, shipping.context)

STORES = "sqlite:///var/shop_{context}.db"
"""Where they are when nothing else is said."""


def shop(
    store: str | Mapping[str, str | Store],
    gateway: Gateway,
    carrier: Carrier,
    *,
    workers: bool | Timing = True,
    clock: Clock | None = None,
) -> App:
    """The contexts, how they relate, and what is outside.

    Args:
        store: see `App`; so are *workers* and *clock*.
    """
    outside = {Gateway: gateway, Carrier: carrier}
    return App(*CONTEXTS, store=store, provide=outside, workers=workers, clock=clock, context_map=MAP)


class Shop:
    """A shop whose gateway and carrier can be told to misbehave.

    Args:
        stores: a URL with `{context}` in it; the gateway's and the carrier's books are beside those of the contexts.
        patience: how long the shop waits for an answer of theirs that never comes.
        workers: see `App`; *clock*, too.
    """

    def __init__(
        self,
        stores: str,
        *,
        patience: timedelta = timedelta(seconds=10),
        workers: bool | Timing = True,
        clock: Clock | None = None,
    ) -> None:
        self.gateway = SandboxGateway(stores.replace("{context}", "gateway"), patience)
        self.carrier = SandboxCarrier(stores.replace("{context}", "carrier"), patience)
        self.app = shop(stores, self.gateway, self.carrier, workers=workers, clock=clock)
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open it, and what is outside."""
        async with AsyncExitStack() as opening:
            for each in (self.gateway, self.carrier, self.app):
                await opening.enter_async_context(each)
            self._closing = opening.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close it."""
        await self._closing.aclose()


def app() -> App:
    """The shop on the stores that LEFTFOLD_STORE names, for `leftfold work --app examples.shop.system:app`."""
    return Shop(os.environ.get("LEFTFOLD_STORE", STORES)).app
