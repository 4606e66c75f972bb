"""A repository loads aggregates, changes them in one commit, and decides again on a conflict."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from leftfold import App, Conflict, DefinitionError, Expected, Metadata, NotFound, UnitOfWork
from leftfold.errors import InvalidAppend, ReadOnly, StoreClosed, UnknownEventType
from leftfold.handling import ATTEMPTS, loading, temporal
from leftfold.ids import new_id
from leftfold.store import NewEvent, ToStream
from tests.handling.bank import Account, Deposited, Empty, InsufficientFunds, Withdraw, Withdrawn, purse
from tests.turns import counted_turns


async def test_edit_stores_what_the_method_recorded_and_returns_its_result(app: App) -> None:
    accounts = app.repository(Account)
    receipt = await accounts.edit("A", Account.deposit, Decimal("12.50"))
    assert (receipt.result, receipt.position, receipt.repeated) == (Decimal("12.50"), 1, False)
    await accounts.edit("A", Account.withdraw, Decimal("2.50"), note="rent")
    account = await accounts.get("A")
    assert (account.balance, account.version) == (Decimal("10.00"), 2)
    assert [event.tags for event in await app.events.read("account-A")] == [(), ("note:rent",)]


async def test_an_edit_that_records_nothing_stores_nothing_and_says_where_the_log_is(app: App) -> None:
    accounts = app.repository(Account)
    await accounts.edit("A", Account.deposit, Decimal(5))
    receipt = await accounts.edit("A", Account.look)
    assert (receipt.result, receipt.position) == (Decimal(5), 1)
    assert await app.store.head() == 1


async def test_a_refusal_stores_nothing(app: App) -> None:
    accounts = app.repository(Account)
    await accounts.edit("A", Account.deposit, Decimal(5))
    with pytest.raises(InsufficientFunds) as refusal:
        await accounts.edit("A", Account.withdraw, Decimal(6))
    assert refusal.value.balance == Decimal(5)
    assert await app.store.head() == 1


async def test_what_is_only_loaded_is_sealed(app: App) -> None:
    accounts = app.repository(Account)
    await accounts.edit("A", Account.deposit, Decimal(5))
    account = await accounts.get("A")
    with pytest.raises(ReadOnly, match="edit"):
        account.deposit(Decimal(1))
    assert account.balance == Decimal(5)


async def test_an_aggregate_without_events_is_found_as_none_and_got_as_an_error(app: App) -> None:
    accounts = app.repository(Account)
    assert await accounts.find("A") is None
    with pytest.raises(NotFound) as missing:
        await accounts.get("A")
    assert missing.value.stream == "account-A"


async def test_while_a_long_stream_is_folded_or_its_history_read_others_have_their_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "_PAGE", 2)
    monkeypatch.setattr(temporal, "_PAGE", 2)
    async with App(Account, store="memory:") as app:
        accounts = app.repository(Account)
        await app.events.append("account-A", *[Deposited(amount=Decimal(1)) for _ in range(9)], expected=Expected.ANY)
        async with counted_turns() as turns:
            await asyncio.sleep(0)
            before = turns()
            assert (await accounts.get("A")).balance == Decimal(9)
            between = turns()
            assert len(await accounts.history("A", lambda account: account.balance)) == 9
            assert min(between - before, turns() - between) >= 4


async def test_edits_at_once_all_take_effect_once(app: App, url: str) -> None:
    async with App(Account, store=url) as other:
        repositories = [app.repository(Account), other.repository(Account)]
        await asyncio.gather(*(repositories[n % 2].edit("A", Account.deposit, Decimal(1)) for n in range(8)))
    account = await app.repository(Account).get("A")
    assert (account.balance, account.version) == (Decimal(8), 8)


async def test_a_conflict_that_does_not_end_is_reported_after_a_bounded_number_of_attempts(app: App) -> None:
    tries = 0
    await app.repository(Account).edit("A", Account.deposit, Decimal(1))

    async def overtaken(unit: UnitOfWork) -> None:
        nonlocal tries
        tries += 1
        account = await unit.repository(Account).get("A")
        await app.events.append("account-A", Deposited(amount=Decimal(1)), expected=Expected.ANY)
        account.deposit(Decimal(100))

    with pytest.raises(Conflict):
        await app.transact(overtaken)
    assert tries == ATTEMPTS
    assert (await app.repository(Account).get("A")).balance == 1 + ATTEMPTS


async def test_metadata_is_stored_beside_every_event(app: App) -> None:
    by_alice = app.repository(Account, metadata=Metadata(actor="alice", correlation_id="c-1", tenant="t"))
    await by_alice.edit("A", Account.open, "Alice")
    [event] = await app.events.read("account-A")
    assert (event.metadata.actor, event.metadata.correlation_id, event.metadata.tenant) == ("alice", "c-1", "t")


async def test_a_long_stream_is_folded_page_by_page(app: App) -> None:
    for start in range(0, 5_000, 1_000):
        await app.events.append("account-A", *(Deposited(amount=Decimal("0.01")) for _ in range(1_000)), expected=start)
    account = await app.repository(Account).get("A")
    assert (account.balance, account.version) == (Decimal("50.00"), 5_000)


async def test_an_event_of_an_unknown_type_stops_the_fold_and_is_named(app: App) -> None:
    await app.store.append(ToStream("account-A", 0, [NewEvent(id=new_id(), type="Depositted", data=b"{}")]))
    with pytest.raises(UnknownEventType) as unknown:
        await app.repository(Account).get("A")
    assert (unknown.value.stream, unknown.value.version, unknown.value.type) == ("account-A", 1, "Depositted")
    assert "Deposited" in str(unknown.value)


async def test_a_decider_decides_stores_and_folds(app: App) -> None:
    purses = app.repository(purse)
    await app.events.append("purse-P", Deposited(amount=Decimal(9)), expected=Expected.NO_STREAM)
    receipt = await purses.decide("P", Withdraw(amount=Decimal(4)))
    assert receipt.result == (Withdrawn(amount=Decimal(4)),)
    assert await purses.get("P") == Decimal(5)
    with pytest.raises(InsufficientFunds):
        await purses.decide("P", Withdraw(amount=Decimal(40)))
    await asyncio.gather(purses.decide("P", Empty()), purses.decide("P", Empty()))
    assert (await purses.get("P"), await app.store.head()) == (Decimal(0), 3)
    assert await purses.get("unknown") == Decimal(0)


async def test_a_class_that_is_no_part_of_the_app_is_refused(url: str) -> None:
    async with App(Account, store=url) as app:
        with pytest.raises(DefinitionError, match="purse"):
            app.repository(purse)


async def test_outside_async_with_an_app_says_so(url: str) -> None:
    app = App(Account, store=url)
    with pytest.raises(StoreClosed, match="async with"):
        app.repository(Account)


async def test_new_and_edit_know_where_they_belong(app: App) -> None:
    accounts = app.repository(Account)
    with pytest.raises(InvalidAppend, match="transact"):
        accounts.new("A")
