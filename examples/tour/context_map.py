"""Context map.

Six contexts say how they relate, and each relation is held: orders is the customer of inventory and the partner of
shipping; billing takes the provider's cents as they are, and lets the old web shop's text in through a layer that
translates it. What no relation allows is found with the rule and the line, before it is merged.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from examples.tour import acme
from examples.tour.acme import billing, inventory, orders, provider, webshop
from examples.tour.acme.relations import MAP
from examples.tour.beside import all_beside
from leftfold import App
from leftfold.borders import check_map
from leftfold.contexts import ContextMap
from leftfold.ids import new_id

FIGURES: Mapping[str, object] = {
    "conformist_cents": 9999,
    "translated_cents": 9999,
    "order_placed": True,
    "partner_informed": True,
    "violations": [{"rule": "no-relation", "file": "shipping.py"}],
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    stores = await all_beside(store, [context.name for context in MAP.contexts])
    async with App(*MAP.contexts, store=stores, context_map=MAP) as app:
        product, order, charge, sale = (f"{new_id()}" for _ in range(4))
        await app.send(inventory.Count(product=product, available=100))
        await app.send(provider.Succeed(charge_id=charge, amount_cents=9999))
        await app.send(webshop.Sell(sale=sale, amt="99.99"))
        await app.settle(timeout=30.0)
        await app.send(orders.PlaceOrder(product=product, order=order, quantity=5))
        await app.settle(timeout=30.0)
        placed = await app.ask(orders.FindOrder(order=order))
        shipped = await app.ask(orders.FindShipment(order=order))
        conforming, translated = [await app.ask(billing.FindPayment(payment=id)) for id in (charge, sale)]
    return {
        "conformist_cents": conforming and conforming.cents,
        "translated_cents": translated and translated.cents,
        "order_placed": placed is not None,
        "partner_informed": shipped is not None,
        "violations": _violations(),
    }


def _violations() -> list[dict[str, str]]:
    """What is found in a copy of the contexts in which shipping looks into billing's books."""
    package = f"acme_{new_id().hex}"
    with TemporaryDirectory() as name:
        folder = Path(name) / package
        shutil.copytree(Path(acme.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for file in folder.rglob("*.py"):
            file.write_text(file.read_text().replace("examples.tour.acme", package))
        with (folder / "shipping.py").open("a") as shipping:
            shipping.write(f"\nfrom {package}.billing import books  # so that a parcel is sent once it is paid\n")
        sys.path.insert(0, name)
        try:
            copied: ContextMap = importlib.import_module(f"{package}.relations").MAP
            found = check_map(copied)
        finally:
            sys.path.remove(name)
    return [
        {"rule": one.rule, "file": Path(one.found_at.rpartition(":")[0]).name}
        for one in found
        if one.severity == "error"
    ]
