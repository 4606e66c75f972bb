"""Never run: what both type checkers accept, infer and refuse."""
# pyright: reportUnusedClass=false, reportUnusedExpression=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import assert_type

from leftfold.domain import Aggregate, Core, Decider, DomainError, Folding, Money, Rounding, applies
from leftfold.domain.lifecycle import core_of
from leftfold.messages import Codec, Encoded, Event, RecordedEvent, Registry, event
from leftfold.testing import GivenDecider, Then, given


class Opened(Event, name="opened", version=2):
    owner: str


@event(name="deposited")
@dataclass(frozen=True)
class Deposited:
    amount: Decimal


@event
@dataclass(frozen=True)
class Closed:
    reason: str = ""


AccountEvent = Opened | Deposited | Closed


class InsufficientFunds(DomainError):
    """Insufficient funds."""

    balance: Decimal
    requested: Decimal


class Account(Aggregate[AccountEvent], category="account"):
    balance: Decimal = Decimal(0)

    def withdraw(self, amount: Decimal, *, force: bool = False) -> Decimal:
        if amount > self.balance and not force:
            raise InsufficientFunds(balance=self.balance, requested=amount)
        self.record(Deposited(-amount), tags=("x",))
        return self.balance

    @applies
    def _opened(self, event: Opened) -> None:
        assert_type(event.owner, str)

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balance += event.amount

    @applies
    def _closed(self, event: Closed) -> None: ...

    @applies  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportUntypedFunctionDecorator]
    def _no_parameter(self) -> None: ...


@dataclass(frozen=True)
class Empty: ...


def evolve(balance: Decimal, event: AccountEvent) -> Decimal:
    match event:
        case Opened() | Closed():
            return balance
        case Deposited(amount=amount):
            return balance + amount


def decide(command: Deposited | Empty, balance: Decimal) -> list[AccountEvent]:
    return [Deposited(balance)] if command else []


def of_another_state(command: Empty, balance: int) -> list[AccountEvent]:
    return [Deposited(Decimal(balance))] if command else []


account = Decider(decide, evolve, Decimal(0), category="account")
Decider(of_another_state, evolve, Decimal(0), category="account")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

registry = Registry("bank", AccountEvent, Opened | Closed, Deposited, aliases={"old": Opened})


def messages(recorded: RecordedEvent[Opened]) -> None:
    assert_type(recorded.event, Opened)
    wider: list[RecordedEvent[AccountEvent]] = [recorded]
    assert_type(wider[0].event, AccountEvent)
    assert_type(Codec(registry).encode(recorded.event), Encoded)
    assert_type(Deposited, type[Deposited])
    Opened("U")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Opened(owner=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Opened(owner="U").owner = "V"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def refusals() -> None:
    assert_type(InsufficientFunds(balance=Decimal(1), requested=Decimal(2)).balance, Decimal)
    InsufficientFunds(balance=Decimal(1))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    InsufficientFunds(balance=1, requested=Decimal(2))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def aggregates(codec: Codec) -> None:
    one = Account("A")
    assert_type(one.id, str)
    assert_type(one.version, int)
    assert_type(core_of(Account), Core[Account])
    assert_type(Folding(core_of(Account), codec), Folding[Account])
    one.record(InsufficientFunds)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    one.record(Empty())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Account()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def deciders() -> None:
    assert_type(account, Decider[Deposited | Empty, Decimal, AccountEvent])
    assert_type(core_of(account), Core[Decimal])


def tests() -> None:
    assert_type(given(Account, Opened(owner="U")).when(Account.withdraw, Decimal(1), force=True), Then[Decimal])
    given(Account).when(Account.withdraw, Decimal(1)).then(Closed()).result(Decimal(2))
    given(Account).when(Account.withdraw, "1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    given(Account).when(Account.withdraw)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert_type(given(account, Closed(), Deposited(Decimal(1))), GivenDecider[Deposited | Empty, Decimal, AccountEvent])
    given(account).when(Empty()).raises(InsufficientFunds, balance=Decimal(1))
    given(account).when(Closed())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    given(account, Empty())  # type: ignore[misc]  # pyright: ignore[reportArgumentType, reportCallIssue]


def money(price: Money, convert: Callable[[Money], Decimal]) -> None:
    assert_type(price + price, Money)
    assert_type(2 * price, Money)
    assert_type(price.times(Decimal("0.5"), Rounding.HALF_EVEN).allocate(1, 2), tuple[Money, ...])
    assert_type(convert(-price), Decimal)
    price * Decimal("0.5")  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
    Money.of(0.1, "USD")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def names_that_no_room_has() -> None:
    from leftfold import Nowhere  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
    from leftfold.app import Nowhere as Nor  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

    Nowhere()
    Nor()
