from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from versions import UPCASTS, Account, AccountEvent, Deposited, DepositedV1, PaidIn

from leftfold.messages import Registry
from leftfold.testing import check_lock, given


def test_deposits_of_every_release_count() -> None:
    history = (
        DepositedV1(amount=Decimal(1), clerk="C9"),
        PaidIn(cents=50),
        Deposited(value=Decimal(2), currency="USD"),
    )
    given(Account, *history, upcasts=UPCASTS).when(lambda account: account.usd).result(Decimal("3.50"))


def test_events_are_locked() -> None:
    check_lock(Path(__file__).with_name("events.lock.json"), Registry("bank", AccountEvent, upcasts=UPCASTS))
