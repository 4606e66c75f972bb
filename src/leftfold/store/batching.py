"""Group commit: appends that arrive together, cut into batches of bounded size."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Sequence
from uuid import UUID

from leftfold.store.checks import check_append
from leftfold.store.events import AppendCondition, Appended, ToStream
from leftfold.store.limits import BATCH_BYTES, BATCH_EVENTS
from leftfold.store.transaction import Delete, Insert, Put, Transaction
from leftfold.store.work import Begin, End, Revise

__all__ = ["AppendQueue", "Pending"]


class Pending:
    """One append or transaction that waits for its verdict.

    Args:
        events: number of its events, and of the rows that a transaction names.
        size: bytes of its payloads and metadata, and of such rows.
        deadline: time of the event loop, in seconds, after which it is given up.
        alone: True to be a batch of its own, because a batch with it in was refused by the database.
        transaction: what it belongs to; None for an append that is nothing else.
        doubt: what broke while it was on its way, so that it may be stored already; None while that cannot be.
    """

    __slots__ = ("alone", "condition", "deadline", "doubt", "events", "outcome", "parts", "size", "transaction")

    def __init__(
        self,
        parts: Sequence[ToStream],
        condition: AppendCondition | None,
        loop: AbstractEventLoop,
        transaction: Transaction | None = None,
    ) -> None:
        self.events, self.size = (0, 0) if transaction is not None and not parts else check_append(parts, condition)
        self.transaction = transaction
        if transaction is not None:
            rows, size = _weight(transaction)
            self.events += rows
            self.size += size
        self.parts = parts
        self.condition = condition
        self.outcome: Future[Appended] = loop.create_future()
        self.deadline = 0.0
        self.alone = False
        self.doubt: str | None = None

    @property
    def ids(self) -> list[UUID]:
        """The ids of its events, in order."""
        return [event.id for part in self.parts for event in part.events]

    def succeed(self, appended: Appended) -> None:
        """Give the caller its result, unless it has gone away."""
        if not self.outcome.done():
            self.outcome.set_result(appended)

    def fail(self, error: Exception) -> None:
        """Give the caller its error, unless it has gone away."""
        if not self.outcome.done():
            self.outcome.set_exception(error)


class AppendQueue:
    """Appends in the order they came, handed out in batches of at most `BATCH_EVENTS` events and `BATCH_BYTES` bytes.

    An append above a bound is a batch of its own.
    """

    def __init__(self) -> None:
        self._waiting: deque[Pending] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, pending: Pending) -> None:
        """Add *pending* at the end."""
        self._waiting.append(pending)

    def put_back(self, batch: Sequence[Pending]) -> None:
        """Return *batch* to the front, in its order."""
        self._waiting.extendleft(reversed(batch))

    def next_batch(self) -> list[Pending]:
        """Take the next batch; callers that have gone away are left out, with nothing stored for them."""
        batch: list[Pending] = []
        events = size = 0
        while self._waiting:
            pending = self._waiting[0]
            if pending.outcome.done():
                self._waiting.popleft()
                continue
            events += pending.events
            size += pending.size
            if batch and (pending.alone or events > BATCH_EVENTS or size > BATCH_BYTES):
                break
            batch.append(self._waiting.popleft())
            if pending.alone:
                break
        return batch

    def outcomes(self) -> list[Future[Appended]]:
        """What the callers of everything in the queue wait for."""
        return [pending.outcome for pending in self._waiting]

    def take_expired(self, now: float) -> list[Pending]:
        """Take out those whose deadline is not after *now* (seconds of the event loop)."""
        expired = [pending for pending in self._waiting if pending.deadline <= now]
        if expired:
            self._waiting = deque(pending for pending in self._waiting if pending.deadline > now)
        return expired


def _weight(transaction: Transaction) -> tuple[int, int]:
    rows = size = 0
    for write in transaction.writes:
        match write:
            case Put(rows=put):
                rows += len(put)
                size += sum(map(len, put.values()))
            case Delete(keys=keys):
                rows += len(keys)
            case Insert(row=row):
                rows += 1
                size += len(row)
            case Begin(state=state) | Revise(state=state):
                rows += 1
                size += len(state)
            case End():
                rows += 1
            case _:
                pass
    return rows, size
