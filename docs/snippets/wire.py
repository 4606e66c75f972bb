"""Two systems with nothing in common but messages: sales publishes, and the ledger of another house writes invoices."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from language import Bill, Invoice, OrderPlaced, Owed, TakeOrder, bill, sales

from leftfold import App, Context, RecordedEvent
from leftfold.errors import UnreadableMessage
from leftfold.integration import cloud_event_of, read_structured, received, write_structured


class Wire:
    def __init__(self) -> None:
        self.bodies: list[bytes] = []


# send
post = Context("post", team="Sales", purpose="Send what is published on")


@post.on()
async def tell(_event: OrderPlaced, recorded: RecordedEvent[OrderPlaced], wire: Wire) -> None:
    event = cloud_event_of(recorded, source="/sales", type="acme.sales.order_placed", subject=recorded.event.order)
    wire.bodies.append(write_structured(event))  # or post it: its media type is application/cloudevents+json


# receive
ledger = Context("ledger", team="Finance", purpose="Write invoices")
ledger.decides(Invoice, id="invoice", exists=False)(bill)


async def take(running: App, body: bytes) -> None:
    got = received(read_structured(body), Owed)
    event = got.cloud_event
    command = Bill(invoice=got.event.order, cents=got.event.cents)
    await running.send(command, id=f"{event.source} {event.id}", metadata=got.metadata.caused_by(event.id))


# run
async def main() -> None:
    wire = Wire()
    async with App(sales, post, store="memory:", provide={Wire: wire}) as running:
        noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
        await running.send(TakeOrder(order="A-1", cents=990, country="DE", at=noon))
        await running.settle()
    [body] = wire.bodies
    async with App(ledger, store="memory:") as running:
        await take(running, body)
        await take(running, body)  # a wire may bring a message twice
        try:
            await take(running, body.replace(b'"schemaversion":2', b'"schemaversion":4'))
        except UnreadableMessage as error:
            print(error)


if __name__ == "__main__":
    asyncio.run(main())
# end
