"""Group commit: appends that arrive while one batch is on its way form the next, one function call a batch.

While a full batch waits, it is made ready while the one before is on its way, and sent before the callers of that one
are answered: the database works while they go on.

::

    append -> queue -> batch -> one call -> verdicts      (of a plain batch: one that does no more than that takes)
                         |        | connection lost: connect again, send the same ids again, until the deadline
                         |        | deadlock: again
                         |        | refused: each one alone, so that only the bad one fails
                         | same id or matching condition inside the batch: the next batch
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from functools import partial
from uuid import UUID

from msgspec import Struct

from leftfold.adapters.postgres.calls import AppendCall, Verdicts, append_sql, verdict_of, verdicts_of
from leftfold.adapters.postgres.connecting import Connector
from leftfold.adapters.postgres.failures import (
    ID_TAKEN,
    LOCKED,
    is_lost,
    is_refusal,
    is_retriable,
    sqlstate_of,
    translated,
)
from leftfold.adapters.postgres.holding import Holders
from leftfold.adapters.postgres.plain_calls import PlainCalls
from leftfold.adapters.postgres.queries import Query
from leftfold.adapters.postgres.reading import Reading
from leftfold.adapters.postgres.sending import Sender, finished
from leftfold.adapters.postgres.transacting import GroupWriter, refused_in
from leftfold.adapters.postgres.writing import Refused
from leftfold.errors import IdReused, LeftfoldError, OutcomeUnknown, StoreBusy, StoreError
from leftfold.store.batching import AppendQueue, Pending
from leftfold.store.events import Appended, StoredEvent
from leftfold.store.verdict import first_result

__all__ = ["Committer"]

_FIRST_WAIT_S = 0.01
_LONGEST_WAIT_S = 0.5
_GRACE_S = 1.0


class _Batch(Struct, frozen=True):
    members: Sequence[Pending]
    call: Query


class Committer:
    """Commits appends over one connection of its own.

    Args:
        reading: looks up what is stored under ids that are known.
        holders: looks for who holds up appends.
        grown: called after each commit that stored something, with the position of its last event.
        moved: see `GroupWriter`, like *due*.
    """

    def __init__(
        self,
        connector: Connector,
        reading: Reading,
        holders: Holders,
        grown: Callable[[int], None],
        moved: Callable[[int, str], None],
        due: Callable[[set[str]], None],
    ) -> None:
        self._location = connector.location
        self._connector = connector
        self._reading = reading
        self._holders = holders
        self._grown = grown
        self._sender = Sender(connector)
        self._writer = GroupWriter(connector, self._sender, moved, due)
        self._plain = PlainCalls(connector.location.schema)
        self._sql = append_sql(connector.location.schema)
        self._loop = asyncio.get_running_loop()
        self._queue = AppendQueue()
        self._task: asyncio.Task[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._trouble: Exception | None = None
        self._wait_s = _FIRST_WAIT_S

    async def commit(self, pending: Pending) -> Appended:
        """Put *pending* into the next batch and wait for its verdict."""
        pending.deadline = self._loop.time() + self._location.deadline_s
        self._queue.put(pending)
        if self._task is None:
            self._task = self._loop.create_task(self._run())
        if self._expiry is None:
            self._expiry = self._loop.call_at(pending.deadline, self._expire)
        return await pending.outcome()

    async def close(self) -> None:
        """Wait until everything accepted so far has its verdict, then let go of the connection."""
        while (task := self._task) is not None:
            await finished(task, self._sender.drop)
        if self._expiry is not None:
            self._expiry.cancel()
        await self._sender.close()

    async def _run(self) -> None:
        try:
            while len(self._queue):
                if await self._connected():
                    await self._turn()
                    await asyncio.sleep(0)  # callers that were just answered join the next batch
        finally:
            self._task = None

    async def _connected(self) -> bool:
        try:
            await self._sender.connect()
        except Exception as error:  # noqa: BLE001 - broken connections show as anything
            self._trouble = error
            if is_lost(error):
                await self._pause()
            else:
                await self._fail_all(self._queue.take_expired(float("inf")), error)
            return False
        return True

    async def _turn(self) -> None:
        batch = self._next()
        landed: Callable[[], Awaitable[None]] | None = None
        while batch is not None:
            sending = self._send(batch)
            flight: Awaitable[Verdicts] = sending
            ahead: _Batch | None = None
            if landed is not None or len(self._queue):  # else nothing is left to do meanwhile: spare a task
                flight = self._loop.create_task(sending)
                await asyncio.sleep(0)  # it leaves before the callers of the last one go on
                if landed is not None:
                    await landed()
                ahead = self._ahead(batch)
            try:
                verdicts = await flight
            except Exception as error:  # noqa: BLE001 - broken connections show as anything
                self._queue.put_back(ahead.members if ahead else ())
                await self._recover(batch.members, error)
                return
            self._trouble = None
            self._wait_s = _FIRST_WAIT_S
            landed = partial(self._deliver, batch.members, verdicts)
            batch = ahead or self._ahead(batch)
        if landed is not None:
            await landed()

    async def _send(self, batch: _Batch) -> Verdicts:
        timeout_s = max(batch.members[0].deadline - self._loop.time(), 0.0) + _GRACE_S
        sql, arguments = batch.call
        if any(pending.transaction is not None for pending in batch.members):
            return await self._writer.send(batch.members, arguments, timeout_s)
        return verdicts_of(await self._sender.call(sql, arguments, timeout_s))

    def _ahead(self, batch: _Batch) -> _Batch | None:
        """The next batch when nothing that comes later could join it anyway, judging by the size of *batch*."""
        return self._next() if len(self._queue) > len(batch.members) else None

    def _next(self) -> _Batch | None:
        taken = self._queue.next_batch()
        try:
            if taken and (plain := self._plain.of(taken)):
                return _Batch(taken, plain)
            call = AppendCall()
            batch = [pending for pending in taken if call.take(pending.parts, pending.condition)]
            if len(batch) < len(taken):
                going = set(batch)
                self._queue.put_back([pending for pending in taken if pending not in going])
            return _Batch(batch, (self._sql, call.arguments())) if batch else None
        except Exception as error:  # noqa: BLE001 - a fault here must reach the callers, not vanish in the loop
            for pending in taken:
                pending.settle(error)
            return None

    async def _deliver(self, batch: Sequence[Pending], verdicts: Verdicts) -> None:
        known: list[Pending] = []
        at = 0
        try:
            for pending in batch:
                verdict = verdict_of(pending.parts, pending.condition, verdicts, at)
                at += len(pending.parts)
                if verdict is None:
                    known.append(pending)
                else:
                    pending.settle(verdict)
            if head := max(verdicts[2]):
                self._grown(head)
            if known:
                await self._compare(known)
        except Exception as error:  # noqa: BLE001 - as above
            for pending in batch:
                pending.settle(error)

    async def _compare(self, known: Sequence[Pending]) -> None:
        try:
            stored = await self._reading.by_id([id for pending in known for id in pending.ids])
        except StoreError as error:
            self._doubt(known, error)
            return
        for pending in known:
            pending.settle(_first_result(pending, stored))

    async def _recover(self, batch: Sequence[Pending], error: Exception) -> None:
        if isinstance(error, Refused):
            told, others = refused_in(batch, error)
            for pending, reason in told.items():
                pending.settle(reason)
            self._queue.put_back(others)
        elif is_lost(error):
            self._trouble = error
            self._sender.drop()
            self._doubt(batch, error)
            await self._pause()
        elif is_retriable(error):
            self._queue.put_back(batch)
        elif not is_refusal(error):
            await self._fail_all(batch, error)
        elif len(batch) > 1:
            for pending in batch:
                pending.alone = True
            self._queue.put_back(batch)
        else:
            batch[0].settle(await self._explained(batch[0], error))

    async def _explained(self, pending: Pending, error: Exception) -> Appended | LeftfoldError:
        if sqlstate_of(error) == ID_TAKEN:
            try:
                stored = await self._reading.by_id(pending.ids)
            except StoreError as trouble:
                return trouble
            if stored:
                return _first_result(pending, stored)
        return translated(error, self._location.shown)

    async def _fail_all(self, batch: Sequence[Pending], error: Exception) -> None:
        """Nothing of this attempt was stored; what an earlier one may have stored is asked about again."""
        doubtful = [pending for pending in batch if pending.doubt]
        told = await self._told(error)
        for pending in batch:
            if not pending.doubt:
                pending.settle(copy(told))
        if doubtful:
            self._doubt(doubtful, error)
            await self._pause()

    async def _told(self, error: Exception) -> StoreError:
        if sqlstate_of(error) == LOCKED:
            return await self._holders.explained(error)
        return translated(error, self._location.shown)

    def _doubt(self, batch: Sequence[Pending], error: Exception) -> None:
        for pending in batch:
            pending.doubt = f"{error}" or type(error).__name__
        self._queue.put_back(batch)

    async def _pause(self) -> None:
        self._give_up(self._queue.take_expired(self._loop.time()))
        await asyncio.sleep(self._wait_s)
        self._wait_s = min(self._wait_s * 2, _LONGEST_WAIT_S)

    def _expire(self) -> None:
        now = self._loop.time()
        self._give_up(self._queue.take_expired(now))
        self._expiry = self._loop.call_at(now + _GRACE_S, self._expire) if self._task else None

    def _give_up(self, expired: Sequence[Pending]) -> None:
        for pending in expired:
            if pending.doubt:
                pending.settle(OutcomeUnknown(pending.ids, pending.doubt))
            elif self._trouble is not None:
                pending.settle(self._connector.unavailable(self._trouble))
            else:
                pending.settle(
                    StoreBusy(
                        f"an append waited {self._location.deadline_s:g} s behind others to "
                        f"{self._location.shown}; nothing of it was stored. Append it again"
                    )
                )


def _first_result(pending: Pending, stored: Mapping[UUID, StoredEvent]) -> Appended | LeftfoldError:
    try:
        return first_result(pending.parts, {id: stored[id] for id in pending.ids if id in stored})
    except IdReused as reused:
        return reused
