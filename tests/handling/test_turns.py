"""Decisions of one process over one stream take turns after they have met, and none is lost to the others."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from decimal import Decimal
from weakref import WeakSet

import pytest

from leftfold import App, Conflict, Expected, Receipt, UnitOfWork
from leftfold.errors import InvalidAppend
from leftfold.handling import turns
from tests.handling.bank import Account, Deposited, Withdraw, purse

_TASKS, _ROUNDS = 20, 15


@pytest.fixture
async def app(each_url: str) -> AsyncIterator[App]:
    async with App(Account, purse, store=each_url) as app:
        yield app


class _Request:
    """What a program has in the context of its tasks."""


_REQUEST = ContextVar[_Request]("request")


class _Busy:
    """A decision over account *id* that has met a conflict, and holds its turn until it is let go."""

    def __init__(self, app: App, id: str) -> None:
        self._app = app
        self._id = id
        self._tries = 0
        self._goes_on = asyncio.Event()
        self._holds = asyncio.Event()
        self._meanwhile: Callable[[], Awaitable[object]] = self._goes_on.wait

    async def begin(self, meanwhile: Callable[[], Awaitable[object]] | None = None) -> asyncio.Task[Receipt[None]]:
        """Begin it; it holds its turn when this returns."""
        self._meanwhile = meanwhile or self._goes_on.wait
        task = asyncio.create_task(self._app.transact(self._decide))
        await self._holds.wait()
        return task

    def let_go(self) -> None:
        self._goes_on.set()

    async def _decide(self, unit: UnitOfWork) -> None:
        self._tries += 1
        account = await unit.repository(Account).get(self._id)
        if self._tries == 1:
            await self._app.events.append(f"account-{self._id}", Deposited(amount=Decimal(1)), expected=Expected.ANY)
        elif self._tries == 2:
            self._holds.set()
            await self._meanwhile()
        account.deposit(Decimal(100))


async def test_however_many_decide_over_one_stream_at_once_none_is_lost(app: App) -> None:
    async def one() -> None:
        for n in range(_ROUNDS):
            if n % 2:
                await app.repository(Account).edit("A", Account.deposit, Decimal(1))
            else:
                await app.repository(purse).decide("A", Withdraw(amount=Decimal(0)))

    await asyncio.gather(*(one() for _ in range(_TASKS)))
    account = await app.repository(Account).get("A")
    assert account.version == _TASKS * (_ROUNDS // 2)
    assert len(await app.events.read("purse-A")) == _TASKS * (_ROUNDS - _ROUNDS // 2)


async def test_decisions_over_two_streams_that_cross_are_not_lost_and_do_not_wait_for_each_other(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 60.0)

    def moving(source: str, target: str) -> Callable[[UnitOfWork], Awaitable[None]]:
        async def move(unit: UnitOfWork) -> None:
            accounts = unit.repository(Account)
            (await accounts.get(source)).withdraw(Decimal(1))
            (await accounts.get(target)).deposit(Decimal(1))

        return move

    async def one(source: str, target: str) -> None:
        for _ in range(_ROUNDS):
            await app.transact(moving(source, target))

    for id in "AB":
        await app.repository(Account).edit(id, Account.deposit, Decimal(1_000))
    async with asyncio.timeout(30):
        await asyncio.gather(*(one(*("AB" if n % 2 else "BA")) for n in range(_TASKS)))
    left = [await app.repository(Account).get(id) for id in "AB"]
    assert [(account.balance, account.version) for account in left] == [(Decimal(1_000), 1 + _TASKS * _ROUNDS)] * 2


async def test_who_comes_to_a_stream_with_a_line_waits_and_is_served_in_order(app: App) -> None:
    await app.repository(Account).edit("A", Account.deposit, Decimal(1))
    busy = _Busy(app, "A")
    first = await busy.begin()
    others = [asyncio.create_task(app.repository(Account).edit("A", Account.deposit, Decimal(n))) for n in range(2, 6)]
    await app.repository(Account).edit("B", Account.deposit, Decimal(1))
    assert not any(task.done() for task in others)
    others[1].cancel()
    busy.let_go()
    await asyncio.gather(first, *others, return_exceptions=True)
    stored = [event.event for event in await app.events.read("account-A")]
    assert stored == [Deposited(amount=Decimal(n)) for n in (1, 1, 100, 2, 4, 5)]


async def test_a_turn_that_is_broken_off_is_the_next_ones(app: App) -> None:
    await app.repository(Account).edit("A", Account.deposit, Decimal(1))
    first = await _Busy(app, "A").begin()
    second = asyncio.create_task(app.repository(Account).edit("A", Account.deposit, Decimal(1)))
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(turns.PATIENCE_S / 2):
        assert (await second).position == 3


async def test_who_breaks_off_between_two_turns_leaves_the_first_to_others(app: App) -> None:
    for id in "AB":
        await app.repository(Account).edit(id, Account.deposit, Decimal(1))
    loaded, ends = asyncio.Event(), asyncio.Event()

    async def both(unit: UnitOfWork) -> None:
        for id in "AB":
            (await unit.repository(Account).get(id)).deposit(Decimal(1))
        loaded.set()
        await ends.wait()

    second = asyncio.create_task(app.transact(both))
    await loaded.wait()
    busy = _Busy(app, "B")
    first = await busy.begin()
    ends.set()
    third = asyncio.create_task(app.repository(Account).edit("A", Account.deposit, Decimal(1)))
    while (await asyncio.wait((third,), timeout=0.2))[0]:  # until one comes after the second
        third = asyncio.create_task(app.repository(Account).edit("A", Account.deposit, Decimal(1)))
    second.cancel()
    async with asyncio.timeout(turns.PATIENCE_S / 2):
        await third
    busy.let_go()
    await first


async def test_a_decision_that_hangs_stops_no_other(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    await app.repository(Account).edit("A", Account.deposit, Decimal(1))
    busy = _Busy(app, "A")
    hanging = await busy.begin()
    monkeypatch.setattr(turns, "PATIENCE_S", 0.05)
    assert (await app.repository(Account).edit("A", Account.deposit, Decimal(1))).position == 3
    busy.let_go()
    await hanging
    assert (await app.repository(Account).get("A")).balance == 1 + 1 + 1 + 100


async def test_decisions_inside_others_do_not_wait_for_each_other(app: App) -> None:
    for id in "AB":
        await app.repository(Account).edit(id, Account.deposit, Decimal(1))
    both = asyncio.Barrier(2)

    def inside(id: str) -> Callable[[], Awaitable[object]]:
        async def send() -> None:
            await both.wait()
            await app.repository(Account).edit(id, Account.deposit, Decimal(10))

        return send

    a = await _Busy(app, "A").begin(inside("B"))
    b = await _Busy(app, "B").begin(inside("A"))
    async with asyncio.timeout(turns.PATIENCE_S / 2):
        await asyncio.gather(a, b)
    assert [(await app.repository(Account).get(id)).balance for id in "AB"] == [1 + 1 + 10 + 100] * 2


async def test_a_decision_that_overtakes_itself_each_time_is_told_so_and_is_not_made_a_third_time(app: App) -> None:
    async def deposit_twice(unit: UnitOfWork) -> None:
        account = await unit.repository(Account).find("A") or unit.repository(Account).new("A")
        await app.repository(Account).edit("A", Account.deposit, Decimal(1))
        account.deposit(Decimal(100))

    with pytest.raises(InvalidAppend, match=r"'account-A' is not stored: .* as of a command that it sends") as told:
        await app.transact(deposit_twice)
    assert isinstance(told.value.__context__, Conflict)
    stored = [event.event for event in await app.events.read("account-A")]
    assert stored == [Deposited(amount=Decimal(1))] * 2


async def test_a_decision_whose_task_another_decision_began_keeps_nothing_of_the_context_of_that_one() -> None:
    alive, counts = WeakSet[_Request](), list[int]()
    tasks: list[asyncio.Task[None]] = []
    ended = asyncio.Event()

    async def follow(app: App, left: int) -> None:
        async def decide(_unit: UnitOfWork) -> None:
            alive.add(request := _Request())
            _REQUEST.set(request)
            if left:
                tasks[:] = [asyncio.create_task(follow(app, left - 1))]
                return
            await asyncio.sleep(0)  # so that the ones before are over
            gc.collect()
            counts.append(len(alive))
            ended.set()

        await app.transact(decide)

    async with App(Account, store="memory:") as app:
        tasks.append(asyncio.create_task(follow(app, 50)))
        await ended.wait()
        await asyncio.gather(*tasks)
    assert 0 < counts[0] < 5
