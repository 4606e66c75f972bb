"""What happens in the shop is what its declarations say, whoever runs an order and whatever goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.shop.orders.terms import RunBy
from examples.shop.sandbox import Mood
from examples.shop.system import Shop
from examples.tour.shops import IMPATIENT, stores_beside, submitted, wanted
from leftfold.flow import declared_flow
from tests.flow.test_flow import watched

_LOUD = {"undeclared", "cycle"}


@pytest.mark.slow
async def test_nothing_happens_in_the_shop_that_is_not_declared(tmp_path: Path) -> None:
    ways: tuple[RunBy, ...] = ("saga", "events", "process")
    async with Shop(await stores_beside(f"sqlite:///{tmp_path}/shop.db"), patience=IMPATIENT) as shop:
        for way in ways:
            for gateway, carrier, there in (
                (None, None, 2),
                (Mood.REFUSES, None, 2),
                (None, Mood.REFUSES, 2),
                (None, None, 0),
            ):
                order = await wanted(shop.app, there=there)
                if gateway is not None:
                    shop.gateway.told(order.order_id, gateway)
                if carrier is not None:
                    shop.carrier.told(order.order_id, carrier)
                await submitted(shop.app, order, way)
        await shop.app.settle(timeout=60.0)
        declared = declared_flow(shop.app.contexts)
        found = await watched(shop.app, declared)
    assert [one for one in found.findings if one.kind in _LOUD] == []
    assert [node.name for node in declared.nodes if node.open] == []
    seen = [edge for edge in found.flow.edges if edge.mark == "seen"]
    assert len(seen) > len(declared.edges) / 2
