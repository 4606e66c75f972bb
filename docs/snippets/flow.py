"""A restaurant: a table orders, the kitchen cooks, and nobody conducts."""

from __future__ import annotations

import asyncio

from leftfold import (
    Aggregate,
    App,
    Attempt,
    Command,
    Context,
    Event,
    IntegrationEvent,
    Metadata,
    Sender,
    applies,
    sends,
)


# hall
class OrderTaken(Event):
    table: str
    dish: str


class DishServed(Event):
    table: str


class DishPraised(Event):
    table: str


class Ordered(IntegrationEvent):
    table: str
    dish: str


class Table(Aggregate[OrderTaken | DishServed | DishPraised], category="table"):
    praised: bool = False

    @applies
    def _praised(self, event: DishPraised) -> None:
        self.praised = True

    @applies
    def _others(self, event: OrderTaken | DishServed) -> None:
        pass


class TakeOrder(Command):
    table: str
    dish: str


class Serve(Command):
    table: str


class AskHowItWas(Command):
    table: str


hall = Context("hall")


@hall.decides(Table, id="table")
def take_order(command: TakeOrder, table: Table) -> None:
    table.record(OrderTaken(table=table.id, dish=command.dish))


@hall.decides(Table, id="table")
def serve(_command: Serve, table: Table) -> None:
    table.record(DishServed(table=table.id))


@hall.decides(Table, id="table")
def ask_how_it_was(_command: AskHowItWas, table: Table) -> None:
    table.record(DishPraised(table=table.id))


@hall.publishes
def ordered(event: OrderTaken) -> Ordered:
    return Ordered(table=event.table, dish=event.dish)


# kitchen
class Cooked(Event):
    table: str


class Finished(IntegrationEvent):
    table: str


class Stove(Aggregate[Cooked], category="stove"):
    @applies
    def _cooked(self, event: Cooked) -> None:
        pass


class Cook(Command):
    table: str
    dish: str


kitchen = Context("kitchen")


@kitchen.decides(Stove, id="table")
def cook(command: Cook, stove: Stove) -> None:
    stove.record(Cooked(table=command.table))


@kitchen.reacts
def on_ordered(event: Ordered) -> Cook:
    return Cook(table=event.table, dish=event.dish)


@kitchen.publishes
def finished(event: Cooked) -> Finished:
    return Finished(table=event.table)


# reactions
@hall.reacts
def on_finished(event: Finished) -> Serve:
    return Serve(table=event.table)


@hall.on(DishServed)
@sends(AskHowItWas)
async def ask(event: DishServed, sender: Sender, attempt: Attempt) -> None:
    await sender.send(AskHowItWas(table=event.table), id=attempt.key)


# run
app = App(hall, kitchen, store="sqlite:///{context}.db")


async def main() -> None:
    async with app:
        await app.send(TakeOrder(table="7", dish="soup"), metadata=Metadata(correlation_id="guest 1"))
        await app.settle()


if __name__ == "__main__":
    asyncio.run(main())
# end
