"""Transactions: with events in a group commit on the appending connection, without events on one that is lent.

::

    with events:     begin -> append function (takes the writer's turn), tables -> rows for inline -> rows -> commit
                       | refused late: roll back, tell the member, send the others again
    without events:  begin -> a follower's step, as one statement -> commit
                       | something is in the way: roll back, the long way
                     begin -> [writer's turn for a Point at the head] -> tables -> rows -> commit
                       | connection lost while it commits: ask the database what became of it
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar

import asyncpg

from leftfold.adapters.postgres.calls import Verdicts, plain_array, verdict_of, verdicts_of
from leftfold.adapters.postgres.connecting import OWN_PATH_HERE, Backoff, Connection, Connector, Readers
from leftfold.adapters.postgres.failures import is_lost, is_retriable, translated
from leftfold.adapters.postgres.generations import names_of
from leftfold.adapters.postgres.marking import Mark, Marks
from leftfold.adapters.postgres.sending import Sender
from leftfold.adapters.postgres.statements import WritingSql
from leftfold.adapters.postgres.stepping import Step, hold_tables_sql, step_of
from leftfold.adapters.postgres.writing import Refused, RowWriting, points, tables_of
from leftfold.errors import LeftfoldError, OutcomeUnknown
from leftfold.store.batching import Pending
from leftfold.store.events import Appended
from leftfold.store.transaction import Point, Transaction

__all__ = ["GroupWriter", "Transactor", "refused_in"]

T = TypeVar("T")

_GRACE_S = 1.0
_LOOK_S = 0.01

_ALONE = (  # what the append function sets for the others
    "set local idle_in_transaction_session_timeout = '5s'; "
    "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'"
)


class GroupWriter:
    """Sends batches in which a member writes rows too.

    Args:
        sender: whose connection they go over.
        moved: called after a commit, for each checkpoint that it moved, with its position and name.
        due: called after a commit with the queues in which work is due, or soon.
    """

    def __init__(
        self, connector: Connector, sender: Sender, moved: Callable[[int, str], None], due: Callable[[set[str]], None]
    ) -> None:
        schema = connector.location.schema
        self._sender = sender
        self._moved = moved
        self._due = due
        self._sql = WritingSql(schema)
        self._begin = _begin_sql(connector)

    async def send(self, members: Sequence[Pending], arguments: Sequence[object], timeout_s: float) -> Verdicts:
        """Commit what of *members* is stored, with its rows, and return the verdicts over all.

        Raises:
            Refused: of these members the rows are refused; nothing was stored.
        """
        connection = self._sender.connection
        async with asyncio.timeout(timeout_s):
            await connection.execute(self._begin)
            try:
                writing = RowWriting(connection, self._sql)
                verdicts = await self._write(connection, writing, members, arguments)
                await connection.execute("commit")
            except Exception as error:
                await _roll_back(connection, error)
                raise
        for name, position in writing.advanced.items():
            self._moved(position, name)
        if writing.due:
            self._due(writing.due)
        return verdicts

    async def _write(
        self, connection: Connection, writing: RowWriting, members: Sequence[Pending], arguments: Sequence[object]
    ) -> Verdicts:
        transactions = [each.transaction for each in members if each.transaction is not None]
        names = names_of(table for each in transactions for table in tables_of(each))
        rows = await connection.fetch(
            self._sql.append,
            *arguments,
            [name for name, _ in names],
            plain_array([version for _, version in names]),
            any(map(points, transactions)),
        )
        verdicts = verdicts_of(rows[0][:4])
        stored = _stored(members, verdicts)
        if stored:
            await writing.opened(
                names, [row[4:] for row in rows], {number: transaction for number, transaction, _ in stored}
            )
            for number, transaction, appended in stored:
                await writing.write(number, transaction, appended, appended.position)
            await writing.finish()
        return verdicts


def _stored(members: Sequence[Pending], verdicts: Verdicts) -> list[tuple[int, Transaction, Appended]]:
    stored: list[tuple[int, Transaction, Appended]] = []
    at = 0
    for number, pending in enumerate(members):
        verdict = verdict_of(pending.parts, pending.condition, verdicts, at)
        at += len(pending.parts)
        if pending.transaction is not None and isinstance(verdict, Appended):
            stored.append((number, pending.transaction, verdict))
    return stored


def refused_in(members: Sequence[Pending], refused: Refused) -> tuple[dict[Pending, Exception], list[Pending]]:
    """Whom to tell what, and who is to be sent again.

    Who appends to a stream of one that is refused before it may have counted on its events, and is asked again.
    """
    told: dict[Pending, Exception] = {}
    streams: set[str] = set()
    for number, pending in enumerate(members):
        if number in refused.errors:
            mine = {part.stream for part in pending.parts}
            if streams.isdisjoint(mine):
                told[pending] = refused.errors[number]
            streams |= mine
    return told, [pending for pending in members if pending not in told]


class _Attempt:
    """One try to commit a transaction without events.

    Args:
        id: of the database transaction, once its commit was sent, unless the database refused that.
        moved: a checkpoint that it moves, and when.
        mark: what it leaves when it moves none.
        advanced: where it moves checkpoints to.
        due: queues in which work is due after it, or soon.
    """

    __slots__ = ("advanced", "due", "id", "mark", "moved")

    def __init__(self) -> None:
        self.id: str | None = None
        self.moved: tuple[str, datetime] | None = None
        self.mark: Mark | None = None
        self.advanced: Mapping[str, int] = {}
        self.due: set[str] = set()

    async def commit(self, id: str, connection: Connection) -> None:
        """Commit the open transaction, whose id is *id*."""
        self.id = id
        try:
            await connection.execute("commit")
        except Exception as error:
            if not is_lost(error):
                self.id = None
            raise


class Transactor:
    """Commits transactions without events, each by itself over a connection that it is lent.

    Args:
        moved: called after a commit, for each checkpoint that it moved, with its position and name.
        due: called after a commit with the queues in which work is due, or soon.
    """

    def __init__(
        self,
        connector: Connector,
        readers: Readers,
        moved: Callable[[int, str], None],
        due: Callable[[set[str]], None],
    ) -> None:
        self._connector = connector
        self._readers = readers
        self._moved = moved
        self._due = due
        self._sql = WritingSql(connector.location.schema)
        self._marks = Marks(connector.location.schema)
        self._begin = f"{_begin_sql(connector)}; {_ALONE}"
        self._begin_step = f"{self._begin}; {hold_tables_sql(connector.location.schema)}"

    async def commit(self, transaction: Transaction) -> None:
        """Write *transaction*; see `Transacting.transact`."""
        backoff = Backoff(asyncio.get_running_loop().time() + self._connector.location.deadline_s)
        attempt = _Attempt()
        while True:
            refused: Refused | None = None
            try:
                if attempt.id is None or not await self._in_time(partial(self._is_committed, attempt.id, attempt)):
                    attempt = _Attempt()
                    refused = await self._in_time(partial(self._write, transaction, attempt))
            except LeftfoldError as error:
                if attempt.id is None or isinstance(error, OutcomeUnknown):
                    raise
                raise self._given_up(attempt, error) from error
            except Exception as error:  # noqa: BLE001 - broken connections show as anything
                await self._pause(attempt, error, backoff)
                continue
            if attempt.mark is not None:
                self._marks.give_back(attempt.mark)
            if refused is not None:
                raise refused.errors[0]
            for name, position in attempt.advanced.items():
                self._moved(position, name)
            if attempt.due:
                self._due(attempt.due)
            return

    async def close(self) -> None:
        """Take away what transactions were known by."""
        await self._marks.forget(self._readers)

    async def _pause(self, attempt: _Attempt, error: Exception, backoff: Backoff) -> None:
        """Wait until it is tried again after *error*; raises what has become of it when it is not."""
        if attempt.id is None and not is_lost(error) and not is_retriable(error):
            raise translated(error, self._connector.location.shown) from error
        if not await backoff.wait():
            raise self._given_up(attempt, error) from error

    def _given_up(self, attempt: _Attempt, error: Exception) -> LeftfoldError:
        if attempt.id is not None:
            return OutcomeUnknown((), f"{error}" or type(error).__name__)
        if is_lost(error):
            return self._connector.unavailable(error)
        return translated(error, self._connector.location.shown)

    async def _in_time(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with asyncio.timeout(self._connector.location.deadline_s + _GRACE_S):
            return await self._readers.run(work)

    async def _write(self, transaction: Transaction, attempt: _Attempt, connection: Connection) -> Refused | None:
        step = step_of(transaction)
        if step is not None and await self._step(step, attempt, connection):
            return None
        writing = RowWriting(connection, self._sql)
        await connection.execute(self._begin)
        try:
            head = await self._head(transaction, connection)
            await writing.open(transaction)
            await writing.write(0, transaction, None, head)
            await writing.finish()
            if writing.moved is None:
                attempt.mark = self._marks.take()
                await self._marks.leave(attempt.mark, connection)
        except Refused as refused:
            await connection.execute("rollback")
            return refused
        except Exception as error:
            await _roll_back(connection, error)
            raise
        attempt.advanced = writing.advanced
        attempt.due = writing.due
        attempt.moved = writing.moved
        await attempt.commit(writing.id, connection)
        return None

    async def _step(self, step: Step, attempt: _Attempt, connection: Connection) -> bool:
        """Commit *step*; False, with nothing done, when something is in its way."""
        await connection.execute(self._begin_step)
        try:
            written = await step.write(connection, self._sql.schema)
        except Exception as error:
            await _roll_back(connection, error)
            raise
        if written is None:
            await connection.execute("rollback")
            return False
        attempt.advanced = {step.advance.name: step.advance.position}
        id, moved_at = written
        attempt.moved = step.advance.name, moved_at
        await attempt.commit(id, connection)
        return True

    async def _head(self, transaction: Transaction, connection: Connection) -> int:
        """The log's last position when a write depends on it: from here on nobody appends."""
        if not any(isinstance(write, Point) and write.at_head is not None for write in transaction.writes):
            return 0
        head: int = await connection.fetchval(self._sql.hold)
        return head

    async def _is_committed(self, id: str, attempt: _Attempt, connection: Connection) -> bool:
        """Whether the transaction *id* was committed; waits while the server is not done with it.

        A server that crashed gives an id that it had not written down to another transaction: what the *attempt* has
        moved or left decides.
        """
        while True:
            try:
                status: str | None = await connection.fetchval("select pg_xact_status($1::text::xid8)", id)
            except asyncpg.InvalidParameterValueError:  # not given to another yet
                return False
            if status is None:
                raise OutcomeUnknown((), "the database has forgotten the transaction")
            if status != "in progress":
                break
            await asyncio.sleep(_LOOK_S)
        if status != "committed":
            return False
        if attempt.mark is not None:
            return await self._marks.is_there(attempt.mark, connection)
        there: bool = attempt.moved is None or await connection.fetchval(self._sql.moved, *attempt.moved)
        return there


async def _roll_back(connection: Connection, error: Exception) -> None:
    if isinstance(error, Refused) or not is_lost(error):
        await connection.execute("rollback")


def _begin_sql(connector: Connector) -> str:
    begin = f"begin isolation level read committed; set local lock_timeout = {connector.location.deadline_s * 1000:.0f}"
    return f"{begin}; {OWN_PATH_HERE}" if connector.pooled else begin
