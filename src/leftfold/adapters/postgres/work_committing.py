"""Group commit of work: transactions that only write work items and wait at the same moment share one function call.

::

    transaction -> queue -> batch with a number -> one call -> each its verdict
                                  | connection lost: look whether the database has kept its result, else the same
                                  |   again, until the deadline; a batch is never done twice
                                  | deadlock: again
                                  | refused: each one alone, so that only the bad one fails
                                  | an item twice: the next batch

They have a connection of their own and wait for nobody who appends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from uuid import uuid4

import asyncpg

from leftfold.adapters.postgres.calls import numbers_in
from leftfold.adapters.postgres.connecting import Backoff, Connector
from leftfold.adapters.postgres.failures import is_lost, is_refusal, is_retriable, translated
from leftfold.adapters.postgres.queries import Query
from leftfold.adapters.postgres.sending import Sender, finished
from leftfold.adapters.postgres.work_call import WorkCall, work_write_sql
from leftfold.adapters.postgres.work_single import SingleWrite
from leftfold.errors import OutcomeUnknown
from leftfold.store.batching import AppendQueue, Pending
from leftfold.store.events import Appended
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, Begin, End, Revise, WorkWrite

__all__ = ["WorkCommitter", "only_work"]

_GRACE_S = 1.0
_LAST_WORD_S = 1.0
_NOTHING: Final = Appended(position=0, versions={}, recorded_at=AT_ONCE)


def only_work(transaction: Transaction) -> Sequence[WorkWrite] | None:
    """The writes of a transaction that only writes work items, each once; None of every other."""
    if transaction.parts or transaction.inline:
        return None
    writes: list[WorkWrite] = []
    for write in transaction.writes:
        if not isinstance(write, Begin | Revise | End):
            return None
        writes.append(write)
    return writes if len(writes) < 2 or len({write.id for write in writes}) == len(writes) else None


@dataclass
class _Batch:
    """What is sent again as it is: its number is what the database keeps its result under.

    Args:
        single: the statement for a batch of one write; None for others.
        known: the same, of a write that its item is known by.
        missed: whether an answer was missed, so that it may be stored already.
    """

    number: int
    members: Sequence[Pending]
    call: WorkCall
    single: Query | None
    known: Query | None
    missed: bool = False

    @cached_property
    def text(self) -> str:
        """The argument of the function."""
        return self.call.text()


class WorkCommitter:
    """Commits transactions of work over one connection of its own.

    Args:
        due: called after each commit with the queues in which something is due, or soon.
    """

    def __init__(self, connector: Connector, due: Callable[[Sequence[str]], None]) -> None:
        self._connector = connector
        self._due = due
        self._sender = Sender(connector)
        self._client = uuid4()
        self._sql = work_write_sql(connector.location.schema)
        self._single = SingleWrite(connector.location.schema)
        batches = f'"{connector.location.schema}".work_batches'
        self._missed = f"select refused::text, soon from {batches} where client = $1 and batch = $2"
        self._forget = (
            f"delete from {batches} b using (select client from {batches} "
            "where client = $1 or written_at < now() - interval '1 day' for update skip locked) o "
            "where b.client = o.client"
        )
        self._loop = asyncio.get_running_loop()
        self._queue = AppendQueue()
        self._task: asyncio.Task[None] | None = None
        self._number = 0

    async def commit(self, transaction: Transaction) -> None:
        """Put *transaction*, which has only work, into the next batch and wait for its verdict."""
        pending = Pending((), None, transaction)
        pending.deadline = self._loop.time() + self._connector.location.deadline_s
        self._queue.put(pending)
        if self._task is None:
            self._task = self._loop.create_task(self._run())
        await pending.outcome()

    async def close(self) -> None:
        """Wait until everything accepted so far has its verdict, then let go of the connection."""
        while (task := self._task) is not None:
            await finished(task, self._sender.drop)
        try:
            if self._number and self._sender.is_ready:
                with suppress(Exception):  # a row that stays is forgotten after a day
                    await self._sender.connection.execute(self._forget, self._client, timeout=_LAST_WORD_S)
        finally:
            await self._sender.close()

    async def _run(self) -> None:
        try:
            while (batch := self._next()) is not None:
                await self._carry_out(batch)
                await asyncio.sleep(0)  # callers that were just answered join the next batch
        finally:
            self._task = None

    def _next(self) -> _Batch | None:
        """The next batch; it leaves out who has gone away, and who writes an item that is in it already."""
        while len(self._queue):
            taken = self._queue.next_batch()
            try:
                if batch := self._batch(taken):
                    return batch
            except Exception as error:  # noqa: BLE001 - a fault here must reach the callers, not vanish in the loop
                for pending in taken:
                    pending.settle(error)
        return None

    def _batch(self, taken: Sequence[Pending]) -> _Batch | None:
        call = WorkCall()
        members: list[Pending] = []
        others: list[Pending] = []
        for pending in taken:
            joined = call.take(len(members), _writes_of(pending))
            (members if joined else others).append(pending)
        self._queue.put_back(others)
        if not members:
            return None
        self._number += 1
        only = None if self._connector.pooled else call.only  # where statements are planned each time, the function
        known = self._single.known(only) if only else None
        single = self._single.query(only) if only and known is None else None
        return _Batch(self._number, members, call, single, known)

    async def _carry_out(self, batch: _Batch) -> None:
        """Commit *batch*, whatever comes of it."""
        trouble = await self._try(batch)
        if trouble is None:
            return
        backoff = Backoff(batch.members[-1].deadline)
        while trouble is not None:
            self._give_up(batch.members, trouble)
            await backoff.wait()
            if all(pending.settled for pending in batch.members):
                return
            trouble = await self._try(batch)

    async def _try(self, batch: _Batch) -> Exception | None:
        """Send *batch*; returns why it has to be sent again, None when everybody was told or waits for another one."""
        try:
            await self._sender.connect()
        except Exception as error:  # noqa: BLE001 - broken connections show as anything
            if is_lost(error) or batch.missed:
                return error
            self._refuse(batch.members, error)
            return None
        try:
            await self._send(batch)
        except Exception as error:  # noqa: BLE001 - as above
            if is_retriable(error):
                return error
            if is_lost(error):
                self._sender.drop()
                batch.missed = True
                for pending in batch.members:
                    pending.doubt = f"{error}" or type(error).__name__
                return error
            if batch.missed and not is_refusal(error):  # what was missed may be stored, or will be
                return error
            self._refuse(batch.members, error)
        return None

    async def _send(self, batch: _Batch) -> None:
        timeout_s = max(batch.members[0].deadline - self._loop.time(), 0.0) + _GRACE_S
        if batch.known is not None:
            await self._send_known(batch, batch.known, timeout_s)
            return
        name = (self._client, batch.number)
        row: asyncpg.Record | None = None
        if batch.missed:
            row = await self._sender.ask(self._missed, name, timeout_s)
        if row is None and batch.single is not None:
            sql, values = batch.single
            row = await self._sender.ask(sql, (*name, *values), timeout_s)
        if row is None:
            row = await self._sender.call(self._sql, (*name, batch.text, batch.call.locks_first), timeout_s)
        self._tell(batch, row)

    async def _send_known(self, batch: _Batch, known: Query, timeout_s: float) -> None:
        """Carry out a batch of one write that its item is known by."""
        write = batch.call.only
        if batch.missed and isinstance(write, Revise):
            left = await self._sender.ask(*self._single.left(write), timeout_s)
            if left is not None and left["ahead"] == 1:
                self._settle(batch, () if left["same"] else (0,))
                return
            if left is None or left["ahead"] != 0 or not left["held"]:  # gone further, or another one by its id
                [pending] = batch.members
                pending.settle(OutcomeUnknown((), pending.doubt or ""))
                return
        stored = await self._sender.ask(*known, timeout_s) is not None
        self._settle(batch, () if stored else (0,))

    def _tell(self, batch: _Batch, row: asyncpg.Record) -> None:
        self._settle(batch, numbers_in(row["refused"]))
        if row["soon"]:
            self._due(row["soon"])

    def _settle(self, batch: _Batch, refused: Sequence[int]) -> None:
        told: dict[int, Exception] = {}
        for refusal in batch.call.refusals(refused):
            told.setdefault(refusal.place[0], refusal.error)
        for number, pending in enumerate(batch.members):
            pending.settle(told.get(number, _NOTHING))

    def _refuse(self, members: Sequence[Pending], error: Exception) -> None:
        if is_refusal(error) and len(members) > 1:
            for pending in members:
                pending.alone = True
            self._queue.put_back(members)
            return
        for pending in members:
            pending.settle(translated(error, self._connector.location.shown))

    def _give_up(self, members: Sequence[Pending], trouble: Exception) -> None:
        """Tell those whose deadline has passed."""
        now = self._loop.time()
        expired = [pending for pending in members if pending.deadline <= now]
        for pending in (*expired, *self._queue.take_expired(now)):
            if pending.doubt:
                pending.settle(OutcomeUnknown((), pending.doubt))
            elif is_lost(trouble):
                pending.settle(self._connector.unavailable(trouble))
            else:
                pending.settle(translated(trouble, self._connector.location.shown))


def _writes_of(pending: Pending) -> Sequence[WorkWrite]:
    return (only_work(pending.transaction) if pending.transaction is not None else None) or ()
