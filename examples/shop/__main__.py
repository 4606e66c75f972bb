"""`python -m examples.shop [--run-by ...] [--gateway ...] [--carrier ...]`: send one order through the shop."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import cyclopts
from rich.console import Console
from rich.table import Table

from examples.shop.inventory import ReceiveStock
from examples.shop.orders import SubmitOrder
from examples.shop.orders.order import Order
from examples.shop.orders.terms import RunBy
from examples.shop.sandbox import Mood
from examples.shop.system import STORES, Shop
from leftfold import App, LeftfoldError, Metadata, RecordedEvent
from leftfold.ids import new_id

PATIENCE = timedelta(seconds=1)
LONG_S = 10.0

cli = cyclopts.App(name="python -m examples.shop", version_flags=())
out = Console(highlight=False)


@cli.default
async def order(
    *,
    run_by: RunBy = "saga",
    gateway: Mood = Mood.OBEYS,
    carrier: Mood = Mood.OBEYS,
    store: Annotated[str, cyclopts.Parameter(env_var="LEFTFOLD_STORE")] = STORES,
) -> None:
    """Order two teapots, and show what the four contexts made of it.

    Args:
        run_by: Who carries the order: a saga, the contexts among themselves by events, or a process.
        gateway: How the payment provider answers.
        carrier: How the carrier answers.
        store: Where the contexts are, a URL with {context} in it.
    """
    if "{context}" not in store:
        sys.exit(f"{store} has no {{context}} in it; each context of the shop has a store of its own")
    _make_room(store)
    order_id = f"ORDER-{new_id().hex[-12:]}"
    async with Shop(store, patience=PATIENCE) as shop:
        shop.gateway.told(order_id, gateway)
        shop.carrier.told(order_id, carrier)
        await shop.app.send(ReceiveStock(warehouse="main", product="teapot", quantity=2))
        before = {one.name: await shop.app.running(one.name).store.head() for one in shop.app.contexts}
        await shop.app.send(
            SubmitOrder(order_id=order_id, customer="Ada", items={"teapot": 2}, total=Decimal("49.80"), run_by=run_by),
            metadata=Metadata(correlation_id=order_id),
        )
        status = await _carried(shop.app, order_id)
        _show(await _happened(shop.app, order_id, before))
        outside = {"gateway": await shop.gateway.deeds(f"{order_id}/1"), "carrier": await shop.carrier.deeds(order_id)}
    out.print(f"\n{order_id} is {status}.")
    for service, deeds in outside.items():
        out.print(f"The {service}: {', '.join(deeds) or 'nothing'}.")
    if status == "placed":
        out.print("It waits; to go on: leftfold work --app examples.shop.system:app")
    out.print(f"See why: leftfold trace {order_id} --app examples.shop.system:app")


def _make_room(store: str) -> None:
    if store == STORES:
        Path("var").mkdir(exist_ok=True)


async def _carried(app: App, order_id: str) -> str:
    """What has become of an order when nothing is left to do, or nothing happens to it for a while."""
    orders = app.running("orders").store
    while True:
        head = await orders.head()
        await app.settle(timeout=60.0)
        status = (await app.repository(Order).get(order_id)).status
        if status != "placed" or await orders.wake(head, LONG_S) == head:
            return status


async def _happened(app: App, order_id: str, before: Mapping[str, int]) -> Sequence[tuple[str, RecordedEvent[object]]]:
    """What was recorded because of an order, with its context, in the order of time."""
    found = [
        (name, event)
        for name, position in before.items()
        for event in (await app.events_of(name).read_log(after=position, limit=5_000)).events
        if event.metadata.correlation_id == order_id
    ]
    return sorted(found, key=lambda one: one[1].recorded_at)


def _show(found: Sequence[tuple[str, RecordedEvent[object]]]) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("context", "what happened", "through"):
        table.add_column(column)
    for name, event in found:
        table.add_row(name, event.type, event.metadata.via or "the customer")
    out.print(table)


if __name__ == "__main__":
    try:
        cli()
    except LeftfoldError as no:
        sys.exit(str(no))
