from __future__ import annotations

from sagas import Bank, BuyTicket, Mail, house

from leftfold import App
from leftfold.store import Store
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
