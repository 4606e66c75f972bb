"""What inventory does."""

from __future__ import annotations

from examples.shop.inventory import published
from examples.shop.inventory.commands import ReceiveStock, ReleaseInventory, ReserveInventory
from examples.shop.inventory.stock import (
    InventoryReleased,
    InventoryReservationFailed,
    InventoryReserved,
    Reservation,
    ReservationVoided,
    Shelf,
)
from examples.shop.orders.published import OrderCancelled, OrderPlaced
from leftfold import Context, Repository
from leftfold.contexts import Subdomain

__all__ = ["context"]

context = Context(
    "inventory",
    team="Warehouse",
    purpose="Know what is there, and hold it for orders",
    subdomain=Subdomain.SUPPORTING,
    package="examples.shop.inventory",
    published=("examples.shop.inventory.commands", "examples.shop.inventory.published"),
)


@context.command
async def receive(command: ReceiveStock, shelves: Repository[Shelf]) -> None:
    """Put goods on a shelf."""
    (await _shelf(shelves, command.warehouse, command.product)).receive(command.quantity)


@context.command
async def reserve(
    command: ReserveInventory, reservations: Repository[Reservation], shelves: Repository[Shelf]
) -> str | None:
    """Hold all or nothing: the shelves and the reservation are one commit."""
    reservation = await reservations.find(command.order_id) or reservations.new(command.order_id)
    wanted = {name: await _shelf(shelves, command.warehouse, name) for name in command.items}
    short = [name for name, shelf in wanted.items() if shelf.on_hand < command.items[name]]
    if reservation.hold(command.warehouse, command.items, short, command.collect):
        for name, shelf in wanted.items():
            shelf.take(command.order_id, command.items[name])
    return reservation.refusal


@context.command
async def release(command: ReleaseInventory, reservations: Repository[Reservation], shelves: Repository[Shelf]) -> None:
    """Put back what is held; if nothing is, nothing will be."""
    reservation = await reservations.find(command.order_id) or reservations.new(command.order_id)
    for name, quantity in reservation.release().items():
        (await _shelf(shelves, reservation.warehouse, name)).receive(quantity)


@context.publishes
def reserved(event: InventoryReserved) -> published.InventoryReserved:
    """It is held."""
    return published.InventoryReserved(order_id=event.order_id, warehouse=event.warehouse, collect=event.collect)


@context.publishes
def failed(
    event: InventoryReservationFailed | InventoryReleased | ReservationVoided,
) -> published.InventoryReservationFailed:
    """It is not, or not any more."""
    warehouse = "" if isinstance(event, ReservationVoided) else event.warehouse
    reason = event.reason if isinstance(event, InventoryReservationFailed) else "released"
    return published.InventoryReservationFailed(order_id=event.order_id, warehouse=warehouse, reason=reason)


@context.reacts
def hold_what_is_ordered(event: OrderPlaced) -> ReserveInventory | None:
    """The first answer to an order that nobody coordinates."""
    if event.run_by != "events":
        return None
    return ReserveInventory(order_id=event.order_id, items=event.items, collect=event.total)


@context.reacts
def free_what_is_not_wanted(event: OrderCancelled) -> ReleaseInventory | None:
    """Unless there is nothing to free."""
    if event.run_by != "events" or event.broke_at == "inventory":
        return None
    return ReleaseInventory(order_id=event.order_id)


async def _shelf(shelves: Repository[Shelf], warehouse: str, product: str) -> Shelf:
    id = f"{warehouse}/{product}"
    return await shelves.find(id) or shelves.new(id)
