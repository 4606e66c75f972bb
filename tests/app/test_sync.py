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
from leftfold.app import SyncDeciderRepository, SyncEventStore, SyncRepository
from leftfold.handling import DeciderRepository, Repository
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
    ],
)
def test_every_synchronous_method_has_the_signature_of_its_original(twin: type[Any], original: type[Any]) -> None:
    names = [name for name, member in vars(twin).items() if inspect.isfunction(member) and name[0] != "_"]
    compared = [name for name in names if name != "close"]
    assert compared
    for name in compared:
        ours, theirs = inspect.signature(getattr(twin, name)), inspect.signature(getattr(original, name))
        assert list(ours.parameters.values()) == list(theirs.parameters.values()), name


def test_every_method_of_a_repository_has_a_synchronous_twin() -> None:
    missing = {
        name for name, member in vars(Repository).items() if inspect.iscoroutinefunction(member) and name[0] != "_"
    } - set(vars(SyncRepository))
    assert missing == set()
