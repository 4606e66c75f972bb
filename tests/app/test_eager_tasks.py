"""An app on an event loop that carries tasks out as soon as they are made, as by `asyncio.eager_task_factory`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from types import coroutine
from typing import Any, Final, TypeAlias, TypeVar

import pytest

from leftfold import Aggregate, App, Attempt, Command, Context, Event, Saga, applies, step
from leftfold.app import open_store
from leftfold.subscriptions import State, Timing

T = TypeVar("T")
Work: TypeAlias = Coroutine[Any, Any, T] | Generator[Any, Any, T]
_SOON_S: Final = 10.0


class Paid(Event):
    member: str
    cents: int


class Member(Aggregate[Paid], snapshot_every=2):
    cents: int = 0

    def pay(self, cents: int) -> None:
        self.record(Paid(member=self.id, cents=cents))

    @applies
    def _paid(self, event: Paid) -> None:
        self.cents += event.cents


class Pay(Command):
    member: str
    cents: int


class Left(Event):
    id: str


@dataclass(frozen=True)
class Gone:
    id: str


class Welcome(Saga):
    member: str

    @step(undoable=False)
    async def greet(self, attempt: Attempt) -> str:
        return attempt.key


class _Ended(asyncio.Future[T]):
    """What work came to that never waited."""

    def set_name(self, name: object) -> None:
        """As a task has one."""


@coroutine
def _rest(work: Work[T], awaited: object) -> Generator[object, object, T]:
    while True:
        go_on: Callable[[], object]
        try:
            sent = yield awaited
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the work's
            go_on = partial(work.throw, error)
        else:
            go_on = partial(work.send, sent)
        try:
            awaited = go_on()
        except StopIteration as end:
            value: T = end.value
            return value


async def _resumed(work: Work[T], awaited: object) -> T:
    return await _rest(work, awaited)


def _at_once(loop: asyncio.AbstractEventLoop, work: Work[T]) -> asyncio.Future[T]:
    """What Python 3.12 and newer have as `asyncio.eager_task_factory`."""
    try:
        awaited = work.send(None)
    except StopIteration as end:
        ended = _Ended[T](loop=loop)
        ended.set_result(end.value)
        return ended
    return asyncio.Task(_resumed(work, awaited), loop=loop)


def _club() -> Context:
    club = Context("club")
    club.saga(Welcome)

    @club.decides(Member, id="member")
    def pay(command: Pay, member: Member) -> None:
        member.pay(command.cents)

    return club


async def test_snapshots_and_sagas_that_wait_for_nothing_end_and_so_does_the_app() -> None:
    asyncio.get_running_loop().set_task_factory(_at_once)
    async with asyncio.timeout(_SOON_S):
        async with App(_club(), store="memory:") as app:
            for _ in range(6):
                await app.send(Pay(member="ann", cents=1))
            begun = [await app.start(Welcome(member="ann")) for _ in range(3)]
            await app.settle()
            ended = [(await app.sagas.ended(Welcome, one.id)).status for one in begun]
        assert ended == ["completed"] * 3


async def test_a_follower_that_ends_before_it_waits_is_tried_again_as_any_other() -> None:
    asyncio.get_running_loop().set_task_factory(_at_once)
    store = await open_store("memory:")
    async with App(_club(), store=store, workers=False) as app:
        await app.send(Pay(member="ann", cents=1))
    stranger = Context("stranger")

    @stranger.projection(key="id")
    def left(row: Gone | None, event: Left) -> Gone:
        return row or Gone(event.id)

    async with App(stranger, store=store, workers=Timing(lease_s=0.2, poll_s=0.02)) as app:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(app.followed(), 0.5)
        [lag] = await app.monitor.lags()
        assert (lag.state, "UnknownEventType" in str(lag.notes)) == (State.STOPPED, True)
