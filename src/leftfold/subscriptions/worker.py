"""A worker: shares the parts of all followers of one store with the other workers, and takes over from dead ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from math import ceil, isfinite
from typing import Final, Protocol

from msgspec import Struct

from leftfold.errors import DefinitionError, Fenced, OutcomeUnknown, StoreError, StoreUnavailable, TableMissing
from leftfold.messages.given import is_number, said
from leftfold.store.beginning import task_of
from leftfold.store.checkpoints import MAX_LEASE_S, Claim
from leftfold.store.port import Store
from leftfold.subscriptions.blaming import ends_task, running_task
from leftfold.subscriptions.consumer import Consumer
from leftfold.subscriptions.parking import LETTERS, PARKED, REQUESTS, error_text
from leftfold.subscriptions.presence import WORKERS, Presence
from leftfold.subscriptions.runner import Around, Progress, Runner
from leftfold.subscriptions.subscription import Part, Subscription
from leftfold.subscriptions.trouble import Trouble
from leftfold.subscriptions.turn import Turn

__all__ = ["Assignment", "Follower", "Progress", "SubscriptionFollower", "Timing", "Worker"]

_log: Final = logging.getLogger("leftfold")
_UNWANTED_AFTER: Final = 3
_KEPT_LEASES: Final = 4
_FAREWELL_S: Final = 1.0
_TOGETHER: Final = 16
"""Leases that are kept up at the same time: a store commits them together, and has others to answer."""

_OF_A_LEASE: Final = 3
"""So often in a lease they are kept up while others are claimed."""


def _is_time(value: object) -> bool:
    return is_number(value) and isfinite(value)


class Timing(Struct, frozen=True, kw_only=True):
    """How fast a dead worker is noticed.

    Args:
        lease_s: seconds that a claim holds without a sign of life, at least twice *poll_s*, which is how often one is
            given.
        poll_s: seconds between two looks for parts that nobody follows, above 0.
        grace_s: seconds that what is under way gets when the worker stops, 0 or more; then it is cut off, and a second
            is left for telling others.

    Raises:
        DefinitionError: one is no such number.
    """

    lease_s: float = 15.0
    poll_s: float = 1.0
    grace_s: float = 10.0

    def __post_init__(self) -> None:
        findings = [
            f"{name}={said(value)} is no number of seconds" for name, value in self._given() if not _is_time(value)
        ]
        if not findings:
            findings = list(self._flaws())
        if findings:
            raise DefinitionError(*(f"Timing: {one}" for one in findings))

    def _given(self) -> list[tuple[str, object]]:
        return [("lease_s", self.lease_s), ("poll_s", self.poll_s), ("grace_s", self.grace_s)]

    def _flaws(self) -> Iterator[str]:
        if self.poll_s <= 0:
            yield f"poll_s={self.poll_s:g}; looks have a time above 0 between them"
        if self.grace_s < 0:
            yield f"grace_s={self.grace_s:g} is below 0"
        if not 0 < self.lease_s <= MAX_LEASE_S:
            yield f"lease_s={self.lease_s:g}; a lease is above 0 and at most {MAX_LEASE_S:,.0f} seconds"
        elif self.lease_s < 2 * self.poll_s:
            yield f"lease_s={self.lease_s:g} is less than twice poll_s={self.poll_s:g}, or it runs out in between"


class Assignment(Struct, frozen=True):
    """A part to follow, and with what.

    Args:
        consumer: makes what its events are handed to.
        progress: see `Runner`; so is *around*.
    """

    part: Part
    consumer: Callable[[], Consumer]
    progress: Progress | None = None
    around: Around | None = None


class Follower(Protocol):
    """Something that follows a log in parts."""

    async def assignments(self) -> Sequence[Assignment]:
        """What there is to follow now; it may change, as when a rebuilt read model takes over."""
        ...


class SubscriptionFollower:
    """See `Follower`: every part of one subscription, at all times.

    Args:
        consumer: see `Assignment`.
    """

    def __init__(self, subscription: Subscription, consumer: Callable[[], Consumer]) -> None:
        self.subscription = subscription
        self._consumer = consumer

    async def assignments(self) -> Sequence[Assignment]:
        """See `Follower.assignments`."""
        return [Assignment(part, self._consumer) for part in self.subscription.parts]


class _Running:
    def __init__(self, runner: Runner, claim: Claim, task: asyncio.Task[None]) -> None:
        self.runner = runner
        self.claim = claim
        self.task = task
        self.cancelled = False

    def cancel(self) -> None:
        """End it at once, in the middle of what it does."""
        self.cancelled = True
        self.task.cancel()


class Worker:
    """Follows what its followers want followed, as much as is its share.

    Args:
        store: holds the checkpoints.
        followers: what to follow.
        owner: the worker's name, unlike that of every other.
        group: of the workers that it shares with.
        again: whether what an error has stopped is tried again; when a store was out of reach it always is.
    """

    def __init__(
        self,
        store: Store,
        followers: Sequence[Follower],
        owner: str,
        timing: Timing | None = None,
        *,
        group: str = WORKERS,
        again: bool = True,
    ) -> None:
        self._store = store
        self._followers = followers
        self._owner = owner
        self._timing = timing or Timing()
        self._running: dict[str, _Running] = {}
        self._again = again
        self._given_up: dict[str, BaseException] = {}
        self._pauses: dict[str, tuple[float, float]] = {}
        self._look = asyncio.Event()
        self.looked: asyncio.Event = asyncio.Event()
        """Set when it has looked for parts to follow: from then on others see that it is there."""
        self._stopping = self._unprepared = False
        self._presence = Presence(store, owner, self._timing.lease_s, group)
        self._free_since: dict[str, float] = {}
        self._kept_until: dict[str, float] = {}
        self._alive_until = 0.0
        self._turns = Turn()
        self._end_at: float | None = None
        self._trouble = Trouble(f"worker {owner} cannot look for work", f"worker {owner} looks for work again")

    async def run(self) -> None:
        """Work until `stop`; what goes wrong on the way is logged and tried again."""
        try:
            while not self._stopping and self._owner not in self._given_up:
                self._look.clear()  # before the turn, so that a stop in the middle of it is not forgotten
                try:
                    await self._turns.take(self._prepared_turn())
                    self.looked.set()
                    self._trouble.over()
                except StoreError as error:
                    self._trouble.met(error)
                    self._note_end(self._owner, error)
                except TimeoutError:
                    _log.warning("worker %s was cut off when it looked for work, for it has to end", self._owner)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._timing.poll_s):
                        await self._look.wait()
        except Exception:
            _log.exception("worker %s follows nothing any more, for it failed", self._owner)
            raise
        finally:
            await self._end()

    def stop(self) -> None:
        """Finish the batches under way, release what is held, and end, `Timing.grace_s` and a second from now."""
        self._stopping = True
        self._look.set()
        if self._end_at is None:
            self._end_at = asyncio.get_running_loop().time() + self._timing.grace_s
        self._turns.end_at(self._end_at)
        for running in self._running.values():
            running.runner.stop()

    @property
    def follows(self) -> Sequence[str]:
        """Names of the checkpoints that this worker moves now."""
        return sorted(self._running)

    @property
    def given_up(self) -> Mapping[str, BaseException]:
        """The checkpoints that this worker has given up, by name, and why; itself when it cannot look for them."""
        return self._given_up

    async def prepare(self) -> None:
        """Make the tables that followers need."""
        for table in (LETTERS, PARKED, REQUESTS):
            await self._store.prepare(table)

    async def _prepared_turn(self) -> None:
        if self._unprepared:  # the store was made anew under it
            await self.prepare()
            self._unprepared = False
        try:
            await self._turn()
        except TableMissing:
            self._unprepared = True
            raise

    async def _turn(self) -> None:
        wanted = {one.part.checkpoint: one for follower in self._followers for one in await follower.assignments()}
        await self._let_go([name for name in self._running if name not in wanted])
        await self._stay_alive()
        checkpoints = await self._store.checkpoints()
        await self._presence.forget_dead(checkpoints)
        held = {one.name: one.owner for one in checkpoints if one.held}
        share = ceil(len(wanted) / max(sum(name.startswith(self._presence.prefix) for name in held), 1))
        now = asyncio.get_running_loop().time()
        await self._let_go([name for name in sorted(self._running) if self._kept_until.get(name, 0.0) <= now][share:])
        now = asyncio.get_running_loop().time()  # it may have taken long, and others are to have their turn at it
        for name, assignment in wanted.items():
            if name in self._running or name in self._given_up or held.get(name, self._owner) != self._owner:
                self._free_since.pop(name, None)
            elif self._pauses.get(name, (0.0, 0.0))[0] <= now and self._may_take(name, share, now):
                claim = await self._store.claim(name, self._owner, self._timing.lease_s)
                if claim is not None:
                    self._start(assignment, claim)
                if asyncio.get_running_loop().time() >= self._alive_until:  # there may be many to claim
                    await self._stay_alive()

    def _may_take(self, name: str, share: int, now: float) -> bool:
        """Whether a free part is ours to take: it is within the share, or nobody else wants it."""
        since = self._free_since.setdefault(name, now)
        if len(self._running) < share:
            return True
        if now - since < _UNWANTED_AFTER * self._timing.poll_s:
            return False
        self._kept_until[name] = now + _KEPT_LEASES * self._timing.lease_s
        return True

    async def _stay_alive(self) -> None:
        self._alive_until = asyncio.get_running_loop().time() + self._timing.lease_s / _OF_A_LEASE
        await self._presence.say()
        held = list(self._running.items())
        for start in range(0, len(held), _TOGETHER):
            await asyncio.gather(*(self._keep(name, running) for name, running in held[start : start + _TOGETHER]))

    async def _keep(self, name: str, running: _Running) -> None:
        if not await self._store.renew(name, running.claim.token, self._timing.lease_s):
            self._say_lost(name)  # the task learns of it by being cancelled, and says nothing
            running.cancel()

    def _start(self, assignment: Assignment, claim: Claim) -> None:
        runner = Runner(assignment.part, assignment.consumer(), claim, assignment.progress, assignment.around)
        task = task_of(self._follow(runner, claim), name=f"leftfold follows {claim.name}")
        self._running[claim.name] = _Running(runner, claim, task)

    async def _follow(self, runner: Runner, claim: Claim) -> None:
        note: str | None = None
        task = running_task()
        try:
            await runner.run()
        except Fenced:
            self._say_lost(claim.name)
        except BaseException as error:  # whatever it is, it is said, kept and tried again
            if ends_task(error, task):
                if not self._asked_to_end(claim.name):
                    self._pause(claim.name)
                raise
            note = error_text(error)
            _log.warning(
                "worker %s stopped following %s at position %d: %s", self._owner, claim.name, runner.position, note
            )
            if runner.position > claim.position:  # it was of use, so what stopped it is something new
                self._pauses.pop(claim.name, None)
            self._pause(claim.name)
            self._note_end(claim.name, error)
            self._unprepared = self._unprepared or isinstance(error, TableMissing)
        else:
            self._pauses.pop(claim.name, None)
        finally:
            self._running.pop(claim.name, None)
            self._look.set()
        with suppress(StoreError):  # then the lease runs out by itself
            await self._store.release(claim.name, claim.token, note)

    def _note_end(self, name: str, error: BaseException) -> None:
        if not self._again and not isinstance(error, StoreUnavailable | OutcomeUnknown):
            self._given_up[name] = error

    def _asked_to_end(self, name: str) -> bool:
        running = self._running.get(name)
        return running is None or running.cancelled

    def _say_lost(self, name: str) -> None:
        _log.info("worker %s lost %s to another", self._owner, name)

    def _pause(self, name: str) -> None:
        pause_s = min(max(self._pauses.get(name, (0.0, 0.0))[1] * 2, self._timing.poll_s), 60.0)
        self._pauses[name] = asyncio.get_running_loop().time() + pause_s, pause_s

    async def _let_go(self, names: Sequence[str]) -> None:
        """Give all of *names* the grace to finish at the same time."""
        leaving = [self._running[name] for name in names]
        await self._finish(leaving, asyncio.get_running_loop().time() + self._timing.grace_s)
        for one in leaving:
            one.cancel()
        if leaving:
            await asyncio.wait([one.task for one in leaving])
        for one in leaving:
            self._free_since.pop(one.claim.name, None)
            if one.task.cancelled():  # its lease would keep others from it
                await self._store.release(one.claim.name, one.claim.token)

    async def _finish(self, leaving: Collection[_Running], end: float) -> None:
        """Let *leaving* end after the batches under way, until a time of the loop, and keep up the leases meanwhile."""
        now = asyncio.get_running_loop().time
        for one in leaving:
            one.runner.stop()
        tasks: Collection[asyncio.Task[None]] = [one.task for one in leaving]
        while tasks:
            left = max(end - now(), 0.0)
            _, tasks = await asyncio.wait(tasks, timeout=min(left, self._timing.poll_s))
            if not left:
                return
            if tasks:
                with suppress(StoreError, TimeoutError):  # whoever is kept from its store has to end all the same
                    async with asyncio.timeout_at(end):
                        await self._stay_alive()

    async def _end(self) -> None:
        now = asyncio.get_running_loop().time()
        followed = dict(self._running)
        await self._finish(followed.values(), now + self._timing.grace_s if self._end_at is None else self._end_at)
        if tasks := [running.task for running in followed.values()]:
            for name, running in followed.items():
                if not running.task.done():
                    text = "%s was cut off, for worker %s has to end; whoever follows next begins that batch again"
                    _log.warning(text, name, self._owner)
                running.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(StoreError, TimeoutError):  # then leases run out by themselves
            async with asyncio.timeout(_FAREWELL_S):
                for one in followed.values():
                    if one.task.cancelled():
                        await self._store.release(one.claim.name, one.claim.token)
                await self._presence.leave()
