from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import pytest

from leftfold.domain import Aggregate, Decider, DomainError, applies
from leftfold.errors import DefinitionError, InvalidInput, InvalidPayload
from leftfold.messages import Event
from leftfold.testing import given


class Deposited(Event):
    amount: Decimal


class Weighed(Event):
    grams: float


class Stranger(Event):
    pass


class InsufficientFunds(DomainError):
    """Insufficient funds."""

    balance: Decimal
    requested: Decimal


class OtherRefusal(DomainError):
    pass


class Account(Aggregate[Deposited | Weighed]):
    balance: Decimal = Decimal(0)

    def withdraw(self, amount: Decimal) -> Decimal:
        if amount > self.balance:
            raise InsufficientFunds(balance=self.balance, requested=amount)
        if amount:
            self.record(Deposited(amount=-amount))
        return self.balance

    def weigh(self, grams: float) -> str:
        self.record(Weighed(grams=grams))
        return self.id

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balance += event.amount

    @applies
    def _weighed(self, event: Weighed) -> None:
        pass


def evolve(balance: Decimal, event: Deposited | Weighed) -> Decimal:
    return balance + event.amount if isinstance(event, Deposited) else balance


def decide(command: Decimal, balance: Decimal) -> list[Deposited | Weighed]:
    if command > balance:
        raise InsufficientFunds(balance=balance, requested=command)
    return [Deposited(amount=-command)] if command else []


account = Decider(decide, evolve, Decimal(0), category="account")
NINE = Deposited(amount=Decimal(9))


def test_an_aggregate_is_tested_by_its_events_result_and_refusals() -> None:
    given(Account, NINE, NINE).when(Account.withdraw, Decimal(8)).then(Deposited(amount=Decimal(-8))).result(
        Decimal(10)
    )
    given(Account, NINE).when(Account.withdraw, Decimal(0)).then_nothing().result(Decimal(9))
    refused = given(Account, NINE).when(Account.withdraw, Decimal(40))
    refused.raises(InsufficientFunds, balance=Decimal(9)).raises(InsufficientFunds).raises(DomainError)
    given(Account, id="A").when(Account.weigh, grams=1.5).result("A")


def test_a_decider_is_tested_by_its_events_and_refusals() -> None:
    given(account, NINE).when(Decimal(8)).then(Deposited(amount=Decimal(-8)))
    given(account, NINE).when(Decimal(0)).then_nothing()
    given(account, NINE).when(Decimal(40)).raises(InsufficientFunds, requested=Decimal(40))


def test_other_events_fail_and_both_are_shown() -> None:
    done = given(Account, NINE).when(Account.withdraw, Decimal(8))
    with pytest.raises(AssertionError, match=r"expected:\n    Deposited\(.*9.*\)\n  happened:\n    Deposited\(.*-8"):
        done.then(NINE)
    for others in ((), (Deposited(amount=Decimal(-8)), NINE)):
        with pytest.raises(AssertionError):
            done.then(*others)
    with pytest.raises(AssertionError, match="nothing was recorded"):
        given(Account).when(Account.withdraw, Decimal(0)).then(NINE)
    with pytest.raises(AssertionError):
        done.then_nothing()


def test_another_result_fails() -> None:
    with pytest.raises(AssertionError, match=r"'2'[\s\S]*'1'"):
        given(Account, NINE).when(Account.withdraw, Decimal(8)).result(Decimal(2))


def test_another_refusal_or_none_fails() -> None:
    refused = given(Account, NINE).when(Account.withdraw, Decimal(40))
    with pytest.raises(AssertionError, match=r"OtherRefusal[\s\S]*InsufficientFunds: Insufficient funds"):
        refused.raises(OtherRefusal)
    with pytest.raises(AssertionError, match=r"balance=Decimal\('8'\)"):
        refused.raises(InsufficientFunds, balance=Decimal(8))
    with pytest.raises(AssertionError, match="unknown=None"):
        refused.raises(InsufficientFunds, unknown=None)
    with pytest.raises(AssertionError, match="Deposited"):
        given(Account, NINE).when(Account.withdraw, Decimal(8)).raises(InsufficientFunds)


def test_a_refusal_that_was_not_expected_is_the_cause_of_the_failure() -> None:
    refused = given(account, NINE).when(Decimal(40))
    for check in (refused.then_nothing, lambda: refused.then(NINE), lambda: refused.result(None)):
        with pytest.raises(AssertionError, match="refused") as caught:
            check()
        assert isinstance(caught.value.__cause__, InsufficientFunds)


def test_an_error_that_is_no_refusal_is_not_kept() -> None:
    def broken(_account: Account) -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError, match="bug"):
        given(Account).when(broken)


def test_a_history_that_cannot_be_stored_fails() -> None:
    with pytest.raises(InvalidPayload, match="grams"):
        given(Account, Weighed(grams=math.nan))
    with pytest.raises(InvalidPayload, match="amount"):
        given(account, Deposited(amount=Decimal("Infinity")))


def test_a_decision_that_cannot_be_stored_fails() -> None:
    with pytest.raises(InvalidPayload, match="grams"):
        given(Account).when(Account.weigh, math.inf)
    with pytest.raises(InvalidPayload, match="amount"):
        given(account, NINE).when(Decimal("-Infinity"))


def test_a_history_of_foreign_events_fails() -> None:
    with pytest.raises(DefinitionError, match=r"Stranger; .* given as upcasts="):
        given(Account, Stranger())


def test_the_class_of_an_event_is_told_from_an_event() -> None:
    with pytest.raises(DefinitionError, match=r"Deposited is the class of an event; give an event, as in Deposited\("):
        given(Account, Deposited)


class DepositedCents(Event):
    cents: int


class Moved(Event):
    amount: Decimal


def cents_were_stored(old: DepositedCents) -> Deposited:
    return Deposited(amount=Decimal(old.cents) / 100)


def moving_was_two(old: Moved) -> tuple[Deposited, Deposited]:
    return Deposited(amount=old.amount), Deposited(amount=old.amount)


def test_a_history_of_old_versions_is_given_with_the_upcasts_that_read_it() -> None:
    upcasts = (cents_were_stored, moving_was_two)
    old = (DepositedCents(cents=150), Moved(amount=Decimal(1)), NINE)
    given(Account, *old, upcasts=upcasts).when(Account.withdraw, Decimal("12.50")).result(Decimal(0))
    given(account, *old, upcasts=upcasts).when(Decimal("12.50")).then(Deposited(amount=Decimal("-12.50")))
    given(account, *old, upcasts=upcasts).when(Decimal("12.51")).raises(InsufficientFunds, balance=Decimal("12.5"))
    with pytest.raises(DefinitionError, match="Moved"):
        given(Account, *old, upcasts=upcasts[:1])


@pytest.mark.parametrize("wrong", [None, cents_were_stored])
def test_upcasts_of_a_history_are_a_list(wrong: object) -> None:
    for subject in (Account, account):
        with pytest.raises(DefinitionError, match=r"upcasts=.*; give a list of functions"):
            given(subject, upcasts=cast("Any", wrong))


@pytest.mark.parametrize("subject", [5, None, "Account"])
def test_what_has_no_history_is_refused_with_what_to_give(subject: object) -> None:
    with pytest.raises(InvalidInput, match=r"is about nothing; give an aggregate class, a decider, or a function"):
        given(cast("Any", subject))


def test_what_is_called_is_a_function_that_runs() -> None:
    def weighs(account: Account) -> Iterator[str]:
        yield account.weigh(1.0)

    with pytest.raises(InvalidInput, match="'weigh' is no function; give a method of Account"):
        given(Account).when(cast("Any", "weigh"))
    with pytest.raises(InvalidInput, match="weighs yields, and nothing of it was run"):
        given(Account).when(weighs)
