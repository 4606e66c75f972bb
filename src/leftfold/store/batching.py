"""Group commit: appends that arrive together, cut into batches of bounded size."""

from __future__ import annotations

from asyncio import CancelledError, Future, get_running_loop
from collections import deque
from collections.abc import Generator, Sequence
from math import inf
from types import coroutine
from uuid import UUID

from leftfold.store.checks import check_append
from leftfold.store.events import AppendCondition, Appended, ToStream
from leftfold.store.limits import BATCH_BYTES, BATCH_EVENTS
from leftfold.store.transaction import Delete, Insert, Put, Transaction
from leftfold.store.work import Begin, End, Revise

__all__ = ["AppendQueue", "Pending", "end_of_tick"]


class Pending:
    """One append or transaction that waits for its verdict.

    Args:
        events: number of its events, and of the rows that a transaction names.
        size: bytes of its payloads and metadata, and of such rows.
        deadline: time of the event loop, in seconds, after which it is given up; never, until that is said.
        alone: True to be a batch of its own, because a batch with it in was refused by the database.
        transaction: what it belongs to; None for an append that is nothing else.
        moments: of the tries that are in doubt, by a clock of the store, for one that knows its writes by them.
        doubt: what broke while it was on its way, so that it may be stored already; None while that cannot be.
        settled: whether it has its verdict, or its caller has gone away.
    """

    __slots__ = (
        "_heard",
        "_verdict",
        "alone",
        "condition",
        "deadline",
        "doubt",
        "events",
        "moments",
        "parts",
        "settled",
        "size",
        "transaction",
    )

    def __init__(
        self, parts: Sequence[ToStream], condition: AppendCondition | None, transaction: Transaction | None = None
    ) -> None:
        self.events: int
        self.size: int
        self.events, self.size = (0, 0) if transaction is not None and not parts else check_append(parts, condition)
        self.transaction: Transaction | None = transaction
        if transaction is not None:
            rows, size = _weight(transaction)
            self.events += rows
            self.size += size
        self.parts: Sequence[ToStream] = parts
        self.condition: AppendCondition | None = condition
        self.deadline: float = inf
        self.alone: bool = False
        self.settled: bool = False
        self.doubt: str | None = None
        self.moments: tuple[int, ...] = ()
        self._verdict: Appended | Exception | None = None
        self._heard: Future[None] | None = None

    @property
    def ids(self) -> list[UUID]:
        """The ids of its events, in order."""
        return [event.id for part in self.parts for event in part.events]

    def settle(self, verdict: Appended | Exception) -> None:
        """Give the caller its result or its error, unless it has gone away."""
        if not self.settled:
            self._verdict = verdict
            self.leave()

    def leave(self) -> None:
        """Wait no more: what is not stored yet need not be."""
        self.settled = True
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(None)

    async def outcome(self) -> Appended:
        """Wait for the verdict; raises the error that it is."""
        if not self.settled:
            try:
                await self.heard()
            except BaseException:
                self.leave()
                raise
        if isinstance(self._verdict, Appended):
            return self._verdict
        raise CancelledError if self._verdict is None else self._verdict

    def heard(self) -> Future[None]:
        """Done as soon as this is settled."""
        if self._heard is None:
            self._heard = get_running_loop().create_future()
            if self.settled:
                self._heard.set_result(None)
        return self._heard


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
        while self._waiting and self._waiting[0].settled:  # they came and went, and nobody has committed since
            self._waiting.popleft()
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
            if pending.settled:
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

    def verdicts(self) -> list[Future[None]]:
        """Each done as soon as one of those in the queue is settled."""
        return [pending.heard() for pending in self._waiting if not pending.settled]

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


@coroutine
def end_of_tick() -> Generator[None]:
    """Let everything that is ready to run have its turn first."""
    yield
