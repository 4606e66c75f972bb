from __future__ import annotations

from decimal import Decimal

import pytest

from examples.bank.account import (
    Account,
    AccountExists,
    AccountOpened,
    BadAmount,
    Booking,
    InsufficientFunds,
    MoneyCredited,
    MoneyWithdrawn,
    NoSuchAccount,
    transfer,
)
from leftfold import App, NotFound
from leftfold.testing.given import given

OPENED = AccountOpened(owner="Ada")
BOOKING = Booking(
    trans_id=1,
    type="VYDAJ",
    operation="VYBER",
    purpose="",
    balance=Decimal("-20.50"),
    partner_bank="",
    partner_account="",
)


def credited(amount: str) -> MoneyCredited:
    return MoneyCredited(amount=Decimal(amount))


def test_an_account_opens_once() -> None:
    given(Account).when(Account.open, "Ada").then(OPENED)
    given(Account, OPENED, id="A").when(Account.open, "Bob").raises(AccountExists, account="A")


def test_what_is_there_can_be_withdrawn_to_the_last_cent() -> None:
    rich = given(Account, OPENED, credited("100.50"))
    rich.when(Account.withdraw, Decimal("100.50")).then(MoneyWithdrawn(amount=Decimal("100.50")))


def test_more_than_there_is_is_refused() -> None:
    poor = given(Account, OPENED, credited("100.50"), MoneyWithdrawn(amount=Decimal("0.50")))
    poor.when(Account.withdraw, Decimal("100.01")).raises(
        InsufficientFunds, balance=Decimal("100.00"), requested=Decimal("100.01")
    )


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity", "1e12", "1e40"])
def test_an_amount_that_is_no_amount_is_refused(amount: str) -> None:
    for method in (Account.deposit, Account.withdraw):
        given(Account, OPENED, credited("5")).when(method, Decimal(amount)).raises(BadAmount)


def test_nothing_can_be_paid_into_an_account_that_is_not_open() -> None:
    given(Account, id="A").when(Account.deposit, Decimal(1)).raises(NoSuchAccount, account="A")


def test_recorded_history_may_be_below_zero_and_new_decisions_stand_on_it() -> None:
    overdrawn = MoneyWithdrawn(amount=Decimal("20.50"), booking=BOOKING)
    given(Account, overdrawn).when(Account.withdraw, Decimal(1)).raises(InsufficientFunds, balance=Decimal("-20.50"))
    given(Account, overdrawn).when(Account.deposit, Decimal(21)).then(credited("21"))


async def test_a_transfer_is_one_commit_of_both_sides_or_nothing(store: str) -> None:
    async with App(Account, store=store) as app:
        accounts = app.repository(Account)
        for id in "AB":
            await accounts.edit(id, Account.open, f"owner of {id}")
        await accounts.edit("A", Account.deposit, Decimal(100))

        before = await app.store.head()
        receipt = await app.transact(lambda unit: transfer(unit, "A", "B", Decimal("30.50")))
        page = await app.events.read_log(after=before)
        assert [(one.stream, one.event) for one in page.events] == [
            ("bank_account-A", MoneyWithdrawn(amount=Decimal("30.50"))),
            ("bank_account-B", credited("30.50")),
        ]
        assert len({one.recorded_at for one in page.events}) == 1
        assert receipt.position == page.position == before + 2

        with pytest.raises(InsufficientFunds):
            await app.transact(lambda unit: transfer(unit, "A", "B", Decimal("69.51")))
        with pytest.raises(NotFound):
            await app.transact(lambda unit: transfer(unit, "A", "nobody", Decimal(1)))
        assert await app.store.head() == before + 2
        assert ((await accounts.get("A")).balance, (await accounts.get("B")).balance) == (
            Decimal("69.50"),
            Decimal("30.50"),
        )
