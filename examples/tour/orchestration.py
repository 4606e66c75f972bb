"""Saga orchestration.

One class is the whole transaction: its steps in order, each with its undo. What was begun and done is stored before
anything else happens, so the saga goes on wherever it was. When a step is refused, those before it are undone in
reverse. When nobody knows whether it was done, it is undone too, first of all. An undo that fails again and again is
parked for a person, and the others are undone all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from examples.shop.sandbox import Mood
from examples.tour.shops import named, placed, shop_beside, wanted
from leftfold.processes import SagaView

FIGURES: Mapping[str, object] = {
    "completed": ["Reserve Inventory", "Process Payment", "Ship Order"],
    "compensated_in": ["Process Payment", "Reserve Inventory"],
    "in_doubt_undone_first": "Ship Order",
    "parked": 1,
    "others_undone": True,
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    async with await shop_beside(store) as shop:
        fine, refused, in_doubt, parked = [await wanted(shop.app) for _ in range(4)]
        shop.carrier.told(refused.order_id, Mood.REFUSES)
        shop.carrier.told(in_doubt.order_id, Mood.HANGS)
        shop.carrier.told(parked.order_id, Mood.REFUSES)
        shop.gateway.told(parked.order_id, Mood.BREAKS, when="undoing")
        completed = await placed(shop, fine)
        stuck = await placed(shop, parked)
        return {
            "completed": [named(one.name) for one in completed.steps if one.status == "done"],
            "compensated_in": _undone(await placed(shop, refused)),
            "in_doubt_undone_first": _undone(await placed(shop, in_doubt))[0],
            "parked": [one.status for one in stuck.steps].count("parked"),
            "others_undone": stuck.status == "stuck" and _undone(stuck) == ["Reserve Inventory"],
        }


def _undone(view: SagaView) -> Sequence[str]:
    """What was undone, in the order in which it was."""
    undone = [one for one in view.steps if one.status == "undone"]
    return [named(one.name) for one in sorted(undone, key=lambda one: one.ended_at or datetime.now(UTC))]
