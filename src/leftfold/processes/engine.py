"""The engine that carries on whatever is due: new work, due retries and timers, and what a dead worker left.

::

    claim what is due (token + 1, lease) -> carry it on, many at once -> each write shows the token
      ^                                       | alive: the lease is extended   | fenced: somebody else has it, let go
      wait until something may be due <-------+
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias

from msgspec.structs import replace

from leftfold.clock import Clock, SystemClock
from leftfold.errors import Fenced, StoreError
from leftfold.store.beginning import task_of
from leftfold.store.limits import WORK_LOOK_S
from leftfold.store.port import Store
from leftfold.store.work import Hold, WorkItem
from leftfold.subscriptions.trouble import Trouble
from leftfold.subscriptions.turn import Turn
from leftfold.subscriptions.worker import Timing

__all__ = ["Carrier", "Engine", "Moment"]

Moment: TypeAlias = Callable[[], datetime]
"""Tells the time by the database's clock, as far as it was heard."""

_log: Final = logging.getLogger("leftfold")
_AT_ONCE: Final = 64
_LIMIT: Final = 256
_BEATS: Final = 3
_LET_GO_S: Final = 0.001
_LOOK_AGAIN_S: Final = 0.25
_LONG_S: Final = 60.0
_JUMP_S: Final = 1.0
_FAREWELL_S: Final = 1.0


class Carrier(Protocol):
    """Carries on the work items of its queues."""

    @property
    def queues(self) -> Collection[str]:
        """Which ones."""
        ...

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        """Carry on *item*, which is held, as far as it goes now; the last write lets go of it, those before `KEEP` it.

        Args:
            moment: tells the time.

        Raises:
            Fenced: somebody else has it by now; nothing of what was refused is stored.
        """
        ...


class Engine:
    """Carries on the work items of one store; any number of engines share them.

    Args:
        store: where they are kept.
        carriers: what carries them on, by their queues.
        owner: told to whoever asks; unlike that of every other engine.
        timing: how long a claim holds without a sign of life, and how often it is looked for what became due.
        clock: of this machine, which may differ from the database's.
    """

    def __init__(
        self,
        store: Store,
        carriers: Sequence[Carrier],
        owner: str,
        timing: Timing | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._behind = timedelta()
        self._heard: tuple[datetime, float] | None = None
        self._hearing = asyncio.Lock()
        self._carriers = {queue: carrier for carrier in carriers for queue in carrier.queues}
        self._timing = timing or Timing()
        self._hold = Hold(owner, self._timing.lease_s)
        # Who waits is woken within `WORK_LOOK_S` anyway, and asks the store more often when it waits anew.
        self._wait_s = self._timing.poll_s if self._timing.poll_s < WORK_LOOK_S else _LONG_S
        self._running: dict[str, tuple[WorkItem, asyncio.Task[None]]] = {}
        self._untaken: dict[str, float] = {}
        self._freed = asyncio.Event()
        self._stopping = False
        self._waiting: asyncio.Task[None] | None = None
        self._carried = 0
        self._asked: list[asyncio.Future[int]] = []
        self._turns = Turn()
        self._end_at: float | None = None
        self._extended = self._clock.now()
        self._trouble = Trouble(f"engine {owner} is kept from its store", f"engine {owner} has its store again")
        self._mute = Trouble(f"engine {owner} could not extend its leases", f"engine {owner} extends its leases again")

    @property
    def hold(self) -> Hold | None:
        """What makes a new work item this engine's own, for `take`; None when it takes no more."""
        return None if self._stopping or len(self._running) >= _LIMIT else self._hold

    def take(self, item: WorkItem) -> None:
        """Carry on an item that was just written with `hold`."""
        if item.queue in self._carriers and not self._stopping:
            self._start(item, self.now, written=True)

    def leave(self, id: str) -> None:
        """Let go of an item that was, or will be, written with `hold` unheard by whoever was to `take` it."""
        self._untaken[id] = asyncio.get_running_loop().time() + self._hold.lease_s
        self._look()

    def now(self) -> datetime:
        """The time by the database's clock, as it was heard last; by the machine's before that."""
        return self._clock.now() + self._behind

    def _hear(self, moment: datetime) -> None:
        now = self._clock.now()
        self._behind, self._heard = moment - now, (now, asyncio.get_running_loop().time())

    def _knows_the_time(self) -> bool:
        """Whether the database's clock was heard, and this machine's did not jump since."""
        if self._heard is None:
            return False
        then, start = self._heard
        passed_s = asyncio.get_running_loop().time() - start
        return abs((self._clock.now() - then).total_seconds() - passed_s) < _JUMP_S

    def carries(self, id: str) -> bool:
        """Whether an item is under way here."""
        return id in self._running

    async def run(self) -> None:
        """Carry on what is due, until told to stop.

        Whatever keeps it from the store is logged and tried again; what it held then is carried on by whoever claims
        it once its lease has ended.
        """
        beating = asyncio.create_task(self._beat())
        try:
            while not self._stopping:
                try:
                    await self._turns.take(self._turn())
                except StoreError as error:
                    self._trouble.met(error)
                    await self._pause(self._timing.poll_s)
                except TimeoutError:
                    _log.warning("engine %s was cut off when it looked for work, for it has to end", self._hold.owner)
        except Exception:
            _log.exception("engine %s carries on nothing any more, for it failed", self._hold.owner)
            raise
        finally:
            try:
                await self._end()
            finally:
                self._answer(self._asked)
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)

    async def idle(self) -> int:
        """Wait until nothing is under way, and a look that begins from now on finds nothing due.

        Returns:
            How many items were carried on so far.
        """
        if self._stopping:
            return self._carried
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._look()
        return await asked

    def stop(self) -> None:
        """Claim nothing more, finish what is under way, and end, `Timing.grace_s` and a second from now."""
        self._stopping = True
        if self._end_at is None:
            self._end_at = asyncio.get_running_loop().time() + self._timing.grace_s
        self._turns.end_at(self._end_at)
        self._freed.set()
        self._look()

    def _look(self) -> None:
        """Have it looked for work at once."""
        if self._waiting is not None:
            self._waiting.cancel()

    def _answer(self, asked: Sequence[asyncio.Future[int]]) -> None:
        for one in asked:
            if not one.done():
                one.set_result(self._carried)

    async def _turn(self) -> None:
        free = min(_LIMIT - len(self._running), _AT_ONCE)
        if free <= 0:  # below it, where many were begun with one `hold`
            await self._pause(None)
            return
        if (self._clock.now() - self._extended).total_seconds() >= self._hold.lease_s:
            await self._extend()  # its clock has jumped, or it stood still: it would claim what is under way here
        asked, self._asked = self._asked, []
        try:
            await self._let_go_of_untaken()
            items = await self._store.claim_due(self._carriers, self._hold.owner, self._hold.lease_s, free)
        except BaseException:
            self._asked += asked
            raise
        self._trouble.over()
        loop = asyncio.get_running_loop()
        if items:
            self._hear(items[0].changed_at)
        for item in items:
            self._start(item, _after(item.changed_at, loop.time))
        if self._running:
            self._asked += asked
        else:
            self._answer(asked)
        if not items and not self._stopping and not (self._asked and not self._running):
            wait_s = _LOOK_AGAIN_S if self._untaken else self._wait_s
            waiting = self._waiting = asyncio.create_task(self._store.await_work(self._carriers, wait_s))
            try:
                await asyncio.wait([waiting])
            finally:
                self._waiting = None
                waiting.cancel()
            if not waiting.cancelled():
                waiting.result()

    async def _let_go_of_untaken(self) -> None:
        """Have it claimed at once, by whoever; what is written later than now is found by one of the next turns."""
        if held := {id: 1 for id in self._untaken if id not in self._running}:
            now = asyncio.get_running_loop().time()
            done = await self._store.extend(held, self._hold.owner, _LET_GO_S)
            self._untaken = {id: end for id, end in self._untaken.items() if end > now and id not in done}

    async def _pause(self, seconds: float | None) -> None:
        self._freed.clear()
        if not self._stopping:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._freed.wait()

    def _start(self, item: WorkItem, moment: Moment, *, written: bool = False) -> None:
        _, before = self._running.get(item.id, (item, None))
        task = task_of(self._carry(item, moment, before, written=written), name=f"leftfold carries on {item.id}")
        self._running[item.id] = item, task
        self._carried += 1

    async def _carry(self, item: WorkItem, moment: Moment, before: asyncio.Task[None] | None, *, written: bool) -> None:
        try:
            if before is not None:  # it has lost the item, and may be in the midst of a call
                before.cancel()
            dated = await self._dated(item) if written else item
            if before is not None:
                await asyncio.wait([before])
            await self._carriers[item.queue].carry(dated, moment)
        except Fenced:
            _log.info("engine %s lets go of %s, which somebody has written meanwhile", self._hold.owner, item.id)
        except StoreError as error:
            _log.warning("%s waits until its lease has ended: %s", item.id, error)
        except Exception:  # noqa: BLE001 - whatever it is, it is logged and tried again
            _log.exception("%s waits until its lease has ended, for carrying it on failed", item.id)
        finally:
            if self._running.get(item.id, (None,))[0] is item:
                del self._running[item.id]
            self._freed.set()
            if self._asked:
                self._look()

    async def _dated(self, item: WorkItem) -> WorkItem:
        """*item*, which was just written, with its times by the database's clock, which may have to be heard first."""
        if self._knows_the_time():
            return item
        async with self._hearing:  # of many that are begun at once, one asks
            if not self._knows_the_time():
                with suppress(StoreError):  # what comes of it shows when it is carried on
                    if (stored := (await self._store.work([item.id])).get(item.id)) is not None:
                        self._hear(stored.changed_at)
        now = self.now()
        return replace(item, created_at=now if item.token == 1 else item.created_at, changed_at=now)

    async def _beat(self) -> None:
        """Show signs of life for what is held, and let go of what was lost."""
        while True:
            await asyncio.sleep(self._hold.lease_s / _BEATS)
            await self._extend()

    async def _extend(self) -> None:
        now, held = self._clock.now(), {id: item.token for id, (item, _) in self._running.items()}
        try:
            kept = await self._store.extend(held, self._hold.owner, self._hold.lease_s) if held else ()
        except Exception as error:  # noqa: BLE001 - without a sign of life everything here would be lost
            self._mute.met(error)
            return
        self._extended = now  # only now: who looks for work meanwhile would claim what is not extended yet
        if held:
            self._mute.over()
        for id in held.keys() - set(kept):
            if id in self._running and self._running[id][0].token == held[id]:
                self._running[id][1].cancel()

    async def _end(self) -> None:
        now = asyncio.get_running_loop().time()
        grace_s = self._timing.grace_s if self._end_at is None else max(self._end_at - now, 0.0)
        if tasks := [task for _, task in self._running.values()]:
            await asyncio.wait(tasks, timeout=grace_s)
        left = dict(self._running)
        for id, (_, task) in left.items():
            _log.warning(
                "%s was cut off, for engine %s has to end; whoever runs next goes on with it", id, self._hold.owner
            )
            task.cancel()
        if left:
            await asyncio.gather(*(task for _, task in left.values()), return_exceptions=True)
            with suppress(StoreError, TimeoutError):  # then their leases end by themselves
                async with asyncio.timeout(_FAREWELL_S):
                    held = {id: item.token for id, (item, _) in left.items()}
                    await self._store.extend(held, self._hold.owner, _LET_GO_S)


def _after(moment: datetime, passed: Callable[[], float]) -> Moment:
    """The time, which was *moment* just now."""
    start = passed()
    return lambda: moment + timedelta(seconds=passed() - start)
