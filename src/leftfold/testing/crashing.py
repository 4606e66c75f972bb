"""Sagas that are killed everywhere: does every effect happen as often as it should?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from inspect import isawaitable
from typing import Final, TypeVar, cast

from msgspec import Struct

from leftfold.app.composition import App
from leftfold.app.running import Running
from leftfold.errors import InvalidInput
from leftfold.processes.instances import ENDED
from leftfold.processes.saga import Saga
from leftfold.processes.saga_view import SagaView
from leftfold.store.event_store import EventStore
from leftfold.store.memory import MemoryStore
from leftfold.store.memory_log import MemoryLog
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import Hold
from leftfold.subscriptions.blaming import Killed
from leftfold.testing.clock import ManualClock

__all__ = ["CrashRun", "crash_everywhere"]

W = TypeVar("W")

_ID: Final = "crash"
_LEASE_S: Final = 15.0
_MOVES: Final = 10_000


class CrashRun(Struct, frozen=True):
    """One run of a saga.

    Args:
        commit: at which of its commits it was killed, from 1; None for the run that was not.
        stored: whether that commit had been stored.
        view: how it ended.
        events: those in the log of the saga's context then, in the log's order.
    """

    commit: int | None
    stored: bool
    view: SagaView
    events: Sequence[object]


class _Killed(Killed):
    """No code of a user catches it, as none outlives a kill."""


class _Killing:
    """A store that kills whoever uses it, before or after a commit."""

    def __init__(self, store: Store, commit: int, *, stored: bool) -> None:
        self._store = store
        self._left = commit
        self._stored = stored
        self.killed = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def transact(self, transaction: Transaction) -> object:
        """Write, unless the time has come."""
        self._left -= 1
        if self._left == 0 and not self._stored:
            self._kill()
        answer = await self._store.transact(transaction)
        if self._left == 0:
            self._kill()
        return answer

    def _kill(self) -> None:
        self.killed = True
        raise _Killed


async def crash_everywhere(
    saga: Saga,
    world: Callable[[], W],
    build: Callable[[W, Store, ManualClock], App],
    check: Callable[[W, CrashRun], None],
    given: Callable[[App], Awaitable[object]] | None = None,
) -> Sequence[CrashRun]:
    """Run a saga once for each of its commits, killed just before it and once more just after it, and carry it on.

    ::

        await crash_everywhere(
            PlaceOrder(order_id="1"),
            world=Warehouse,
            build=shop_with,  # def shop_with(stock, store, clock): return App(shop, store=store, clock=clock, ...)
            check=in_effect_if_completed,
        )

    What happens outside of a commit, a call to the world above all, lies between two of these points. Everything runs
    in this process, on a store in memory and a clock that jumps to whatever is due, so it takes milliseconds.

    Args:
        saga: with its fields as at the beginning; each run begins a copy of it.
        world: makes what is outside of the app, which outlives a kill; anew for each run.
        build: makes an app for that world, as a new process would, with `workers=False`.
        check: gets the world and the run after the saga has ended; it asserts what must hold.
        given: brings an open app to where the saga begins, by commands or events; nothing is killed meanwhile.

    Returns:
        Every run, the one that was not killed last.

    Raises:
        AssertionError: the saga does not end. What *check* raises has a note that tells the run.
        InvalidInput: *given* is not async.
    """
    runs: list[CrashRun] = []
    commit = 0
    while not runs or runs[-1].commit is not None:
        commit += 1
        for stored in (False, True):
            made = world()
            run = await _run(saga, made, build, (commit, stored), given)
            runs.append(run)
            try:
                check(made, run)
            except Exception as error:
                error.add_note(f"killed {'after' if stored else 'before'} commit {run.commit}: {run.view}")
                raise
            if run.commit is None:
                break
    return runs


async def _run(
    saga: Saga,
    world: W,
    build: Callable[[W, Store, ManualClock], App],
    killed: tuple[int, bool],
    given: Callable[[App], Awaitable[object]] | None,
) -> CrashRun:
    clock, log = ManualClock(), MemoryLog()
    if given is not None:
        async with build(world, MemoryStore(clock=clock, log=log), clock) as app:
            bringing = given(app)
            if not isawaitable(bringing):
                raise InvalidInput(f"given= returned {bringing!r:.80}, which cannot be awaited; give an async function")
            await bringing
    commit, stored = killed
    killing = _Killing(MemoryStore(clock=clock, log=log), commit, stored=stored)
    try:
        view, events = await _life(build(world, cast("Store", killing), clock), saga, clock, "killed")
    except _Killed:
        clock.advance(timedelta(seconds=_LEASE_S))
        view, events = await _life(build(world, MemoryStore(clock=clock, log=log), clock), saga, clock, "after")
    return CrashRun(commit if killing.killed else None, stored, view, events)


async def _life(app: App, saga: Saga, clock: ManualClock, owner: str) -> tuple[SagaView, Sequence[object]]:
    """What one process does: begin it, unless it has begun, and carry it on until it has ended."""
    async with app:
        await app.start(saga, id=_ID)
        found = [app.running(one.name) for one in app.contexts]
        running = next(one for one in found if one.sagas.knows(type(saga)))
        await _carry_on(running, clock, Hold(owner, _LEASE_S))
        view = await app.sagas.show(type(saga), _ID)
        assert view.status in ENDED, f"it is {view.status} and nothing is due"
        return view, await _all(running.loader.events)


async def _all(events: EventStore) -> Sequence[object]:
    found: list[object] = []
    after = 0
    while (page := await events.read_log(after=after)).position > after:
        found += [recorded.event for recorded in page.events]
        after = page.position
    return found


async def _carry_on(running: Running, clock: ManualClock, hold: Hold) -> None:
    carrier = running.saga_carrier()
    for _ in range(_MOVES):
        if items := await running.store.claim_due(carrier.queues, hold.owner, hold.lease_s):
            for item in items:
                await carrier.carry(item, clock.now)
        else:
            waiting = [item.wake_at for item in await running.store.find_work(queues="saga/") if item.wake_at]
            if not waiting:
                return
            clock.set(max(clock.now(), min(waiting)))
    raise AssertionError(f"the saga has not ended after {_MOVES:,} moves")
