"""Whatever user code lets out concerns its key or its stream alone: it is parked, told, and everything else goes on."""

from __future__ import annotations

import asyncio
import logging
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, cast

import pytest
from msgspec import Meta

from leftfold import Aggregate, App, Command, Context, Event, Query, ReadModel, applies
from leftfold.errors import InvalidPayload
from leftfold.subscriptions import DeadLetter, Failing, LetterState, Policy, Retry, Timing

POISON = 13
QUICK = Timing(lease_s=2.0, poll_s=0.02, grace_s=1.0)
AT_ONCE = Policy(retry=Retry(attempts=1))


class Paid(Event):
    account: str
    cents: int


class Account(Aggregate[Paid]):
    def pay(self, cents: int) -> None:
        self.record(Paid(account=self.id, cents=cents))

    @applies
    def _paid(self, event: Paid) -> None:
        pass


class Pay(Command):
    account: str
    cents: int


@dataclass(frozen=True)
class Payments:
    account: str
    cents: list[int] = field(default_factory=list)


class AskPayments(Query[Payments | None]):
    account: str


class Odd(BaseException):
    pass


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


async def cancelled() -> None:
    """Await a call that somebody else has cancelled."""
    call = asyncio.create_task(asyncio.sleep(60))
    call.cancel()
    await call


def bank() -> Context:
    context = Context("bank")

    @context.decides(Account, id="account")
    def pay(command: Pay, account: Account) -> None:
        account.pay(command.cents)

    @context.query
    async def ask_payments(query: AskPayments, rows: ReadModel[Payments]) -> Payments | None:
        return await rows.get(query.account)

    return context


def noted(row: Payments | None, event: Paid) -> Payments:
    return Payments(event.account, [*(row.cents if row else []), event.cents])


async def letters(app: App, name: str) -> list[DeadLetter]:
    return [letter async for letter in app.dead_letters.all(name)]


ERRORS: dict[str, Callable[[], BaseException]] = {
    "CancelledError": lambda: asyncio.CancelledError("mine"),
    "GeneratorExit": GeneratorExit,
    "Odd": lambda: Odd("odd"),
    "MemoryError": MemoryError,
    "Mute": Mute,
}


@pytest.mark.parametrize("name", ERRORS)
async def test_a_reaction_lets_out_whatever_and_its_stream_alone_is_parked(name: str) -> None:
    context, seen = bank(), list[tuple[str, int]]()
    context.projection(key="account", name="payments")(noted)

    @context.on(policy=AT_ONCE)
    async def tell(event: Paid) -> None:
        if event.cents == POISON:
            error = ERRORS[name]()
            raise error
        seen.append((event.account, event.cents))

    async with App(context, store="memory:", workers=QUICK) as app:
        for account, cents in (("a", 1), ("a", POISON), ("a", 2), ("b", 3)):
            await app.send(Pay(account=account, cents=cents))
        await app.running().keep_up()
        assert seen == [("a", 1), ("b", 3)]
        first, second = await letters(app, "tell")
        assert (first.position, first.state, second.state) == (2, LetterState.DEAD, LetterState.WAITING)
        assert first.error.startswith(f"{name}: ")


async def test_many_streams_that_fail_one_after_another_take_no_memory_for_each_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR, "leftfold")
    context = bank()
    context.projection(key="account", name="payments")(noted)

    @context.on(policy=AT_ONCE)
    async def tell(_event: Paid) -> None:
        raise ValueError("nobody listens")

    async with App(context, store="memory:", workers=QUICK) as app:
        tracemalloc.start()
        await asyncio.gather(*(app.send(Pay(account=f"a{number}", cents=1)) for number in range(1000)))
        await app.running().keep_up()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(await letters(app, "tell")) == 1000
        assert most < 20_000_000


async def test_a_call_that_was_cancelled_is_a_failure_and_is_tried_again() -> None:
    context, seen, tries = bank(), list[int](), list[int]()
    context.projection(key="account", name="payments")(noted)

    @context.on()
    async def tell(event: Paid) -> None:
        if event.cents == POISON and not tries:
            tries.append(1)
            await cancelled()
        seen.append(event.cents)

    async with App(context, store="memory:", workers=QUICK) as app:
        for cents in (1, POISON, 2):
            await app.send(Pay(account="a", cents=cents))
        await app.running().keep_up()
        async with asyncio.timeout(20.0):
            while await letters(app, "tell"):
                await asyncio.sleep(0.02)
        assert seen == [1, POISON, 2]


async def test_a_worker_that_stops_cancels_what_does_not_end_says_so_and_parks_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    context, began = bank(), asyncio.Event()
    context.projection(key="account", name="payments")(noted)

    @context.on()
    async def tell(_event: Paid) -> None:
        began.set()
        await asyncio.sleep(60)

    app = App(context, store="memory:cut-off", workers=Timing(lease_s=2.0, poll_s=0.02, grace_s=0.05))
    async with app:
        await app.send(Pay(account="a", cents=1))
        await began.wait()
    (said,) = [text for text in caplog.messages if "was cut off" in text]
    assert said.startswith("tell/0.1 was cut off, for worker ")
    async with app.with_settings(workers=False) as again:
        assert await letters(again, "tell") == []


async def test_a_reaction_that_cancels_its_own_task_pauses_its_follower() -> None:
    context, effects = bank(), list[int]()
    context.projection(key="account", name="payments")(noted)

    @context.on()
    async def tell(event: Paid) -> None:
        effects.append(event.cents)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(60)

    async with App(context, store="memory:", workers=Timing(lease_s=2.0, poll_s=0.1, grace_s=0.05)) as app:
        await app.send(Pay(account="a", cents=1))
        await asyncio.sleep(1.0)
        assert 1 <= len(effects) <= 5, "pauses of 0.1, 0.2, 0.4, ... seconds"


@pytest.mark.parametrize("name", ERRORS)
async def test_a_fold_lets_out_whatever_and_its_key_alone_is_parked(name: str) -> None:
    context = bank()

    @context.projection(key="account", policy=AT_ONCE)
    def payments(row: Payments | None, event: Paid) -> Payments:
        if event.cents == POISON:
            error = ERRORS[name]()
            raise error
        return noted(row, event)

    async with App(context, store="memory:", workers=QUICK) as app:
        for account, cents in (("a", 1), ("a", POISON), ("a", 2), ("b", 3)):
            await app.send(Pay(account=account, cents=cents))
        await app.running().keep_up()
        assert await app.ask(AskPayments(account="a")) == Payments("a", [1])
        assert await app.ask(AskPayments(account="b")) == Payments("b", [3])
        assert [letter.error.partition(":")[0] for letter in await letters(app, "payments")] == [name, ""]


def _raising(event: Paid) -> str:
    if event.cents == POISON:
        raise KeyError("no key")
    return event.account


KEYS: dict[str, tuple[Callable[[Paid], Any], str]] = {
    "raises": (_raising, "KeyError: 'no key'"),
    "NUL": (lambda event: event.account + "\0" * (event.cents == POISON), "InvalidInput: key 'a\\x00'"),
    "surrogate": (lambda event: event.account + "\ud800" * (event.cents == POISON), "InvalidInput: key 'a\\ud800'"),
    "empty": (lambda event: "" if event.cents == POISON else event.account, "InvalidInput: key ''"),
    "long": (lambda event: event.account * (10_000 if event.cents == POISON else 1), "InvalidInput: key 'aaa"),
}


def _keyed(how: str, failing: Failing, mended: list[bool]) -> Context:
    context = bank()

    def key(event: Paid) -> str:
        found: str = event.account if mended else KEYS[how][0](event)
        return found

    policy = Policy(failing=failing, retry=Retry(attempts=1))
    context.projection(key=key, name="payments", policy=policy)(noted)
    return context


@pytest.mark.parametrize("url", ["memory:", "sqlite:///{path}/store.db"], ids=["memory", "sqlite"])
@pytest.mark.parametrize("how", KEYS)
async def test_an_event_without_a_usable_key_parks_its_stream_until_the_key_is_mended(
    how: str, url: str, tmp_path: Path
) -> None:
    mended: list[bool] = []
    async with App(_keyed(how, Failing.PARK, mended), store=url.format(path=tmp_path), workers=QUICK) as app:
        for account, cents in (("a", 1), ("a", POISON), ("b", 4), ("a", 2), ("b", 3)):
            await app.send(Pay(account=account, cents=cents))
        await app.running().keep_up()
        assert await app.ask(AskPayments(account="a")) == Payments("a", [1])
        assert await app.ask(AskPayments(account="b")) == Payments("b", [4, 3])
        first, second = await letters(app, "payments")
        assert (first.position, first.stream, first.type) == (2, "account-a", "Paid")
        assert first.error.startswith(KEYS[how][1])
        assert (first.subject, second.state, second.position) == ("stream account-a", LetterState.WAITING, 4)
        await app.dead_letters.replay(first)
        assert len(await letters(app, "payments")) == 2, "it is as it was"
        mended.append(True)
        await app.dead_letters.replay(first)
        assert await letters(app, "payments") == []
        assert await app.ask(AskPayments(account="a")) == Payments("a", [1, POISON, 2])


async def test_with_a_policy_that_skips_a_stream_goes_on_without_the_event_that_has_no_key() -> None:
    async with App(_keyed("raises", Failing.SKIP, []), store="memory:", workers=QUICK) as app:
        for cents in (1, POISON, 2):
            await app.send(Pay(account="a", cents=cents))
        await app.running().keep_up()
        assert await app.ask(AskPayments(account="a")) == Payments("a", [1, 2])
        [letter] = await letters(app, "payments")
        assert (letter.position, letter.state) == (2, LetterState.SKIPPED)


@dataclass(frozen=True)
class Purse:
    account: str
    cents: Annotated[int, Meta(ge=0)] = 0
    kinds: list[str] = field(default_factory=list)
    share: float = 0.0


class AskPurse(Query[Purse | None]):
    account: str


SPOILT: dict[str, Purse] = {
    "below its bound": Purse("a", cents=-1),
    "no number": Purse("a", share=float("nan")),
    "another kind within a list": Purse("a", kinds=cast("list[str]", [1])),
}


@pytest.mark.parametrize("how", SPOILT)
async def test_a_row_that_could_not_be_read_is_not_stored_but_parks_its_key(how: str, tmp_path: Path) -> None:
    context = bank()
    context.projection(key="account", name="payments")(noted)

    @context.projection(key="account", policy=AT_ONCE)
    def purses(row: Purse | None, event: Paid) -> Purse:
        return SPOILT[how] if event.cents == POISON else Purse(event.account, event.cents + (row.cents if row else 0))

    @context.query
    async def ask_purse(query: AskPurse, rows: ReadModel[Purse]) -> Purse | None:
        return await rows.get(query.account)

    store = f"sqlite:///{tmp_path}/log.db"
    for expected in (Purse("b", 3), Purse("b", 6)):  # the second time the rows are read from the store
        async with App(context, store=store, workers=QUICK) as app:
            for account, cents in (("a", 1), ("a", POISON), ("b", 3)):
                await app.send(Pay(account=account, cents=cents))
            await app.running().keep_up()
            assert await app.ask(AskPurse(account="a")) == Purse("a", 1)
            assert await app.ask(AskPurse(account="b")) == expected
            first = (await letters(app, "purses"))[0]
            assert (first.subject, first.position, first.state) == ("a", 2, LetterState.DEAD)
            assert first.error.startswith("InvalidPayload: projection 'purses', row Purse(account='a'")


async def test_a_row_that_could_not_be_read_refuses_the_append_that_would_write_it() -> None:
    context = bank()
    context.projection(key="account", name="payments")(noted)

    @context.projection(key="account")
    def purses(_row: Purse | None, event: Paid) -> Purse:
        return Purse(event.account, -event.cents)

    async with App(context, store="memory:", inline=["purses"]) as app:
        with pytest.raises(InvalidPayload, match="Expected `int` >= 0"):
            await app.send(Pay(account="a", cents=1))
        assert await app.store.head() == 0


@dataclass(frozen=True)
class Other:
    account: str
    cents: list[str] = field(default_factory=list)


async def test_rows_of_another_type_stop_what_follows_and_it_says_what_to_do(tmp_path: Path) -> None:
    def others(row: Other | None, event: Paid) -> Other:
        return row or Other(event.account)

    store = f"sqlite:///{tmp_path}/log.db"
    before, after = Context("bank"), Context("bank")
    before.projection(key="account", name="payments")(noted)
    after.projection(key="account", name="payments")(others)
    async with App(before, store=store, workers=QUICK) as app:
        await app.events.append("account-a", Paid(account="a", cents=1), expected=0)
        await app.running().keep_up()
    async with App(after, store=store, workers=QUICK) as app, asyncio.timeout(20):
        await app.events.append("account-a", Paid(account="a", cents=2), expected=1)
        while not (notes := (await app.monitor.lags())[0].notes):
            await asyncio.sleep(0.01)
    assert notes[0].startswith("InvalidPayload: projection 'payments', stored row: Expected `str`, got `int`")
    assert notes[0].endswith("; where the row type has changed, raise version=, or: leftfold rebuild payments")
