"""A unit of work stores what several aggregates recorded in one commit, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import copy, deepcopy
from decimal import Decimal

import pytest

from leftfold import App, Conflict, NotFound, Repository, UnitOfWork
from leftfold.errors import InvalidAppend, ReadOnly
from tests.handling.bank import Account, InsufficientFunds


async def _funded(app: App, **balances: int) -> None:
    for id, balance in balances.items():
        await app.repository(Account).edit(id, Account.deposit, Decimal(balance))


async def _balances(app: App, *ids: str) -> list[Decimal]:
    accounts = app.repository(Account)
    return [(await accounts.get(id)).balance for id in ids]


async def test_several_aggregates_are_stored_in_one_commit(app: App) -> None:
    await _funded(app, A=10, B=0)

    async def transfer(unit: UnitOfWork) -> str:
        accounts = unit.repository(Account)
        (await accounts.get("A")).withdraw(Decimal(4))
        (await accounts.get("B")).deposit(Decimal(4))
        return "moved"

    receipt = await app.transact(transfer)
    assert (receipt.result, receipt.position) == ("moved", 4)
    assert await _balances(app, "A", "B") == [6, 4]
    _, _, out, into = (await app.events.read_log()).events
    assert out.recorded_at == into.recorded_at


async def test_when_the_work_raises_nothing_of_it_is_stored(app: App) -> None:
    await _funded(app, A=1, B=0)

    async def transfer(unit: UnitOfWork) -> None:
        accounts = unit.repository(Account)
        (await accounts.get("B")).deposit(Decimal(4))
        (await accounts.get("A")).withdraw(Decimal(4))

    with pytest.raises(InsufficientFunds):
        await app.transact(transfer)
    assert await app.store.head() == 2


async def test_the_same_id_is_the_same_object_and_sees_what_it_recorded(app: App) -> None:
    async def work(unit: UnitOfWork) -> None:
        accounts = unit.repository(Account)
        assert await accounts.find("A") is None
        accounts.new("A").open("Alice")
        found = await unit.repository(Account).get("A")
        found.deposit(Decimal(3))
        assert (await accounts.get("A")).balance == 3
        with pytest.raises(NotFound):
            await accounts.get("B")

    await app.transact(work)
    assert [event.type for event in await app.events.read("account-A")] == ["AccountOpened", "Deposited"]


async def test_of_two_who_open_the_same_account_one_gets_a_conflict(app: App) -> None:
    async def open_it(unit: UnitOfWork) -> None:
        unit.repository(Account).new("A").open("Alice")

    outcomes = await asyncio.gather(app.transact(open_it), app.transact(open_it), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Receipt"]
    assert await app.store.head() == 1
    with pytest.raises(Conflict):
        await app.transact(open_it)


async def test_new_after_loading_events_is_refused(app: App) -> None:
    await _funded(app, A=1)

    async def work(unit: UnitOfWork) -> None:
        accounts = unit.repository(Account)
        await accounts.get("A")
        accounts.new("A")

    with pytest.raises(InvalidAppend, match="not new"):
        await app.transact(work)


async def test_edit_inside_a_unit_of_work_is_refused(app: App) -> None:
    async def work(unit: UnitOfWork) -> None:
        await unit.repository(Account).edit("A", Account.deposit, Decimal(1))

    with pytest.raises(InvalidAppend, match="commit twice"):
        await app.transact(work)
    assert await app.store.head() == 0


async def test_the_work_runs_again_with_fresh_aggregates_after_a_conflict(app: App) -> None:
    await _funded(app, A=10, B=10)
    runs = 0

    async def swap(unit: UnitOfWork) -> None:
        nonlocal runs
        runs += 1
        accounts = unit.repository(Account)
        source, target = await accounts.get("A"), await accounts.get("B")
        if runs == 1:
            await app.repository(Account).edit("A", Account.withdraw, Decimal(9))
        amount = source.balance
        source.withdraw(amount)
        target.deposit(amount)

    await app.transact(swap)
    assert runs == 2
    assert await _balances(app, "A", "B") == [0, 11]


async def test_what_is_loaded_at_once_by_the_same_id_is_the_same_object(each_url: str) -> None:
    async with App(Account, store=each_url) as app:
        await _funded(app, A=1)

        async def work(unit: UnitOfWork) -> None:
            accounts = unit.repository(Account)
            first, second = await asyncio.gather(accounts.get("A"), accounts.get("A"))
            first.deposit(Decimal(10))
            second.deposit(Decimal(100))
            assert first is second
            finding = asyncio.ensure_future(accounts.find("B"))
            await asyncio.sleep(0)
            new = accounts.new("B")
            new.deposit(Decimal(5))
            assert await finding in (None, new)

        await app.transact(work)
        assert await _balances(app, "A", "B") == [111, 5]


async def test_nothing_is_recorded_any_more_once_the_work_has_returned(app: App) -> None:
    await _funded(app, A=1, B=1)

    async def work(unit: UnitOfWork) -> tuple[Repository[Account], Account, Account]:
        accounts = unit.repository(Account)
        first, second = await accounts.get("A"), await accounts.get("B")
        first.deposit(Decimal(1))
        return accounts, first, second

    accounts, *loaded = (await app.transact(work)).result
    for account in loaded:
        with pytest.raises(ReadOnly, match="has ended"):
            account.deposit(Decimal(1))
    with pytest.raises(InvalidAppend, match="has ended"):
        await accounts.get("A")
    with pytest.raises(InvalidAppend, match="has ended"):
        accounts.new("C")
    assert await _balances(app, "A", "B") == [2, 1]


@pytest.mark.parametrize("copied", [copy, deepcopy])
async def test_what_is_tried_on_a_copy_is_not_stored_and_spoils_nothing(
    app: App, copied: Callable[[Account], Account]
) -> None:
    await _funded(app, A=1)

    async def work(unit: UnitOfWork) -> Decimal:
        account = await unit.repository(Account).get("A")
        account.deposit(Decimal(10))
        trial = copied(account)
        trial.deposit(Decimal(100))
        account.deposit(Decimal(1000))
        return trial.balance

    assert (await app.transact(work)).result == 111
    assert await _balances(app, "A") == [1011]


async def test_what_is_made_by_hand_and_records_is_refused_for_nobody_would_store_it(app: App) -> None:
    await _funded(app, A=1)

    async def work(unit: UnitOfWork) -> Decimal:
        (await unit.repository(Account).get("A")).deposit(Decimal(10))
        account = Account("B")
        account.deposit(Decimal(100))
        return account.balance

    with pytest.raises(InvalidAppend, match=r"<Account 'B' at version 1> has recorded .* new\('B'\), get or find"):
        await app.transact(work)
    assert await _balances(app, "A") == [1]

    async def trial(_unit: UnitOfWork) -> Decimal:
        account = copy(Account("B"))
        account.deposit(Decimal(100))
        return account.balance

    assert (await app.transact(trial)).result == 100
    account = Account("B")  # outside of any decision, as in tests
    account.deposit(Decimal(100))
    assert account.balance == 100
