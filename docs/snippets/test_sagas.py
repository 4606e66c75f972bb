from __future__ import annotations

from sagas import Bank, BuyTicket, Mail, SeatFreed, SeatTaken, house

from leftfold import App, Context
from leftfold.store import MemoryLog, MemoryStore, Store
from leftfold.testing import CrashRun, ManualClock, crash_everywhere


# crash
def sold_here(bank: Bank, store: Store, clock: ManualClock) -> App:
    return App(house, store=store, clock=clock, workers=False, provide={Bank: bank, Mail: Mail()})


def paid_if_completed(bank: Bank, run: CrashRun) -> None:
    assert len(bank.paid) == (1 if run.view.status == "completed" else 0)


async def test_a_ticket_is_paid_for_once_wherever_the_program_dies() -> None:
    await crash_everywhere(BuyTicket(evening="friday", cents=4_500), Bank, sold_here, paid_if_completed)


async def test_a_ticket_that_is_declined_leaves_nothing_wherever_the_program_dies() -> None:
    await crash_everywhere(BuyTicket(evening="friday", cents=45_000), Bank, sold_here, paid_if_completed)


# given
async def two_seats_are_taken(app: App) -> None:
    await app.events.append("evening-friday", SeatTaken(seat=1), SeatTaken(seat=2), expected=0)


def third_seat_is_taken_once(_bank: Bank, run: CrashRun) -> None:
    taken, freed = run.events.count(SeatTaken(seat=3)), run.events.count(SeatFreed(seat=3))
    assert (taken, freed) == ((1, 0) if run.view.status == "completed" else (taken, taken))


async def test_the_last_seat_is_taken_once_wherever_the_program_dies() -> None:
    saga = BuyTicket(evening="friday", cents=4_500)
    runs = await crash_everywhere(saga, Bank, sold_here, third_seat_is_taken_once, given=two_seats_are_taken)
    assert runs[-1].view.status == "completed"


# several
lockers = Context("lockers")


class Town:
    def __init__(self) -> None:
        self.bank, self.lockers = Bank(), MemoryLog()


def sold_in_town(town: Town, store: Store, clock: ManualClock) -> App:
    stores = {"house": store, "lockers": MemoryStore(clock=clock, log=town.lockers)}
    return App(house, lockers, store=stores, clock=clock, workers=False, provide={Bank: town.bank, Mail: Mail()})


def completed_and_paid(town: Town, run: CrashRun) -> None:
    assert (run.view.status, len(town.bank.paid)) == ("completed", 1)


async def test_a_ticket_is_paid_for_once_in_an_app_of_several_contexts() -> None:
    await crash_everywhere(BuyTicket(evening="friday", cents=4_500), Town, sold_in_town, completed_and_paid)
