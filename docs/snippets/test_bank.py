from __future__ import annotations

from decimal import Decimal

from bank import BankAccount, InsufficientFunds, MoneyDeposited, MoneyWithdrawn

from leftfold.testing import given

NINE = MoneyDeposited(account="ACC-001", amount=Decimal(9))


def test_a_withdrawal_within_the_balance_is_recorded() -> None:
    taken = MoneyWithdrawn(account="ACC-001", amount=Decimal(4))
    given(BankAccount, NINE, id="ACC-001").when(BankAccount.withdraw, Decimal(4)).then(taken)


def test_a_withdrawal_above_the_balance_is_refused() -> None:
    attempt = given(BankAccount, NINE, id="ACC-001").when(BankAccount.withdraw, Decimal(40))
    attempt.raises(InsufficientFunds, balance=Decimal(9), requested=Decimal(40))
