from bakery.orders.published import OrderTaken
from leftfold import Aggregate, Command, Context, Event, applies
from leftfold.contexts import Subdomain


class Bake(Command):
    order: str
    loaves: int


class Baked(Event):
    loaves: int


class Batch(Aggregate[Baked]):
    @applies
    def _baked(self, event: Baked) -> None: ...


oven = Context("oven", team="Bakers", subdomain=Subdomain.SUPPORTING, package="bakery.oven")


@oven.decides(Batch, id="order")
def bake(command: Bake, batch: Batch) -> None:
    batch.record(Baked(loaves=command.loaves))


@oven.reacts
def bake_what_is_ordered(event: OrderTaken) -> Bake:
    return Bake(order=event.order, loaves=event.loaves)
