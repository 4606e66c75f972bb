"""Group commit on the event loop: appends of one tick share one transaction and one flush.

There is no writer thread: on a busy loop it starves behind the interpreter's lock, and when the loop is idle the
hand-over costs more than it saves. The price is that a slow disk holds the loop for one flush a batch.

    append -> queue -> end of the tick -> begin immediate -> judge each -> insert -> commit -> verdicts
                                             | busy: 2 ms later
                                             | refused by the database: each one alone
                                             | flush failed: the same again, until the deadline; what is refused then
                                             |   may be there already, so look
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from leftfold.adapters.sqlite.batch import Batch, events_by_id, lone_work
from leftfold.adapters.sqlite.doubting import is_stored
from leftfold.adapters.sqlite.ends import Ends
from leftfold.adapters.sqlite.failures import is_busy, is_input_output, translated
from leftfold.adapters.sqlite.location import SqliteLocation
from leftfold.adapters.sqlite.naming import Naming
from leftfold.adapters.sqlite.reading import leave
from leftfold.adapters.sqlite.rows import micros_of
from leftfold.adapters.sqlite.waiting import BUSY_RETRY_S, held
from leftfold.adapters.sqlite.work_writing import rouses, write_work
from leftfold.clock import Clock
from leftfold.errors import AppendRefused, Fenced, IdReused, KeyTaken, LeftfoldError, OutcomeUnknown
from leftfold.store.batching import AppendQueue, Pending, end_of_tick
from leftfold.store.events import Appended
from leftfold.store.work import WorkWrite

__all__ = ["Committer"]

_FAULT_RETRY_S = 0.05


class Committer:
    """Commits appends in batches at the end of each tick of the loop it was made on.

    Args:
        naming: of the same connection.
        grown: called after each commit.
        due: called after each commit of work that may be due before somebody's lease ends.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        naming: Naming,
        location: SqliteLocation,
        clock: Clock,
        grown: Callable[[], None],
        due: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._naming = naming
        self._ends = Ends(connection)
        self._location = location
        self._clock = clock
        self._grown = grown
        self._due = due
        self._loop = asyncio.get_running_loop()
        self._queue = AppendQueue()
        self._next: asyncio.Handle | None = None
        self._cursor = connection.cursor()
        self._tried_at = 0
        self._trusting = True  # until an insert finds an id that is stored already; again once a batch has none
        self._judged: Sequence[Appended | Exception] = ()
        connection.execute("pragma temp_store = memory")  # rows of one statement wait there; no payload in other files

    async def commit(self, pending: Pending) -> Appended:
        """Put *pending* into the next batch and wait for its verdict; the first to come commits for all."""
        self._queue.put(pending)
        if self._next is None:
            try:
                await end_of_tick()
            except BaseException:
                pending.leave()
                raise
            if not pending.settled:
                self._work_off()
        if not pending.settled:
            pending.deadline = self._loop.time() + self._location.deadline_s
        return await pending.outcome()

    def forget(self) -> None:
        """Events were written that it has not written."""
        self._ends.forget()

    async def drain(self) -> None:
        """Wait until everything accepted so far has its verdict."""
        while verdicts := self._queue.verdicts():
            await asyncio.wait(verdicts)

    def _turn(self) -> None:
        self._next = None
        self._give_up(self._queue.take_expired(self._loop.time()))
        self._work_off()

    def _work_off(self) -> None:
        """Commit the next batch, unless a turn is to come anyway; what is left then has one."""
        if self._next is not None:
            return
        batch = self._queue.next_batch()
        wait_s = self._try(batch) if batch else 0.0
        if len(self._queue):
            self._next = self._loop.call_later(wait_s, self._turn) if wait_s else self._loop.call_soon(self._turn)

    def _try(self, batch: list[Pending]) -> float:
        """Commit *batch*, whatever comes of it; returns the seconds to wait before the next turn."""
        try:
            try:
                verdicts = self._write(batch)
                if batch[0].moments:  # in doubt, and so alone
                    verdicts = (self._sure(batch[0], verdicts[0]),)
            except sqlite3.Error as error:
                return self._recover(batch, error)
        except Exception as error:  # noqa: BLE001 - a fault here must reach its caller, not vanish in the loop
            if len(batch) > 1:
                return self._one_by_one(batch)
            batch[0].settle(error)
            return 0.0
        for pending, verdict in zip(batch, verdicts, strict=True):
            pending.settle(verdict)
        return 0.0

    def _recover(self, batch: list[Pending], error: sqlite3.Error) -> float:
        if is_busy(error):
            self._queue.put_back(batch)
            return BUSY_RETRY_S
        doubtful = is_input_output(error)
        if doubtful:
            for number, pending in enumerate(batch):
                if number < len(self._judged) and not isinstance(self._judged[number], Appended):
                    continue  # it was refused before anything could fail
                pending.doubt = str(error)
                pending.moments += (self._tried_at,)
        if len(batch) > 1 or doubtful:
            return self._one_by_one(batch, _FAULT_RETRY_S if len(batch) == 1 else 0.0)
        batch[0].settle(self._explained(batch[0], error))
        return 0.0

    def _one_by_one(self, batch: Sequence[Pending], wait_s: float = 0.0) -> float:
        for pending in batch:
            pending.alone = True
        self._queue.put_back(batch)
        return wait_s

    def _sure(self, pending: Pending, verdict: Appended | Exception) -> Appended | Exception:
        """*verdict*, unless it is what a write without events comes to that was stored by a try before."""
        transaction = pending.transaction
        if transaction is None or transaction.parts or not isinstance(verdict, Fenced | KeyTaken):
            return verdict
        stored = is_stored(self._cursor, transaction, pending.moments)
        if stored is None:
            return OutcomeUnknown((), pending.doubt or "")
        if stored:
            self._grown()
            self._due()
            return Appended(position=0, versions={}, recorded_at=self._clock.now())
        return verdict

    def _write(self, batch: Sequence[Pending]) -> Sequence[Appended | Exception]:
        now = self._clock.now()
        self._tried_at = micros_of(now)
        self._judged = ()
        if self._connection.in_transaction:  # a rollback has failed, and what is written would not be committed
            leave(self._connection, self._location)
        if len(batch) == 1 and (alone := lone_work(batch[0].transaction)):
            return (self._write_work(alone, now),)
        try:
            return self._write_together(batch, now)
        except sqlite3.IntegrityError:
            if not self._trusting:
                raise
            self._trusting = False
            return self._write_together(batch, now)

    def _write_together(self, batch: Sequence[Pending], now: datetime) -> Sequence[Appended | Exception]:
        execute = self._connection.execute
        execute("begin immediate")
        try:
            work = Batch(self._connection, self._naming, self._ends, now, trusting=self._trusting)
            self._judged = verdicts = [work.judge(pending) for pending in batch]
            if not work.changed:
                execute("rollback")
            else:
                work.flush()
                execute("commit")
                work.keep()
                self._grown()
                if work.wakes:
                    self._due()
        except BaseException:
            self._ends.forget()
            raise
        else:
            self._trusting = self._trusting or not work.found_known
        finally:
            self._naming.forget()
            if self._connection.in_transaction:
                execute("rollback")
        return verdicts

    def _write_work(self, work: WorkWrite, now: datetime) -> Appended | Exception:
        """Write one work item that waits alone: each statement of it is a transaction of its own, and enough."""
        try:
            write_work(self._cursor, work, self._tried_at)
        except LeftfoldError as refusal:
            return refusal
        if rouses(work):
            self._due()
        return Appended(position=0, versions={}, recorded_at=now)

    def _explained(self, pending: Pending, error: sqlite3.Error) -> LeftfoldError:
        refusal = translated(error, self._location.path)
        if isinstance(refusal, AppendRefused):
            for event in events_by_id(self._connection.cursor(), self._naming, pending.parts).values():
                return IdReused(event.id, event.stream, event.version)
        return refusal

    def _give_up(self, expired: Sequence[Pending]) -> None:
        for pending in expired:
            doubt = pending.doubt
            pending.settle(OutcomeUnknown(pending.ids, doubt) if doubt else held(self._location))
