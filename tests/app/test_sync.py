"""The synchronous app is the same core, usable from threads, after a fork, and never from its own loop."""

from __future__ import annotations

import inspect
import os
import signal
import threading
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from leftfold import App, LeftfoldError, SyncApp, UnitOfWork
from leftfold.app import (
    DeadLetters,
    Monitor,
    SyncDeadLetters,
    SyncDeciderRepository,
    SyncEventStore,
    SyncMonitor,
    SyncRepository,
    SyncTimeTravel,
)
from leftfold.app.processes import Processes
from leftfold.app.sagas import Sagas
from leftfold.app.sync_processes import SyncProcesses
from leftfold.app.sync_sagas import SyncSagas
from leftfold.errors import KeyParked
from leftfold.handling import AsOf, DeciderRepository, Repository, TimeTravel
from leftfold.store import EventStore, Expected
from leftfold.testing import ManualClock
from tests.app.shop import Place, Till, shop
from tests.handling.bank import Account, Deposited, InsufficientFunds, Withdraw, purse


class _Silent:
    def note(self, what: str) -> None:
        pass


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
        assert [each.version for each in accounts.between("A")] == [1, 2]
        assert [(account.id, account.balance) for account in accounts.each()] == [("A", Decimal(7)), ("B", Decimal(1))]
        assert list(purses.each()) == [("P", Decimal(3))]
        assert (accounts.load("A").version, accounts.load("A").replayed) == (2, 2)


def test_a_state_is_read_without_await_as_it_was_at_a_time(url: str) -> None:
    clock = ManualClock()
    with App(Account, store=url, clock=clock).sync() as app:
        accounts, before = app.repository(Account), clock.now()
        accounts.edit("A", Account.deposit, Decimal(5))
        clock.advance(timedelta(days=1))
        accounts.edit("A", Account.deposit, Decimal(2))
        assert accounts.at("A", recorded=before).balance == 5
        assert accounts.at("A", valid=before).balance == 5
        assert accounts.at("A", recorded=clock.now(), valid=clock.now()).balance == 7


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


def test_what_follows_is_looked_at_and_put_right_without_await(url: str) -> None:
    with App(shop, store=url, provide={Till: _Silent()}).sync() as app:
        bad = app.send(Place(order="A", cents=-1))
        app.monitor.wait("open_orders", position=bad.position)
        app.monitor.wait_for_cache("open_orders", position=bad.position)
        with pytest.raises(KeyParked, match="nobody pays us"):
            app.monitor.wait_for_version("open_orders", "order-A", 1, timeout=0.5)
        assert app.monitor.stream("open_orders", "order-A").behind == 0
        assert {name: told.misses for name, told in app.monitor.cache_stats().items()} == {"shop": 0}
        assert {lag.letters for lag in app.monitor.lags() if lag.name.startswith("open_orders")} == {1}
        (letter,) = app.dead_letters.all("open_orders")
        assert app.dead_letters.find(letter.id).subject == "A"
        event = app.dead_letters.event(letter)
        assert event is not None
        assert event.position == bad.position
        (still,) = app.dead_letters.replay(letter)
        assert "nobody pays us" in still.error
        app.dead_letters.drop(letter)
        assert list(app.dead_letters.all()) == []


def test_a_thread_waits_as_long_as_the_log_is_followed(url: str) -> None:
    app = App(shop, store=url, provide={Till: _Silent()}).sync()
    app.send(Place(order="A"))
    closing, ended_while_closing = threading.Event(), list[bool]()

    def wait() -> None:
        with suppress(LeftfoldError):
            app.followed()
        ended_while_closing.append(closing.is_set())

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.2)
    closing.set()
    for _ in range(100):
        app.close()  # once more where the thread was so late that it opened the app again
        waiting.join(0.1)
        if not waiting.is_alive():
            break
    assert ended_while_closing == [True]


def test_a_closed_app_opens_again_at_the_next_call(url: str) -> None:
    app = App(Account, store=url).sync()
    app.repository(Account).edit("A", Account.deposit, Decimal(1))
    app.close()
    app.close()
    assert app.repository(Account).edit("A", Account.deposit, Decimal(1)).result == 2
    app.close()


def test_threads_whose_first_calls_come_at_once_open_it_once(each_url: str) -> None:
    made, failed = App(Account, store=each_url), list[Exception]()
    for _ in range(5):
        app, go = made.sync(), threading.Barrier(4)

        def deposit(app: SyncApp, go: threading.Barrier, account: str) -> None:
            go.wait(10)
            try:
                app.repository(Account).edit(account, Account.deposit, Decimal(1))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told below
                failed.append(error)

        threads = [threading.Thread(target=deposit, args=(app, go, f"A{n}")) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        app.close()
    assert failed == []


def test_threads_that_close_it_while_others_call_leave_it_usable(url: str) -> None:
    app, failed, over = App(Account, store=url).sync(), list[Exception](), threading.Event()

    def deposit() -> None:
        while not over.is_set():
            with suppress(LeftfoldError):  # it was closed under this call
                app.repository(Account).edit("A", Account.deposit, Decimal(1))

    def close() -> None:
        for _ in range(50):
            try:
                app.close()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told below
                failed.append(error)

    calling = [threading.Thread(target=deposit) for _ in range(2)]
    closing = [threading.Thread(target=close) for _ in range(2)]
    for thread in (*calling, *closing):
        thread.start()
    for thread in closing:
        thread.join()
    over.set()
    for thread in calling:
        thread.join()
    app.close()
    with app:
        assert app.repository(Account).edit("B", Account.deposit, Decimal(1)).result == 1
    assert failed == []


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


def test_what_a_forked_child_stores_is_there_although_its_parent_closes_first(url: str) -> None:
    app, (opened, open_in_child), (closed, close_in_parent) = App(Account, store=url).sync(), os.pipe(), os.pipe()
    app.repository(Account).edit("A", Account.deposit, Decimal(1))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            app.repository(Account).edit("A", Account.deposit, Decimal(1))
            os.write(open_in_child, b".")
            os.read(closed, 1)
            app.repository(Account).edit("A", Account.deposit, Decimal(1))
            code = 0
        finally:
            os._exit(code)
    os.read(opened, 1)
    app.close()
    os.write(close_in_parent, b".")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert app.repository(Account).get("A").balance == 3
    app.close()


def test_children_that_are_forked_while_threads_write_open_it_for_themselves(url: str) -> None:
    with App(Account, store=url).sync() as app:
        over = threading.Event()

        def deposit() -> None:
            while not over.is_set():
                app.repository(Account).edit("A", Account.deposit, Decimal(1))

        threads = [threading.Thread(target=deposit) for _ in range(2)]
        for thread in threads:
            thread.start()
        children = [_forked(app, n) for n in range(8)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        over.set()
        for thread in threads:
            thread.join()
        assert codes == [0] * 8
        assert [app.repository(Account).get(f"C{n}").balance for n in range(8)] == [1] * 8


def _forked(app: SyncApp, number: int) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(5)
            app.repository(Account).edit(f"C{number}", Account.deposit, Decimal(1))
            app.close()
            code = 0
        finally:
            os._exit(code)
    return child


@pytest.mark.parametrize(
    ("twin", "original"),
    [
        (SyncApp, App),
        (SyncRepository, Repository),
        (SyncDeciderRepository, DeciderRepository),
        (SyncEventStore, EventStore),
        (SyncTimeTravel, TimeTravel),
        (SyncMonitor, Monitor),
        (SyncDeadLetters, DeadLetters),
        (SyncProcesses, Processes),
        (SyncSagas, Sagas),
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
        (SyncMonitor, Monitor),
        (SyncDeadLetters, DeadLetters),
        (SyncProcesses, Processes),
        (SyncSagas, Sagas),
    ],
)
def test_every_asynchronous_method_has_a_synchronous_twin(twin: type[Any], original: type[Any]) -> None:
    asynchronous = {
        name
        for name, member in vars(original).items()
        if (inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member)) and name[0] != "_"
    }
    assert asynchronous
    assert asynchronous - set(vars(twin)) == set()


def test_the_synchronous_app_does_all_that_its_original_does() -> None:
    public = {name for name in vars(App) if name[0] != "_"}
    of_its_composition = {"assembly", "codec", "contexts", "parts", "registry", "with_settings"}
    of_its_loop = {"running", "store", "sync"}
    assert public - set(vars(SyncApp)) == of_its_composition | of_its_loop


def test_the_synchronous_event_store_does_all_that_its_original_does() -> None:
    public = {name for name, member in vars(EventStore).items() if inspect.isfunction(member) and name[0] != "_"}
    assert public - set(vars(SyncEventStore)) == {"recorded", "commit", "refuse"}  # of what only ports take and give
