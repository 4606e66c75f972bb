"""The synchronous app is the same core, usable from threads, after a fork, and never from its own loop."""

from __future__ import annotations

import inspect
import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from leftfold import App, LeftfoldError, SyncApp, UnitOfWork
from leftfold.app import SyncDeciderRepository, SyncEventStore, SyncRepository, SyncTimeTravel
from leftfold.handling import AsOf, DeciderRepository, Repository, TimeTravel
from leftfold.store import EventStore, Expected
from tests.handling.bank import Account, Deposited, InsufficientFunds, Withdraw, purse


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bank.db"


def test_it_edits_and_reads_without_await(url: str) -> None:
    with App(Account, purse, store=url).sync() as app:
        accounts = app.repository(Account)
        assert accounts.edit("A", Account.deposit, Decimal(5)).result == 5
        assert accounts.find("B") is None
        with pytest.raises(InsufficientFunds):
            accounts.edit("A", Account.withdraw, Decimal(6))
        app.events.append("purse-P", Deposited(amount=Decimal(3)), expected=Expected.ANY)
        app.repository(purse).decide("P", Withdraw(amount=Decimal(1)))
        assert (accounts.get("A").balance, app.repository(purse).get("P")) == (Decimal(5), Decimal(2))
        assert [event.type for event in app.events.read_log().events] == ["Deposited", "Deposited", "Withdrawn"]


def test_states_of_other_times_are_read_without_await(url: str) -> None:
    with App(Account, purse, store=url).sync() as app:
        accounts, purses = app.repository(Account), app.repository(purse)
        for id, amount in (("A", 5), ("A", 2), ("B", 1)):
            accounts.edit(id, Account.deposit, Decimal(amount))
        app.events.append("purse-P", Deposited(amount=Decimal(3)), expected=Expected.ANY)
        assert accounts.at("A", version=1).balance == 5
        assert [change.value for change in accounts.history("A", lambda account: account.balance)] == [5, 7]
        assert [each.after for each in accounts.diff("A", AsOf(version=1), AsOf())] == ["7"]
        assert [(account.id, account.balance) for account in accounts.each()] == [("A", Decimal(7)), ("B", Decimal(1))]
        assert list(purses.each()) == [("P", Decimal(3))]
        assert (accounts.load("A").version, accounts.load("A").replayed) == (2, 2)


def test_a_unit_of_work_is_run_on_the_loop_and_may_not_call_back(url: str) -> None:
    with App(Account, store=url).sync() as app:

        async def work(unit: UnitOfWork) -> str:
            unit.repository(Account).new("A").open("Alice")
            with pytest.raises(LeftfoldError, match="await"):
                app.repository(Account).get("A")
            return "done"

        assert app.transact(work).result == "done"
        assert app.repository(Account).get("A").owner == "Alice"


def test_threads_share_it(url: str) -> None:
    with App(Account, store=url).sync() as app:
        accounts = app.repository(Account)
        threads = [
            threading.Thread(target=accounts.edit, args=(f"A{n % 4}", Account.deposit, Decimal(1))) for n in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [accounts.get(f"A{n}").balance for n in range(4)] == [4, 4, 4, 4]


def test_a_thread_follows_while_others_go_on(url: str) -> None:
    with App(Account, store=url).sync() as app:
        accounts, seen, caught_up = app.repository(Account), list[int](), threading.Event()
        accounts.edit("A", Account.deposit, Decimal(1))

        def follow() -> None:
            for page in app.events.follow(category="account"):
                seen.extend(event.position for event in page.events)
                caught_up.set()
                if page.position == 4:
                    return

        follower = threading.Thread(target=follow)
        follower.start()
        assert caught_up.wait(10)
        for _ in range(3):
            accounts.edit("A", Account.deposit, Decimal(1))
        follower.join(10)
        assert seen == [1, 2, 3, 4]


def test_a_thread_that_follows_is_told_when_the_app_is_closed(url: str) -> None:
    app = App(Account, store=url).sync()
    app.repository(Account).edit("A", Account.deposit, Decimal(1))
    ended, caught_up = list[LeftfoldError](), threading.Event()

    def follow() -> None:
        try:
            for _ in app.events.follow():
                caught_up.set()
        except LeftfoldError as error:
            ended.append(error)

    follower = threading.Thread(target=follow)
    follower.start()
    assert caught_up.wait(10)
    app.close()
    follower.join(10)
    assert len(ended) == 1


def test_a_closed_app_opens_again_at_the_next_call(url: str) -> None:
    app = App(Account, store=url).sync()
    app.repository(Account).edit("A", Account.deposit, Decimal(1))
    app.close()
    app.close()
    assert app.repository(Account).edit("A", Account.deposit, Decimal(1)).result == 2
    app.close()


def test_a_forked_child_opens_it_for_itself(url: str) -> None:
    with App(Account, store=url).sync() as app:
        app.repository(Account).edit("A", Account.deposit, Decimal(1))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                app.repository(Account).edit("A", Account.deposit, Decimal(1))
                app.close()
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert app.repository(Account).edit("A", Account.deposit, Decimal(1)).result == 3


@pytest.mark.parametrize(
    ("twin", "original"),
    [
        (SyncApp, App),
        (SyncRepository, Repository),
        (SyncDeciderRepository, DeciderRepository),
        (SyncEventStore, EventStore),
        (SyncTimeTravel, TimeTravel),
    ],
)
def test_every_synchronous_method_has_the_signature_of_its_original(twin: type[Any], original: type[Any]) -> None:
    names = [name for name, member in vars(twin).items() if inspect.isfunction(member) and name[0] != "_"]
    compared = [name for name in names if name != "close"]
    assert compared
    for name in compared:
        ours, theirs = inspect.signature(getattr(twin, name)), inspect.signature(getattr(original, name))
        assert list(ours.parameters.values()) == list(theirs.parameters.values()), name


@pytest.mark.parametrize(
    ("twin", "original"),
    [
        (SyncRepository, Repository),
        (SyncDeciderRepository, DeciderRepository),
        (SyncTimeTravel, TimeTravel),
    ],
)
def test_every_method_of_a_repository_has_a_synchronous_twin(twin: type[Any], original: type[Any]) -> None:
    asynchronous = {
        name
        for name, member in vars(original).items()
        if (inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member)) and name[0] != "_"
    }
    assert asynchronous
    assert asynchronous - set(vars(twin)) == set()


def test_the_synchronous_event_store_does_all_that_its_original_does() -> None:
    public = {name for name, member in vars(EventStore).items() if inspect.isfunction(member) and name[0] != "_"}
    assert public - set(vars(SyncEventStore)) == {"recorded", "commit"}  # of what only ports take and give
