"""A shop that sells parcels by sagas: what is reserved, charged, confirmed, then mailed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from leftfold import (
    Aggregate,
    Attempt,
    Command,
    Context,
    DomainError,
    Event,
    Outcome,
    Repository,
    Retry,
    Saga,
    Sender,
    applies,
    parallel,
    step,
)
from tests.processes.grounds import World

__all__ = [
    "Box",
    "Boxed",
    "Buy",
    "Declined",
    "Fill",
    "Mail",
    "Move",
    "Order",
    "PlaceOrder",
    "Sell",
    "SendMail",
    "Unboxed",
    "mailing",
    "shop",
]

SOON: Final = timedelta(milliseconds=5)
SHORT: Final = timedelta(milliseconds=150)


class Declined(DomainError):
    """The card was declined."""


class Confirmed(Event):
    hold: str


class Noted(Event):
    text: str


class Order(Aggregate[Confirmed | Noted]):
    hold: str = ""

    def confirm(self, hold: str) -> None:
        self.record(Confirmed(hold=hold))

    def note(self, text: str) -> None:
        self.record(Noted(text=text))

    @applies
    def _confirmed(self, event: Confirmed) -> None:
        self.hold = event.hold

    @applies
    def _noted(self, event: Noted) -> None:
        pass


class Boxed(Event):
    what: str


class Unboxed(Event):
    what: str


class Box(Aggregate[Boxed | Unboxed]):
    def fill(self, what: str) -> None:
        self.record(Boxed(what=what))

    def empty(self, what: str) -> None:
        self.record(Unboxed(what=what))

    @applies
    def _changed(self, event: Boxed | Unboxed) -> None:
        pass


class SendMail(Command[str]):
    order: str


class Sent(Event):
    order: str


class Mail(Aggregate[Sent]):
    def send(self) -> str:
        self.record(Sent(order=self.id))
        return f"mail about {self.id}"

    @applies
    def _sent(self, event: Sent) -> None:
        pass


shop: Final = Context("shop")
mailing: Final = Context("mailing")


@mailing.decides(Mail, id="order")
def send_mail(_command: SendMail, mail: Mail) -> str:
    return mail.send()


@shop.saga
class PlaceOrder(Saga, version=1, deadline=timedelta(hours=1)):
    """Two calls, a commit with no way back, and a command to another context."""

    order: str
    hold: str | None = None
    tries: int = 0
    mailed: str | None = None

    @step(retry=Retry(attempts=3, first=SOON), timeout=SHORT)
    async def reserve(self, world: World, attempt: Attempt) -> str:
        self.tries += 1
        self.hold = await world.call("reserve", attempt)
        return self.hold

    @reserve.undo(retry=Retry(attempts=2, first=SOON), timeout=SHORT)
    async def release(self, was: Outcome[str], world: World, attempt: Attempt) -> None:
        self.hold = "released"
        await world.call(f"release {was!r}", attempt)

    @step(retry=Retry(attempts=2, first=SOON), timeout=SHORT)
    async def charge(self, world: World, attempt: Attempt) -> str:
        return await world.call("charge", attempt)

    @charge.undo(retry=Retry(attempts=2, first=SOON))
    async def refund(self, was: Outcome[str], world: World, attempt: Attempt) -> None:
        await world.call(f"refund {was!r}", attempt)

    @step(pivot=True, retry=Retry(attempts=2, first=SOON))
    async def confirm(self, orders: Repository[Order]) -> None:
        orders.new(self.order).confirm(self.hold or "")

    @step(retry=Retry(attempts=2, first=SOON, unless=(Declined,)))
    async def mail(self, sender: Sender, world: World, attempt: Attempt) -> None:
        await world.call("mail", attempt)
        self.mailed = (await sender.send(SendMail(order=self.order), id=attempt.key)).result


@shop.saga
class Sell(Saga):
    """A pivot that is called, and that nothing undoes."""

    @step(timeout=SHORT)
    async def reserve(self, world: World, attempt: Attempt) -> str:
        return await world.call("reserve", attempt)

    @reserve.undo
    async def release(self, was: Outcome[str], world: World, attempt: Attempt) -> None:
        await world.call("release", attempt)

    @step(pivot=True, retry=Retry(attempts=2, first=SOON), timeout=SHORT)
    async def pay(self, world: World, attempt: Attempt) -> int:
        return int(await world.call("pay", attempt))

    @step(retry=Retry(attempts=1))
    async def thank(self, world: World, attempt: Attempt) -> None:
        await world.call("thank", attempt)


@shop.saga
class Buy(Saga):
    """Two calls begun together."""

    left: str = ""
    right: str = ""
    clash: bool = False

    @step(retry=Retry(attempts=2, first=SOON))
    async def one(self, world: World, attempt: Attempt) -> None:
        self.left = await world.call("one", attempt)

    @one.undo
    async def unone(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        await world.call("unone", attempt)

    @step(retry=Retry(attempts=2, first=SOON))
    async def two(self, world: World, attempt: Attempt) -> None:
        self.right = await world.call("two", attempt)
        if self.clash:
            self.left = "two"

    @two.undo
    async def untwo(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        await world.call("untwo", attempt)

    both = parallel(one, two)

    @step(undoable=False, retry=Retry(attempts=1))
    async def look(self, world: World, attempt: Attempt) -> None:
        await world.call("look", attempt)


@shop.saga
class Move(Saga):
    """Everything in commits of this store, undone by events."""

    box: str

    @step
    async def fill(self, boxes: Repository[Box]) -> str:
        boxes.new(self.box).fill("tea")
        return "tea"

    @fill.undo(retry=Retry(attempts=3, first=SOON))
    async def empty(self, was: Outcome[str], boxes: Repository[Box], world: World) -> None:
        (await boxes.get(self.box)).empty(f"{was!r}")
        if world.answers["empty"]:
            raise ConnectionError(world.answers["empty"].pop())

    @step(undoable=False, retry=Retry(attempts=1))
    async def check(self, world: World, attempt: Attempt) -> None:
        await world.call("check", attempt)


@shop.saga
class Fill(Saga):
    """One commit, on a box that everybody fills."""

    what: str

    @step(pivot=True)
    async def fill(self, boxes: Repository[Box]) -> None:
        (await boxes.get("shared")).fill(self.what)
