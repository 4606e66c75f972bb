"""The domain of orders: nobody else's business."""

from leftfold import Aggregate, Command, Event, applies


class TakeOrder(Command):
    order: str
    loaves: int


class Taken(Event):
    order: str
    loaves: int


class Order(Aggregate[Taken]):
    loaves: int = 0

    @applies
    def _taken(self, event: Taken) -> None:
        self.loaves = event.loaves
