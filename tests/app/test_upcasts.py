"""An app with upcasts: what it refuses to be made of, and that everything it reads is of today."""

from __future__ import annotations

from decimal import Decimal

import pytest

from leftfold import Aggregate, App, DefinitionError, Event, applies
from leftfold.store import Expected
from tests.handling.bank import Account, Deposited, Withdrawn, purse


class Paid(Event):
    cents: int


class Moved(Event):
    cents: int


def paid_is_deposited(old: Paid) -> Deposited:
    return Deposited(amount=Decimal(old.cents) / 100)


def moved_is_two(old: Moved) -> tuple[Deposited, Withdrawn]:
    return Deposited(amount=Decimal(old.cents)), Withdrawn(amount=Decimal(old.cents))


def withdrawals_are_forgotten(_old: Withdrawn) -> None:
    return None


async def test_repositories_deciders_and_reads_see_events_of_today() -> None:
    async with App(Account, purse, store="memory:", upcasts=[paid_is_deposited, moved_is_two]) as app:
        for stream in ("account-A", "purse-A"):
            await app.events.append(stream, Paid(cents=250), Moved(cents=9), expected=Expected.NO_STREAM)
        accounts = app.repository(Account)
        await accounts.edit("A", Account.deposit, Decimal(1))
        assert ((await accounts.get("A")).balance, (await accounts.get("A")).version) == (Decimal("3.5"), 3)
        assert await app.repository(purse).get("A") == Decimal("2.5")
        read = [event.event for event in await app.events.read("account-A")]
        assert read == [
            Deposited(amount=Decimal("2.5")),
            Deposited(amount=Decimal(9)),
            Withdrawn(amount=Decimal(9)),
            Deposited(amount=Decimal(1)),
        ]


def test_the_synchronous_app_reads_them_too() -> None:
    with App(Account, store="memory:", upcasts=[paid_is_deposited]).sync() as app:
        app.events.append("account-A", Paid(cents=250), expected=0)
        assert app.repository(Account).get("A").balance == Decimal("2.5")
        assert [event.event for event in app.events.read_log().events] == [Deposited(amount=Decimal("2.5"))]


def test_an_event_of_a_vocabulary_that_is_upcast_is_a_finding_for_every_part_of_the_app() -> None:
    class Ledger(Aggregate[Withdrawn]):
        @applies
        def _withdrew(self, event: Withdrawn) -> None: ...

    with pytest.raises(DefinitionError) as caught:
        App(Account, Ledger, purse, store="memory:", upcasts=[withdrawals_are_forgotten])
    findings = caught.value.findings
    assert [finding.partition(", but ")[0] for finding in findings] == [
        f"Withdrawn is of the vocabulary of '{category}'" for category in ("account", "ledger", "purse")
    ]
    assert all("withdrawals_are_forgotten upcasts it" in finding for finding in findings)
    assert all(finding.endswith("take it out of the vocabulary") for finding in findings)


def test_an_upcast_that_leads_nowhere_is_found_when_the_app_is_made() -> None:
    with pytest.raises(DefinitionError, match="moved_is_two returns Withdrawn, which is neither registered"):
        App(Depositing, store="memory:", upcasts=[moved_is_two])


class Depositing(Aggregate[Deposited]):
    @applies
    def _deposited(self, event: Deposited) -> None: ...
