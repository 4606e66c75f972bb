"""What a reaction did is noted soon: a worker that ends, or is killed, in the midst of many events repeats few."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from leftfold import Aggregate, App, Command, Context, Event, applies
from leftfold.subscriptions import Failing, LetterState, Policy, Retry, Timing, runner

EVENTS: Final = 12
BAD: Final = 5
_TIMING: Final = Timing(lease_s=2.0, poll_s=0.02, grace_s=0.5)
_AT_ONCE: Final = Retry(attempts=1)


class Ordered(Event):
    order: str
    number: int


class Order(Aggregate[Ordered]):
    def take(self, number: int) -> None:
        self.record(Ordered(order=self.id, number=number))

    @applies
    def _ordered(self, event: Ordered) -> None:
        pass


class Take(Command):
    order: str
    number: int


class Mail:
    """Notes what was sent, and tells of each."""

    def __init__(self, *, takes_s: float = 0.0) -> None:
        self.sent: list[int] = []
        self.news = asyncio.Event()
        self.takes_s = takes_s

    async def send(self, number: int) -> None:
        await asyncio.sleep(self.takes_s)
        self.sent.append(number)
        self.news.set()
        self.news = asyncio.Event()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20.0):
            while len(self.sent) < count:
                await self.news.wait()


def _shop(mail: Mail, failing: Failing = Failing.PARK) -> Context:
    shop = Context("shop")

    @shop.decides(Order, id="order")
    def take(command: Take, order: Order) -> None:
        order.take(command.number)

    @shop.on(policy=Policy(failing=failing, retry=_AT_ONCE))
    async def confirm(event: Ordered) -> None:
        if event.number == BAD:
            raise ValueError("nobody can read this address")
        await mail.send(event.number)

    return shop


async def _ordered(store: str, stream: str = "A") -> None:
    async with App(_shop(Mail()), store=store, workers=False) as app:
        for number in range(EVENTS):
            await app.send(Take(order=stream if number != BAD else "bad", number=number))


_SENT: Final = [number for number in range(EVENTS) if number != BAD]


async def test_a_worker_that_is_told_to_stop_repeats_nothing_of_what_it_did(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/shop.db"
    await _ordered(store)
    mail = Mail(takes_s=0.1)
    for stopped in (2, 4):
        async with App(_shop(mail), store=store, workers=_TIMING):
            await mail.until(stopped)
    async with App(_shop(mail), store=store, workers=_TIMING) as app:
        await app.running().keep_up()
        assert [(one.position, one.state) async for one in app.dead_letters.all()] == [(BAD + 1, LetterState.DEAD)]
    assert mail.sent == _SENT


async def test_what_was_done_is_noted_although_more_is_to_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_SOON_S", 0.02)
    store = f"sqlite:///{tmp_path}/shop.db"
    await _ordered(store)
    mail = Mail(takes_s=0.03)
    async with App(_shop(mail), store=store, workers=_TIMING) as app:
        await mail.until(4)
        (lag,) = await app.monitor.lags()
        assert lag.position >= 3, "it was killed now, perhaps"
        await app.running().keep_up()
    assert mail.sent == _SENT


@pytest.mark.parametrize("failing", list(Failing))
async def test_what_follows_a_failure_in_its_stream_waits_also_when_much_is_done_at_once(
    tmp_path: Path, failing: Failing
) -> None:
    store = f"sqlite:///{tmp_path}/shop.db"
    async with App(_shop(Mail()), store=store, workers=False) as app:
        for number in range(EVENTS):
            await app.send(Take(order="A", number=number))
    mail = Mail()
    async with App(_shop(mail, failing), store=store, workers=_TIMING) as app:
        await app.running().keep_up()
        letters = [one.position async for one in app.dead_letters.all()]
    after = list(range(BAD + 1, EVENTS))
    assert mail.sent == list(range(BAD)) + (after if failing is Failing.SKIP else [])
    assert letters == [BAD + 1] + ([] if failing is Failing.SKIP else [number + 1 for number in after])
