"""The payment provider, as its customers see it: amounts are whole cents, and nobody has a say in that."""

from __future__ import annotations

from leftfold import Aggregate, Command, Context, Event, IntegrationEvent, applies

__all__ = ["ChargeSucceeded", "Succeed", "context"]

context = Context(
    "provider", team="a payment provider", purpose="Charge cards", package=__name__, published=(__name__,)
)


class Charged(Event, name="acme.Charged"):
    """A card was charged."""

    charge_id: str
    amount_cents: int


class Charge(Aggregate[Charged], category="acme_charge"):
    """One charge."""

    def succeed(self, amount_cents: int) -> None:
        """It did."""
        self.record(Charged(charge_id=self.id, amount_cents=amount_cents))

    @applies
    def _charged(self, event: Charged) -> None:
        pass


class Succeed(Command):
    """Let a charge succeed."""

    charge_id: str
    amount_cents: int


class ChargeSucceeded(IntegrationEvent, name="provider.charge_succeeded"):
    """What all customers get."""

    charge_id: str
    amount_cents: int


@context.decides(Charge, id="charge_id")
def succeed(command: Succeed, charge: Charge) -> None:
    """Decide."""
    charge.succeed(command.amount_cents)


@context.publishes
def charge_succeeded(event: Charged) -> ChargeSucceeded:
    """All of it."""
    return ChargeSucceeded(charge_id=event.charge_id, amount_cents=event.amount_cents)
