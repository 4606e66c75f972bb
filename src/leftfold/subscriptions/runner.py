"""One loop for catching up and for live: follows one part of a subscription, batch by batch.

::

    claim -> page, read with the last event done -> consumer -> one transaction: rows, letters, checkpoint
              ^   | it is not there: CheckpointMismatch   | a subject fails: it is parked, others go on
              |                                           | refused as a whole: halves, down to the event
              |                                           | work was changed meanwhile: once more
    nothing new: due retries, requests, wait -------      | and again and again: halves
                                                          | acts outside: event by event, noted every second
                                                          | fenced: another has it, stop
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final, TypeAlias
from uuid import UUID

from leftfold.errors import (
    AppendRefused,
    CheckpointMismatch,
    Fenced,
    InvalidInput,
    KeyTaken,
    Overtaken,
    UnreadableEvent,
)
from leftfold.handling.correlation import handling
from leftfold.messages.recorded import RecordedEvent
from leftfold.store.checkpoints import Claim
from leftfold.store.events import Page, StoredEvent
from leftfold.store.transaction import Advance, Transaction, Write
from leftfold.subscriptions.consumer import Consumer, Failure, Outcome
from leftfold.subscriptions.parking import Parking, error_text
from leftfold.subscriptions.policy import Failing
from leftfold.subscriptions.retrying import Retrying
from leftfold.subscriptions.subscription import Part

__all__ = ["Around", "Progress", "Runner"]

Progress: TypeAlias = Callable[[int, bool], Awaitable[bool]]
"""Told of a position that is done, and whether it was all there was when it was read; says whether to go on."""

Around: TypeAlias = Callable[[Sequence[RecordedEvent[object]], Callable[[], Awaitable[None]]], Awaitable[None]]
"""Handles a batch by calling what it is given, which ends when the effects and the checkpoint are written."""

_log: Final = logging.getLogger("leftfold")
_PAGE: Final = 500
_IDLE_S: Final = 1.0
_SOON_S: Final = 1.0
"""Seconds after which what was done outside is noted, although more is to be done."""

_TRIES: Final = 20
_TOGETHER: Final = 3
"""Tries of a batch whose work others change, before it is done in smaller ones, which they get between less easily."""


class Runner:
    """Follows one part of a subscription under one claim.

    Args:
        part: which.
        consumer: what the events are handed to.
        claim: the right to move its checkpoint.
        progress: called before the first step and after each, with where it is, and whether it has seen everything
            that there was before it; goes on in any case when left out.
        around: called for each batch that has events, to measure it.
    """

    def __init__(
        self,
        part: Part,
        consumer: Consumer,
        claim: Claim,
        progress: Progress | None = None,
        around: Around | None = None,
    ) -> None:
        self.position: int = claim.position
        self._part = part
        self._source = part.subscription.source
        self._target = part.subscription.target
        self._consumer = consumer
        self._claim = claim
        self._progress = progress
        self._around = around
        self._last: UUID | None = claim.event_id
        subscription = part.subscription
        self._parking = Parking(self._target, subscription.name, part.number, subscription.policy, subscription.clock)
        self._stopping = False
        self._idle: asyncio.Task[int] | None = None
        self._retrying = Retrying(self._parking, consumer, self._source, self._write)

    async def run(self) -> None:
        """Follow until told to stop.

        Raises:
            Fenced: another has claimed the checkpoint.
            CheckpointMismatch: the log does not hold the checkpoint's event any more.
            UnreadableEvent: the next event cannot be read; everything before it is done.
            Overtaken: others were faster every time.
            StoreError: the log or the target is out of reach.
            Exception: what finding an event's subjects raised.
        """
        self._consumer.forget()
        if self.position:
            await self._page(0)
        await self._parking.load()
        await self._tell(done=False)
        while not self._stopping:
            if not await self.step() and await self._tell(done=True):
                await self._retrying.turn(asked=True)
                await self._wait()

    def stop(self) -> None:
        """End after the batch that is under way, or at once when there is none."""
        self._stopping = True
        if self._idle is not None:
            self._idle.cancel()

    async def step(self) -> bool:
        """Do the next page; False when there is none."""
        page = await self._page(_PAGE)
        if page.position == self.position:
            return False
        stored = page.events
        events, error = self._readable(stored)
        if error is not None:
            stored = [event for event in stored if event.position < error.position]
        if stored:
            await self._handle(events, stored[-1])
            if not await self._tell(done=error is None and len(page.events) < _PAGE):
                return True
        if error is not None:
            raise error.reason
        await self._retrying.turn(asked=False)
        return True

    async def _tell(self, *, done: bool) -> bool:
        if self._progress is not None and not await self._progress(self.position, done):
            self._stopping = True
        return not self._stopping

    async def _wait(self) -> None:
        if self._stopping:
            return
        idle = self._idle = asyncio.create_task(self._source.store.wake(self.position, self._retrying.wait_s(_IDLE_S)))
        try:
            await asyncio.wait([idle])
        finally:
            self._idle = None
            idle.cancel()
        if not idle.cancelled():
            idle.result()

    async def _page(self, limit: int) -> Page:
        """At most *limit* events that come next, read with the last one done: a log may be put back under us."""
        store = self._source.store
        if not self.position:
            return await store.read_log(limit=limit)
        page = await store.read_log(after=self.position - 1, limit=limit + 1)
        if not page.events or page.events[0].id != self._last:
            raise CheckpointMismatch(self._part.checkpoint, self.position, await store.head())
        return Page(page.events[1:], page.position)

    def _readable(self, stored: Sequence[StoredEvent]) -> tuple[list[RecordedEvent[object]], _Unreadable | None]:
        wanted, holds, recorded = self._consumer.events, self._part.holds, self._source.events.recorded
        events: list[RecordedEvent[object]] = []
        for one in stored:
            if holds(one.stream):
                try:
                    events += recorded(one, wanted)
                except UnreadableEvent as error:
                    return events, _Unreadable(one.position, error)
        return events, None

    async def _handle(self, events: Sequence[RecordedEvent[object]], last: StoredEvent) -> None:
        async def work() -> None:
            if self._part.subscription.acts:
                await self._act(events, last)
            elif not await self._done(events, last.position, last.id):
                await self._write([], last.position, last.id)

        await (work() if self._around is None or not events else self._around(events, work))

    async def _act(self, events: Sequence[RecordedEvent[object]], last: StoredEvent) -> None:
        """Handle *events* one by one, and note what was done every second, and when told to stop.

        A crash does again what was not noted, and who waits for this one to stop waits for one event.
        """
        now = asyncio.get_running_loop().time
        done, noted_at = _Batch(), now()
        parks = self._part.subscription.policy.failing is Failing.PARK
        for _, found in groupby(events, key=attrgetter("position")):
            parts = list(found)
            if self._stopping:
                break
            parked = _Either(self._parking.subjects, done.failed) if parks else self._parking.subjects
            done.add(parts, await self._consumer.consume(parts, parked))
            if now() - noted_at >= _SOON_S:
                await self._note(done, parts[-1].position, parts[-1].id)
                done, noted_at = _Batch(), now()
        else:
            await self._note(done, last.position, last.id)
            return
        if done.events:
            await self._note(done, done.events[-1].position, done.events[-1].id)

    async def _note(self, done: _Batch, position: int, event_id: UUID) -> None:
        refused: Exception
        try:
            await self._write([*done.writes, *self._parking.writes(done.failures)], position, event_id)
        except (InvalidInput, AppendRefused) as error:
            refused = error
        else:
            self._warn(done.failures)
            return
        await self._refused(done.events, refused)
        await self._write([], position, event_id)

    async def _done(self, events: Sequence[RecordedEvent[object]], position: int, event_id: UUID) -> bool:
        """Handle *events* in one transaction; when it is refused, piece by piece, and False.

        No piece is handled while the error of another is: what its own error says would tell of that one as well.
        """
        for tries in range(1, _TRIES + 1):
            refused: Exception | None = None
            try:
                outcome = await self._consumer.consume(events, self._parking.subjects)
                await self._write([*outcome.writes, *self._parking.writes(outcome.failures)], position, event_id)
            except Overtaken:
                self._forget()
                if tries == _TRIES:
                    raise
            except (InvalidInput, AppendRefused) as error:
                refused = error
            else:
                self._warn(outcome.failures)
                return True
            if refused is not None:
                await self._refused(events, refused)
                return False
            if tries == _TOGETHER and await self._in_halves(events):
                return False
        return False

    async def _refused(self, events: Sequence[RecordedEvent[object]], error: Exception) -> None:
        self._forget()
        if not await self._in_halves(events):
            await self._park(events, error)

    def _forget(self) -> None:
        self._consumer.forget()
        self._parking.take_back()

    async def _in_halves(self, events: Sequence[RecordedEvent[object]]) -> bool:
        """Handle each half of a batch by itself; False, doing nothing, when there are no halves."""
        positions = sorted({event.position for event in events})
        if len(positions) < 2:
            return False
        middle = positions[len(positions) // 2]
        for half in (
            [event for event in events if event.position < middle],
            [event for event in events if event.position >= middle],
        ):
            await self._done(half, half[-1].position, half[-1].id)
        return True

    async def _park(self, events: Sequence[RecordedEvent[object]], error: Exception) -> None:
        """Park whatever *events*, the parts of one, belong to, for they cannot be written; what is parked waits."""
        if events:
            subjects = {subject: event for event in events for subject in self._consumer.subjects(event)}
            parked = self._parking.subjects
            failures = [Failure(one, event, None if one in parked else error) for one, event in subjects.items()]
            await self._write(self._parking.writes(failures), events[-1].position, events[-1].id)
            self._warn(failures)

    def _warn(self, failures: Sequence[Failure]) -> None:
        """Say what was not done, once it is kept; what waits behind it says nothing."""
        subscription = self._part.subscription
        skips = subscription.policy.failing is Failing.SKIP
        for one in failures:
            if one.error is None:
                continue
            with handling(one.event.metadata):
                _log.warning(
                    "%s %s %.200r at position %d of stream %.200r: %s. See: leftfold dead-letters list",
                    subscription.name,
                    "skipped an event of" if skips else "parked",
                    one.subject,
                    one.event.position,
                    one.event.stream,
                    error_text(one.error),
                    exc_info=one.error,
                )

    async def _write(self, writes: Sequence[Write], position: int | None = None, event_id: UUID | None = None) -> None:
        """Write, and move the checkpoint; without a position it stays where it is.

        Raises:
            Overtaken: work was changed since it was read; decide again.
        """
        if position is None:
            position, event_id = self.position, self._last
        advance = Advance(name=self._claim.name, token=self._claim.token, position=position, event_id=event_id)
        try:
            await self._target.transact(Transaction(writes=[*writes, advance]))
        except (Fenced, KeyTaken) as error:
            if (item := _changed_work(error)) is None:
                raise
            raise Overtaken(item) from error
        self._parking.written()
        self.position, self._last = position, event_id


def _changed_work(error: Fenced | KeyTaken) -> str | None:
    """The work item that was changed meanwhile; None when the checkpoint was claimed, or a row is there."""
    if isinstance(error, KeyTaken):
        return error.key if error.table == "work" else None
    return error.name if error.kind == "work item" else None


class _Batch:
    """Events that were handled, and what came of them."""

    def __init__(self) -> None:
        self.events: list[RecordedEvent[object]] = []
        self.writes: list[Write] = []
        self.failures: list[Failure] = []
        self.failed: set[str] = set()
        """The subjects that failed."""

    def add(self, events: Sequence[RecordedEvent[object]], outcome: Outcome) -> None:
        self.events += events
        self.writes += outcome.writes
        self.failures += outcome.failures
        self.failed.update(one.subject for one in outcome.failures if one.error is not None)


class _Either(Container[str]):
    """Subjects that are in one of two; there may be too many to copy them for each event, and its error keeps it."""

    def __init__(self, parked: Container[object], failed: Container[object]) -> None:
        self._parked = parked
        self._failed = failed

    def __contains__(self, subject: object) -> bool:
        return subject in self._parked or subject in self._failed


class _Unreadable:
    def __init__(self, position: int, reason: UnreadableEvent) -> None:
        self.position = position
        self.reason = reason
