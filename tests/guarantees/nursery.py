"""A process that forks children which append and kill themselves at the Nth call of their database driver.

Each line of input is an `Order`. A child writes an `Acknowledged` line for every append it is told about, a `Changed`
line for every change of a snapshot, and an `Answered` line for every command; when it has ended, however it did, the
nursery writes an `Ended` line. The nursery itself has no threads and no connections, so forking it is safe and much
faster than starting a new interpreter.

On SQLite the calls are every execute, executemany, fetch and commit; on PostgreSQL every send and receive on the
driver's socket. The child dies right before a call and right after it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal, ParamSpec, TypeVar, cast, get_args

import msgspec
from msgspec import Struct

from leftfold.store.port import Store
from tests.guarantees.children import begin_child, say
from tests.guarantees.commanding import send_commands
from tests.guarantees.keeping_up import Errand, Work, keep_up
from tests.guarantees.places import open_place
from tests.guarantees.plan import Acknowledged, Planned, append_planned, plan_of
from tests.guarantees.sales import SaleOrder, sell
from tests.guarantees.snapping import change_snapshots

__all__ = ["Ended", "Order"]

P = ParamSpec("P")
R = TypeVar("R")


class Order(Struct, frozen=True):
    """What the next child does.

    Args:
        url: of the store.
        run: number of the plan.
        step: which call kills it, counted from 1, two for every call: before it and after it.
        work: what it does until then.
        also: see `Errand`, like *mailed*; for a sale the case, and its ledger.
    """

    url: str
    run: int
    step: int
    work: Literal["appends", "snapshots", "commands", "sells"] | Work = "appends"
    also: str = ""
    mailed: str = ""


class Ended(Struct, frozen=True):
    """How it ended: minus the signal, or its exit code."""

    ended: int


class Countdown:
    """Kills this process at its last step."""

    def __init__(self, steps: int) -> None:
        self._left = steps
        self.taken = 0
        """How many steps were taken."""

    def step(self) -> None:
        """One step nearer."""
        self.taken += 1
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[P, R]) -> Callable[P, R]:
        """*call*, with a step before it and one after it."""

        def stepping(*args: P.args, **kwargs: P.kwargs) -> R:
            self.step()
            result = call(*args, **kwargs)
            self.step()
            return result

        return stepping


def wrap_sqlite(countdown: Countdown) -> None:
    """Count every call on SQLite's cursors and connections."""

    class Cursor(sqlite3.Cursor):
        pass

    class Connection(sqlite3.Connection):
        def cursor(self, factory: object = None) -> sqlite3.Cursor:  # type: ignore[override]
            return super().cursor(Cursor)

        def execute(self, *args: object) -> sqlite3.Cursor:
            execute: Callable[..., sqlite3.Cursor] = self.cursor().execute
            return execute(*args)

    for name in ("execute", "executemany", "fetchone", "fetchall", "fetchmany"):
        setattr(Cursor, name, _method(countdown, getattr(sqlite3.Cursor, name)))
    for name in ("commit", "rollback"):
        setattr(Connection, name, _method(countdown, getattr(sqlite3.Connection, name)))
    setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Connection))  # noqa: B010 - the driver, wrapped


def wrap_sockets(countdown: Countdown) -> None:
    """Count every send and receive on an internet socket."""
    for name in ("send", "sendmsg", "recv", "recv_into"):
        plain: Callable[..., object] = getattr(socket.socket, name)
        setattr(socket.socket, name, _chosen(plain, _method(countdown, plain)))


def _chosen(plain: Callable[..., object], counted: Callable[..., object]) -> Callable[..., object]:
    def choose(self: socket.socket, *args: object) -> object:
        return (counted if self.family == socket.AF_INET else plain)(self, *args)

    return choose


def _method(countdown: Countdown, call: Callable[..., object]) -> Callable[..., object]:
    stepping: Callable[..., object] = countdown.around(call)

    def method(self: object, *args: object) -> object:  # a function, so that it binds
        return stepping(self, *args)

    return method


async def live(order: Order, countdown: Countdown) -> None:
    """Append the whole plan, or do the other work of the order, telling the parent of each acknowledgement."""
    if order.work == "sells":
        await sell(SaleOrder(order.url, order.run, order.also, order.mailed), lambda: countdown.taken)
        return
    if order.work in get_args(Work):
        await keep_up(cast("Work", order.work), Errand(order.url, order.also, order.mailed), order.run)
        return
    store = await open_place(order.url)
    if order.work == "snapshots":
        await change_snapshots(store, order.run)
    if order.work == "commands":
        await send_commands(store, order.run)
    numbers = iter(range(1_000))
    for together in plan_of(order.run) if order.work == "appends" else ():
        await asyncio.gather(*(_append(store, planned, next(numbers)) for planned in together))
    await store.close()


async def _append(store: Store, planned: Planned, number: int) -> None:
    appended = await append_planned(store, planned)
    say(Acknowledged(number, appended.position, appended.versions, appended.repeated))


def child(order: Order) -> int:
    """The forked child's life; returns its exit code."""
    begin_child()
    countdown = Countdown(order.step)
    if order.url.startswith("sqlite:"):
        wrap_sqlite(countdown)
    else:
        wrap_sockets(countdown)
    try:
        asyncio.run(live(order, countdown))
    except BaseException:  # noqa: BLE001 - the parent must hear of it, whatever it is
        traceback.print_exc()
        return 1
    return 0


def main(orders: Iterable[bytes]) -> None:
    """Raise one child after another."""
    for line in orders:
        pid = os.fork()
        if pid == 0:
            os._exit(child(msgspec.json.decode(line, type=Order)))
        _, status = os.waitpid(pid, 0)
        say(Ended(os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    main(sys.stdin.buffer)
