"""What the harbour's purser charges: a context in a package of its own, all of it a layer."""

from __future__ import annotations

from leftfold import Aggregate, Command, ConsumerView, Context, Event, IntegrationEvent, applies

__all__ = ["Charged", "billing"]

billing = Context("billing", team="Purser", package="tests.catalog.fees")


class FeeCharged(Event):
    ship: str
    fee: int


class ChargeFee(Command):
    ship: str
    length: int


class Charged(IntegrationEvent, name="billing.charged"):
    ship: str
    fee: int


class Account(Aggregate[FeeCharged], category="account"):
    owed: int = 0

    @applies
    def _charged(self, event: FeeCharged) -> None:
        self.owed += event.fee


class LongShip(ConsumerView, of="docks.moored", versions=">=2"):
    ship: str
    length: int


@billing.decides(Account, id="ship")
def charge_fee(command: ChargeFee, account: Account) -> None:
    account.record(FeeCharged(ship=command.ship, fee=command.length * 3))


@billing.publishes
def charged(event: FeeCharged) -> Charged:
    return Charged(ship=event.ship, fee=event.fee)


@billing.translates
def to_fee(event: LongShip) -> ChargeFee:
    return ChargeFee(ship=event.ship, length=event.length)
