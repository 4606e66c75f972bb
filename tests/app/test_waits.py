"""What is waited for: rows that can never show it are told of, and so is a time that is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest

from leftfold import App, Context, Event, Query, ReadModel, Receipt
from leftfold.errors import InvalidQuery, KeyParked, NotSettled, TableMissing
from leftfold.store import MemoryLog, MemoryStore, StoredEvent
from leftfold.store.checks import check_timeout
from leftfold.subscriptions import Failing, Policy, Retry
from tests.app.shop import GetOpen, Open, Order, Ordered, Place, Till, shop


class GetCount(Query[Open | None]):
    order: str


class _Silent:
    def note(self, what: str) -> None:
        """Nobody listens."""


def _house(
    policy: Policy,
    *,
    bad: Callable[[], bool] = lambda: True,
    version: int = 1,
    key: str | Callable[[Ordered], str] = "order",
) -> Context:
    """A shop of one projection, which cannot fold what costs 13 cents while *bad*."""
    house = Context("house")

    @house.decides(Order, id="order")
    def place(command: Place, order: Order) -> None:
        order.place(command.text, command.tags, command.cents)

    @house.projection(key=key, policy=policy, version=version)
    def counts(row: Open | None, event: Ordered) -> Open:
        if event.cents == 13 and bad():
            raise ValueError("13 is broken")
        return Open(event.order, event.text, event.tags, event.cents + (row.cents if row else 0))

    @house.query
    async def get_count(query: GetCount, rows: ReadModel[Open]) -> Open | None:
        return await rows.get(query.order)

    return house


class _Between(MemoryStore):
    """A store where an event is stored right behind a look at its stream that found none."""

    meanwhile: Callable[[], Coroutine[Any, Any, object]] | None = None

    async def read_stream(
        self, stream: str, *, after: int = 0, upto: int | None = None, backward: bool = False, limit: int = 500
    ) -> Sequence[StoredEvent]:
        found = await super().read_stream(stream, after=after, upto=upto, backward=backward, limit=limit)
        if self.meanwhile is not None and not found:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return found


async def test_a_version_that_comes_right_behind_the_look_for_it_is_not_waited_for_in_vain() -> None:
    store = _Between()
    async with App(_house(Policy()), store=store) as app, asyncio.timeout(5):
        store.meanwhile = lambda: app.send(Place(order="A", cents=1))
        await app.monitor.wait_for_version("counts", "order-A", 1, timeout=60)


async def test_a_question_after_what_is_parked_is_told_so_and_one_after_another_key_is_answered(each_url: str) -> None:
    async with App(_house(Policy(retry=Retry(attempts=1))), store=each_url) as app, asyncio.timeout(20):
        await app.send(Place(order="A", cents=1))
        bad = await app.send(Place(order="A", cents=13))
        behind = await app.send(Place(order="A", cents=2))
        good = await app.send(Place(order="B", cents=3))
        for receipt in (bad, behind):
            with pytest.raises(KeyParked, match="13 is broken") as caught:
                await app.ask(GetCount(order="A"), after=receipt, timeout=60)
            assert (caught.value.key, caught.value.position) == ("A", receipt.position)
        with pytest.raises(KeyParked):
            await app.monitor.wait_for_version("counts", "order-A", 3, timeout=60)
        await app.monitor.wait_for_version("counts", "order-A", 1)
        await app.monitor.wait("counts", position=good.position)
        assert await app.ask(GetCount(order="B"), after=good) == Open("B", "tea", [], 3)
        (letter, *_) = [one async for one in app.dead_letters.all("counts")]
        await app.dead_letters.drop(letter)
        assert await app.ask(GetCount(order="A"), after=behind) == Open("A", "tea", [], 3)


async def test_a_question_after_what_has_no_key_is_told_that_its_stream_waits(each_url: str) -> None:
    def key(event: Ordered) -> str:
        if event.cents == 13:
            raise ValueError("13 has no key")
        return event.order

    house = _house(Policy(retry=Retry(attempts=1)), key=key)
    async with App(house, store=each_url) as app, asyncio.timeout(20):
        bad = await app.send(Place(order="A", cents=13))
        behind = await app.send(Place(order="A", cents=2))
        for receipt in (bad, behind):
            with pytest.raises(KeyParked, match="13 has no key") as caught:
                await app.ask(GetCount(order="A"), after=receipt, timeout=60)
            assert caught.value.key == "stream order-A"


async def test_a_question_after_what_is_tried_again_waits_for_that(each_url: str) -> None:
    tries = iter([True, True, False])
    retry = Retry(attempts=None, first=timedelta(milliseconds=30))
    house = _house(Policy(retry=retry), bad=lambda: next(tries))
    async with App(house, store=each_url) as app:
        receipt = await app.send(Place(order="A", cents=13))
        assert await app.ask(GetCount(order="A"), after=receipt) == Open("A", "tea", [], 13)


async def test_a_question_after_what_is_tried_again_too_late_is_told_what_it_waits_for(each_url: str) -> None:
    retry = Retry(attempts=None, first=timedelta(minutes=1))
    async with App(_house(Policy(retry=retry)), store=each_url) as app:
        receipt = await app.send(Place(order="A", cents=13))
        with pytest.raises(KeyParked, match="13 is broken"):
            await app.ask(GetCount(order="A"), after=receipt, timeout=1.0)


async def test_a_question_after_what_is_passed_over_is_answered_without_it(each_url: str) -> None:
    policy = Policy(failing=Failing.SKIP, retry=Retry(attempts=1))
    async with App(_house(policy), store=each_url) as app:
        await app.send(Place(order="A", cents=1))
        receipt = await app.send(Place(order="A", cents=13))
        assert await app.ask(GetCount(order="A"), after=receipt) == Open("A", "tea", [], 1)


async def test_a_question_after_the_first_position_about_rows_that_are_still_built_says_that_they_are_missing() -> None:
    log = MemoryLog()
    async with App(_house(Policy()), store=MemoryStore(log=log)) as app:
        await app.send(Place(order="A", cents=1))
    async with App(_house(Policy(), version=2), store=MemoryStore(log=log), workers=False) as app:
        with pytest.raises(TableMissing, match=r"'counts' version 2 .* builds it"):
            await app.ask(GetCount(order="A"), after=Receipt(result=None, position=0), timeout=0.05)


class _Cents(Event):
    order: str


def _unreadable(old: _Cents) -> Ordered:
    raise ValueError(f"{old.order} is unlucky")


def _watched(*, rows: bool) -> Context:
    """A shop of which a projection, if *rows*, and else a reaction, follows what no upcast can read."""
    house = Context("house")
    house.upcasts(_unreadable)

    def counts(_row: Open | None, event: Ordered) -> Open:
        raise NotImplementedError

    async def tell(event: Ordered) -> None:
        raise NotImplementedError

    if rows:
        house.projection(key="order")(counts)
    else:
        house.on()(tell)
    return house


@pytest.mark.parametrize("rows", [True, False])
async def test_who_settles_is_told_what_is_stopped_and_why(each_url: str, rows: bool) -> None:
    async with App(_watched(rows=rows), store=each_url) as app, asyncio.timeout(20):
        await app.events.append("order-A", _Cents(order="A"), expected=0)
        while not any(lag.notes for lag in await app.monitor.lags()):
            await asyncio.sleep(0.01)
        with pytest.raises(
            NotSettled, match=r"is stopped: UpcastFailed: .*A is unlucky.*; mend what it says"
        ) as caught:
            await app.settle(timeout=0.1)
        assert "wait longer" not in str(caught.value)


async def test_who_settles_where_no_worker_follows_is_told_so(each_url: str) -> None:
    async with App(_watched(rows=False), store=each_url, workers=False) as app:
        await app.events.append("order-A", Ordered(order="A", text="", tags=[], cents=1), expected=0)
        with pytest.raises(NotSettled, match="no worker follows for tell; run `leftfold work`, or App"):
            await app.settle(timeout=0.1)


@pytest.mark.parametrize("given", [float("nan"), -float("nan"), True, "3", None])
def test_what_is_no_time_is_an_error(given: object) -> None:
    with pytest.raises(InvalidQuery, match="timeout="):
        check_timeout(cast("float", given))


@pytest.mark.parametrize("given", [0, 0.0, -1, 5, float("inf")])
def test_a_time_is_one_also_below_0_and_without_end(given: float) -> None:
    check_timeout(given)


_Wait = Callable[[App, Receipt[Any], float], Coroutine[Any, Any, object]]
_WAITS: dict[str, _Wait] = {
    "ask": lambda app, ahead, timeout: app.ask(GetOpen(order="A"), after=ahead, timeout=timeout),
    "settle": lambda app, _, timeout: app.settle(timeout=timeout),
    "wait": lambda app, ahead, timeout: app.monitor.wait("open_orders", position=ahead.position, timeout=timeout),
    "wait_for_cache": lambda app, ahead, timeout: app.monitor.wait_for_cache(
        "open_orders", position=ahead.position, timeout=timeout
    ),
    "wait_for_version": lambda app, _, timeout: app.monitor.wait_for_version(
        "open_orders", "order-A", 9, timeout=timeout
    ),
    "replay": lambda app, _, timeout: app.dead_letters.replay(timeout=timeout),
    "drop": lambda app, _, timeout: app.dead_letters.drop(timeout=timeout),
    "wake": lambda app, ahead, timeout: app.store.wake(ahead.position, timeout),
    "reached": lambda app, ahead, timeout: app.store.reached("none", ahead.position, timeout),
    "await_work": lambda app, _, timeout: app.store.await_work(["none"], timeout),
}


@pytest.mark.parametrize("wait", _WAITS.values(), ids=_WAITS)
async def test_nobody_waits_for_a_time_that_is_none(each_url: str, wait: _Wait) -> None:
    async with App(shop, store=each_url, provide={Till: _Silent()}) as app:
        receipt = await app.send(Place(order="A"))
        ahead: Receipt[Any] = Receipt(result=None, position=receipt.position + 9, context="shop")
        async with asyncio.timeout(10):
            for none, told in ((float("nan"), "nan"), (10**400, "10000"), (10**5000, "a huge int")):
                with pytest.raises(InvalidQuery, match=f"timeout={told}"):
                    await wait(app, ahead, none)


def _named(name: str) -> Context:
    context = Context(name)

    @context.projection(key="order", name="orders")
    def orders(_row: Open | None, event: Ordered) -> Open:
        return Open(event.order, event.text, event.tags, event.cents)

    return context


async def test_of_rows_that_two_contexts_call_alike_those_of_the_context_that_is_named_are_waited_for() -> None:
    async with App(_named("first"), _named("second"), store="memory:") as app, asyncio.timeout(20):
        other = app.events_of("second")
        await other.append("order-A", Ordered(order="A", text="", tags=[], cents=1), expected=0)
        await app.monitor.wait("second/orders", position=1)
        await app.monitor.wait_for_version("second/orders", "order-A", 1)
        assert (await app.monitor.stream("second/orders", "order-A")).visible == 1
        assert (await app.monitor.stream("first/orders", "order-A")).version == 0
        for call in (app.monitor.wait("orders", position=1), app.monitor.stream("orders", "order-A")):
            with pytest.raises(InvalidQuery, match="'orders' is in several contexts; give one of first/orders, second"):
                await call
        with pytest.raises(InvalidQuery, match="no projection 'third/orders'; there is first/orders, second/orders"):
            await app.monitor.wait("third/orders", position=1)


@pytest.mark.parametrize("version", ["1", None, 0, 1.0, True])
async def test_a_version_that_is_none_is_refused(version: object) -> None:
    async with App(_named("first"), store="memory:") as app:
        with pytest.raises(InvalidQuery, match=r"version=.*versions of a stream count from 1"):
            await app.monitor.wait_for_version("orders", "order-A", cast("int", version))
