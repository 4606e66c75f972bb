"""An app whose projections and reactions can be made to fail, and workers that follow for it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from leftfold import Aggregate, App, Command, Context, Event, Query, ReadModel, applies
from leftfold.domain import DomainError
from leftfold.handling import logged
from leftfold.subscriptions import Failing, Policy, Retry
from tests.cli.command import Leftfold, command, environment
from tests.conftest import ROOT

__all__ = [
    "APP",
    "BROKEN",
    "EMPTY",
    "FOLD_GATE",
    "GATE",
    "INLINE",
    "READY",
    "TWO",
    "UNRATED",
    "Deposit",
    "Worker",
    "app",
    "balance",
    "empty",
    "followers",
    "inline",
    "sent",
    "two",
    "unrated",
]

APP: Final = "tests.cli.savings:app"
EMPTY: Final = "tests.cli.savings:empty"
INLINE: Final = "tests.cli.savings:inline"
TWO: Final = "tests.cli.savings:two"
UNRATED: Final = "tests.cli.savings:unrated"
BROKEN: Final = "SAVINGS_BROKEN"
"""While this is set, nothing can be made of a deposit of 13 cents."""
GATE: Final = "SAVINGS_GATE"
"""Begins the names of two pipes; the reaction writes to one, and waits for the other."""
FOLD_GATE: Final = "SAVINGS_FOLD_GATE"
"""The same for folding a balance."""
READY: Final = re.compile(r"leftfold work: ready, following 2 projections, 1 reaction \(pid (\d+)\)\n")


class NoMoney(DomainError):
    """The account has not got so much."""

    cents: int


class Deposited(Event, name="savings.Deposited"):
    account: str
    cents: int


class Account(Aggregate[Deposited], category="savings"):
    balance: int = 0

    def deposit(self, cents: int) -> None:
        if self.balance + cents < 0:
            raise NoMoney(cents=-cents)
        self.record(Deposited(account=self.id, cents=cents))

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balance += event.cents


class Deposit(Command):
    account: str
    cents: int


@dataclass(frozen=True)
class Balance:
    account: str
    cents: int


@dataclass(frozen=True)
class Visits:
    account: str
    count: int


class GetBalance(Query[Balance | None]):
    account: str


savings = Context("savings")
_ONCE = Retry(attempts=1)


def _check(cents: int) -> None:
    if cents == 13 and os.environ.get(BROKEN):
        raise RuntimeError("13 is broken")


def _pass(variable: str) -> None:
    """Say that it has begun, and go on when told to."""
    if gate := os.environ.get(variable):
        Path(f"{gate}.began").write_text("began")
        Path(f"{gate}.go").read_text()
        Path(f"{gate}.done").touch()


@savings.decides(Account, id="account")
def deposit(command: Deposit, account: Account) -> None:
    account.deposit(command.cents)


@savings.projection(key="account", policy=Policy(retry=_ONCE))
def balances(row: Balance | None, event: Deposited) -> Balance:
    _check(event.cents)
    _pass(FOLD_GATE)
    return Balance(event.account, event.cents + (row.cents if row else 0))


@savings.projection(key="account", policy=Policy(failing=Failing.SKIP, retry=_ONCE))
def visits(row: Visits | None, event: Deposited) -> Visits:
    _check(event.cents)
    return Visits(event.account, 1 + (row.count if row else 0))


@savings.query
async def get_balance(query: GetBalance, rows: ReadModel[Balance]) -> Balance | None:
    return await rows.get(query.account)


@savings.on(Deposited)
async def notify(_event: Deposited) -> None:
    await asyncio.to_thread(_pass, GATE)


app = App(savings, store="memory:", middleware=[logged()])


def inline() -> App:
    """The same; balances are written by every append."""
    return App(savings, store="memory:", inline=["balances"])


def empty() -> App:
    """An app that follows nothing."""
    return App(Account, store="memory:")


def two() -> App:
    """An app of two contexts."""
    other = Context("other")
    other.includes(Account)

    @other.projection(key="account")
    def counted(row: Visits | None, event: Deposited) -> Visits:
        return Visits(event.account, 1 + (row.count if row else 0))

    return App(savings, other, store="memory:")


class GetRate(Query[dict[str, float]]):
    pass


def unrated() -> App:
    """An app whose answer is no number."""
    rates = Context("rates")

    @rates.query
    async def get_rate(_query: GetRate) -> dict[str, float]:
        return {"rate": float("nan")}

    return App(rates, store="memory:")


class Worker:
    """`leftfold work` as a process of its own, up to its ready line; killed at the end of a `with` block."""

    def __init__(self, url: str, *arguments: str, app: str = APP, **environ: str) -> None:
        self.process = subprocess.Popen(
            command("work", "--app", app, "--store", url, "--lease", "2", "--poll", "0.2", *arguments),
            cwd=ROOT,
            env=environment(**environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self.process.pid

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send it a signal; its exit code, and what it said on standard error."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


def sent(leftfold: Leftfold, url: str, cents: int = 5, account: str = "A") -> int:
    """Deposit, and return the position."""
    given = json.dumps({"account": account, "cents": cents})
    ran = leftfold("send", "Deposit", given, "--json", "--app", APP, "--store", url)
    assert ran.code == 0, ran.err
    position = ran.lines[0]["position"]
    assert isinstance(position, int)
    return position


def balance(leftfold: Leftfold, url: str, after: int = 0) -> object:
    """What the read model says of account A once it shows everything up to *after*."""
    asked = ("query", "GetBalance", '{"account": "A"}', "--json", "--app", APP, "--store", url)
    ran = leftfold(*asked, "--after", str(after), "--timeout", "30")
    assert ran.code == 0, ran.err
    answer = json.loads(ran.out)
    return answer and answer["cents"]


def followers(leftfold: Leftfold, url: str) -> dict[str, dict[str, object]]:
    """What `leftfold projections` says, by name."""
    ran = leftfold("projections", "--json", "--app", APP, "--store", url)
    assert ran.code == 0, ran.err
    return {str(one["name"]): one for one in ran.lines}
