from __future__ import annotations

import asyncio
from datetime import timedelta

from leftfold import (
    Aggregate,
    App,
    Attempt,
    Context,
    DomainError,
    Done,
    Event,
    Outcome,
    Repository,
    Retry,
    Saga,
    Steps,
    applies,
    step,
)
from leftfold.errors import StepRefused

house = Context("house")


# seats
class SeatTaken(Event):
    seat: int


class SeatFreed(Event):
    seat: int


class SoldOut(DomainError):
    """No seat is free."""


class Evening(Aggregate[SeatTaken | SeatFreed]):
    taken: frozenset[int] = frozenset()

    def take(self) -> int:
        free = {1, 2, 3} - self.taken
        if not free:
            raise SoldOut
        self.record(SeatTaken(seat=min(free)))
        return min(free)

    def give_back(self, seat: int) -> None:
        self.record(SeatFreed(seat=seat))

    @applies
    def _taken(self, event: SeatTaken) -> None:
        self.taken |= {event.seat}

    @applies
    def _freed(self, event: SeatFreed) -> None:
        self.taken -= {event.seat}


# outside
class Declined(DomainError):
    """The bank says no."""

    key: str


class Bank:
    def __init__(self) -> None:
        self.paid: dict[str, int] = {}
        self.cancelled: set[str] = set()

    async def pay(self, key: str, cents: int) -> str:
        if key in self.cancelled or cents > 10_000:
            raise Declined(key=key)
        self.paid.setdefault(key, cents)  # once for a key
        return f"receipt for {cents}"

    async def cancel(self, key: str) -> None:
        self.paid.pop(key, None)
        self.cancelled.add(key)  # whatever arrives later under this key is declined


class Mail:
    def __init__(self) -> None:
        self.sent: set[str] = set()

    async def ticket(self, key: str, seat: int | None) -> None:
        if key not in self.sent:
            print(f"ticket for seat {seat}")
        self.sent.add(key)


# saga
@house.saga
class BuyTicket(Saga, deadline=timedelta(minutes=30)):
    evening: str
    cents: int
    seat: int | None = None

    @step
    async def take_seat(self, evenings: Repository[Evening]) -> int:
        self.seat = (await evenings.find(self.evening) or evenings.new(self.evening)).take()
        return self.seat

    @take_seat.undo
    async def free_seat(self, was: Outcome[int], evenings: Repository[Evening]) -> None:
        if isinstance(was, Done):
            (await evenings.get(self.evening)).give_back(was.value)

    @step(retry=Retry(attempts=3), timeout=timedelta(seconds=5), refused=(Declined,))
    async def pay(self, bank: Bank, attempt: Attempt) -> str:
        return await bank.pay(attempt.key, self.cents)

    @pay.undo
    async def pay_back(self, _was: Outcome[str], bank: Bank, attempt: Attempt) -> None:
        assert attempt.undoes is not None
        await bank.cancel(attempt.undoes)

    @step(pivot=True)
    async def mail_ticket(self, mail: Mail, attempt: Attempt) -> None:
        await mail.ticket(attempt.key, self.seat)


# function
@house.saga
class BuyTickets(Saga):
    evening: str
    prices: tuple[int, ...]

    async def run(self, steps: Steps) -> None:
        for number, cents in enumerate(self.prices):
            try:
                await steps.child(f"ticket {number}", BuyTicket(evening=self.evening, cents=cents))
            except StepRefused:
                break  # those who can pay go without the others


# run
async def main() -> None:
    bank = Bank()
    async with App(house, store="sqlite:///house.db", provide={Bank: bank, Mail: Mail()}) as app:
        for buyer, cents in (("ann", 4_500), ("bob", 45_000)):
            await app.start(BuyTicket(evening="friday", cents=cents), id=buyer)
            view = await app.sagas.ended(BuyTicket, buyer)
            print(buyer, view.status, [(one.name, one.status) for one in view.steps])
        await app.start(BuyTickets(evening="friday", prices=(4_500, 45_000)), id="friends")
        print("friends", (await app.sagas.ended(BuyTickets, "friends")).status)
        print(sorted(bank.paid.values()))


if __name__ == "__main__":
    asyncio.run(main())
# end
