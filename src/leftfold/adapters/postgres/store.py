"""The store port on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

from leftfold.adapters.postgres.checkpoints import Checkpoints
from leftfold.adapters.postgres.committing import Committer
from leftfold.adapters.postgres.connecting import Connection, Connector, Readers, connect_first, transaction_on
from leftfold.adapters.postgres.failures import translated
from leftfold.adapters.postgres.holding import Holders
from leftfold.adapters.postgres.listening import Listener
from leftfold.adapters.postgres.location import PostgresLocation
from leftfold.adapters.postgres.reading import Reading
from leftfold.adapters.postgres.restoring import Restorer
from leftfold.adapters.postgres.schema import PostgresSchema, status_of
from leftfold.adapters.postgres.snapshots import Snapshots
from leftfold.adapters.postgres.tables import Tables
from leftfold.adapters.postgres.timeline import Timeline
from leftfold.adapters.postgres.transacting import Transactor
from leftfold.adapters.postgres.waking import Waker
from leftfold.adapters.postgres.work import Work
from leftfold.adapters.postgres.work_committing import WorkCommitter, only_work
from leftfold.adapters.postgres.work_news import WorkNews
from leftfold.errors import LeftfoldError, StoreClosed
from leftfold.store.batching import Pending
from leftfold.store.checkpoints import Checkpoint, Claim
from leftfold.store.checks import check_loop, check_match, check_moment, check_position, check_range, check_snapshot
from leftfold.store.events import AppendCondition, Appended, Fact, Page, QueryItem, StoredEvent, ToStream
from leftfold.store.port import WrongTag
from leftfold.store.schema import check_current
from leftfold.store.snapshots import Snapshot, SnapshotKey
from leftfold.store.table_checks import (
    check_generation,
    check_keys,
    check_search,
    check_selection,
    check_table,
    check_transaction,
)
from leftfold.store.tables import Found, Selection, Table
from leftfold.store.timeline import StreamHead
from leftfold.store.transaction import Transaction
from leftfold.store.work import WorkItem

__all__ = ["PostgresStore", "open_postgres"]


class PostgresStore:
    """Keeps the log in one schema of a PostgreSQL database that any number of processes may share.

    Appends of one process share commits over one connection, and so do transactions that only write work items, over
    another; reads, and all other transactions without events, go over a small pool; one more listens for news once
    somebody waits. Made by `open_postgres`.
    """

    def __init__(self, location: PostgresLocation, idle: Sequence[Connection] = (), *, pooled: bool) -> None:
        self._connector = connector = Connector(location, pooled=pooled)
        self._location = location
        self._readers = Readers(connector, idle)
        self._reading = Reading(self._readers, location.schema)
        self._timeline = Timeline(self._readers, location.schema)
        self._snapshots = Snapshots(self._readers, location.schema)
        self._tables = Tables(self._readers, location.schema)
        self._listener = listener = Listener(connector)
        self._waker = Waker(listener, self._readers)
        self._followed = Waker(listener, self._readers, "_checkpoints")
        self._checkpoints = Checkpoints(self._readers, self._followed, location.schema)
        self._news = WorkNews(listener, self._readers)
        self._work = Work(self._readers, self._news, location.schema)
        self._worked = WorkCommitter(connector, self._news.due)
        holders = Holders(self._readers, location.shown, location.schema)
        wakers = (self._waker.grown, self._followed.grown, self._news.due)
        self._committer = Committer(connector, self._reading, holders, *wakers)
        self._transactor = Transactor(connector, self._readers, self._followed.grown, self._news.due)
        self._restorer = Restorer(self._readers, self._reading, location.schema)
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.pooled = pooled
        """Whether a pooler such as PgBouncer stands between: no cached statements, polling instead of notifications."""

    async def append(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """See `Store.append`."""
        self._check_open()
        return await self._committer.commit(Pending(parts, condition))

    async def transact(self, transaction: Transaction) -> Appended | None:
        """See `Transacting.transact`."""
        self._check_open()
        check_transaction(transaction)
        if not transaction.parts:
            await (self._worked if only_work(transaction) else self._transactor).commit(transaction)
            return None
        rows = transaction if transaction.writes or transaction.inline else None
        return await self._committer.commit(Pending(transaction.parts, transaction.condition, rows))

    async def read_stream(
        self, stream: str, *, after: int = 0, upto: int | None = None, backward: bool = False, limit: int = 500
    ) -> Sequence[StoredEvent]:
        """See `Store.read_stream`."""
        self._check_open()
        check_range(after, upto, limit)
        return await self._reading.stream(stream, after, upto, limit, backward=backward)

    async def read_facts(
        self, stream: str, *, after: int = 0, upto: int | None = None, valid: datetime | None = None, limit: int = 500
    ) -> Sequence[Fact]:
        """See `Store.read_facts`."""
        self._check_open()
        check_range(after, upto, limit)
        moment = None if valid is None else check_moment(valid)
        return await self._reading.facts(stream, after, upto, limit, valid=moment)

    async def read_log(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        match: tuple[QueryItem, ...] = (),
        category: str | None = None,
        limit: int = 500,
    ) -> Page:
        """See `Store.read_log`."""
        self._check_open()
        check_range(after, upto, limit)
        check_match(match, category)
        return await self._reading.log(match, category, after, upto, limit)

    async def wrong_tags(self) -> Sequence[WrongTag]:
        """See `Indexed.wrong_tags`."""
        self._check_open()
        return await self._reading.wrong_tags()

    async def head(self) -> int:
        """See `Store.head`."""
        self._check_open()
        return await self._reading.head()

    async def wake(self, after: int, timeout: float) -> int:
        """See `Store.wake`; commits of any process wake within milliseconds, behind a pooler within 50."""
        self._check_open()
        check_position(after, "after")
        return await self._waker.wake(self._reading.head, after, timeout)

    async def position_at(self, recorded: datetime) -> int:
        """See `Timeline.position_at`."""
        self._check_open()
        return await self._timeline.position_at(check_moment(recorded))

    async def version_at(self, stream: str, position: int) -> int:
        """See `Timeline.version_at`."""
        self._check_open()
        check_range(0, position, 1)
        return await self._timeline.version_at(stream, position)

    async def streams(
        self, *, category: str | None = None, after: str = "", upto: int | None = None, limit: int = 500
    ) -> Sequence[StreamHead]:
        """See `Timeline.streams`."""
        self._check_open()
        check_range(0, upto, limit)
        return await self._timeline.streams(category, after, upto, limit)

    async def load_snapshot(self, stream: str, fingerprint: str, *, upto: int | None = None) -> Snapshot | None:
        """See `SnapshotStore.load_snapshot`."""
        self._check_open()
        check_range(0, upto, 1)
        return await self._snapshots.load(stream, fingerprint, upto)

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """See `SnapshotStore.save_snapshot`; it does not wait for those who append."""
        self._check_open()
        check_snapshot(snapshot)
        await self._snapshots.save(snapshot)

    async def read_snapshots(self, *, after: SnapshotKey | None = None, limit: int = 500) -> Sequence[Snapshot]:
        """See `SnapshotStore.read_snapshots`."""
        self._check_open()
        check_range(0, None, limit)
        return await self._snapshots.page(after, limit)

    async def drop_snapshots(self, keys: Sequence[SnapshotKey]) -> int:
        """See `SnapshotStore.drop_snapshots`; after a broken connection those are counted that were still there."""
        self._check_open()
        return await self._snapshots.drop(keys)

    async def prepare(self, table: Table, generation: int = 1) -> None:
        """See `Tables.prepare`; who makes a table owns it."""
        self._check_asked(table, generation)
        await self._tables.prepare(table, generation)

    async def discard(self, table: Table, generation: int) -> None:
        """See `Tables.discard`."""
        self._check_asked(table, generation)
        await self._tables.discard(table, generation)

    async def remove(self, table: Table) -> int:
        """See `Tables.remove`; its owner may."""
        self._check_asked(table, None)
        return await self._tables.remove(table)

    async def generation(self, table: Table) -> int:
        """See `Tables.generation`."""
        self._check_asked(table, None)
        return await self._tables.generation(table)

    async def get(self, table: Table, keys: Sequence[str], *, generation: int | None = None) -> Mapping[str, bytes]:
        """See `Tables.get`."""
        self._check_asked(table, generation)
        check_keys(keys)
        return await self._tables.get(table, keys, generation)

    async def select(self, table: Table, selection: Selection, *, generation: int | None = None) -> Sequence[bytes]:
        """See `Tables.select`."""
        self._check_asked(table, generation)
        check_selection(table, selection)
        return await self._tables.select(table, selection, generation)

    async def scan(
        self, table: Table, *, after: str = "", limit: int = 500, generation: int | None = None
    ) -> Sequence[tuple[str, bytes]]:
        """See `Tables.scan`."""
        self._check_asked(table, generation)
        check_range(0, None, limit)
        return await self._tables.scan(table, after, limit, generation)

    async def search(
        self, table: Table, text: str, selection: Selection, *, generation: int | None = None
    ) -> Sequence[Found]:
        """See `Tables.search`; ranks are PostgreSQL's `ts_rank`."""
        self._check_asked(table, generation)
        check_search(table, selection)
        return await self._tables.search(table, text, selection, generation)

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        """See `Checkpoints.claim`."""
        self._check_open()
        return await self._checkpoints.claim(name, owner, lease_s)

    async def renew(self, name: str, token: int, lease_s: float) -> bool:
        """See `Checkpoints.renew`."""
        self._check_open()
        return await self._checkpoints.renew(name, token, lease_s)

    async def release(self, name: str, token: int, note: str | None = None) -> None:
        """See `Checkpoints.release`."""
        self._check_open()
        await self._checkpoints.release(name, token, note)

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        """See `Checkpoints.checkpoints`."""
        self._check_open()
        return await self._checkpoints.checkpoints(prefix)

    async def forget(self, name: str) -> None:
        """See `Checkpoints.forget`."""
        self._check_open()
        await self._checkpoints.forget(name)

    async def reached(self, name: str, position: int, timeout: float) -> int:
        """See `Checkpoints.reached`; moves by any process wake like its appends do."""
        self._check_open()
        return await self._checkpoints.reached(name, position, timeout)

    async def claim_due(
        self, queues: Collection[str], owner: str, lease_s: float, limit: int = 32
    ) -> Sequence[WorkItem]:
        """See `WorkItems.claim_due`."""
        self._check_open()
        return await self._work.claim_due(queues, owner, lease_s, limit)

    async def extend(self, held: Mapping[str, int], owner: str, lease_s: float) -> Collection[str]:
        """See `WorkItems.extend`."""
        self._check_open()
        return await self._work.extend(held, owner, lease_s)

    async def work(self, ids: Collection[str]) -> Mapping[str, WorkItem]:
        """See `WorkItems.work`."""
        self._check_open()
        return await self._work.work(ids)

    async def find_work(
        self, *, queues: str = "", statuses: Collection[str] = (), after: str = "", limit: int = 500
    ) -> Sequence[WorkItem]:
        """See `WorkItems.find_work`."""
        self._check_open()
        return await self._work.find_work(queues, statuses, after, limit)

    async def count_work(self, queues: str = "") -> Mapping[tuple[str, str], int]:
        """See `WorkItems.count_work`."""
        self._check_open()
        return await self._work.count_work(queues)

    async def await_work(self, queues: Collection[str], timeout: float) -> None:
        """See `WorkItems.await_work`; writes of any process wake within milliseconds, behind a pooler within 1 s."""
        self._check_open()
        await self._work.await_work(queues, timeout)

    async def restore(self, events: Sequence[StoredEvent]) -> int:
        """See `Restorable.restore`; for the owner of the schema, the application's role may not."""
        self._check_open()
        count = await self._restorer.restore(events)
        if count:
            self._waker.grown()
        return count

    async def restore_work(self, items: Sequence[WorkItem]) -> int:
        """See `Restorable.restore_work`."""
        self._check_open()
        return await self._work.restore(items)

    async def close(self) -> None:
        """See `Store.close`."""
        if self._closed:
            return
        self._closed = True
        async with AsyncExitStack() as last_first:  # each is closed, whatever becomes of those before it
            last_first.push_async_callback(self._connector.end)
            for part in (
                self._readers,
                self._listener,
                self._news,
                self._followed,
                self._waker,
                self._worked,
                self._committer,
                self._transactor,
            ):
                last_first.push_async_callback(part.close)

    def _check_asked(self, table: Table, generation: int | None) -> None:
        self._check_open()
        check_table(table)
        check_generation(table, generation)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreClosed(f"the store {self._location.shown} was closed; open it again")
        check_loop(self._loop)


async def open_postgres(url: str, *, migrate: bool = False) -> PostgresStore:
    """Open the store at *url*.

    Args:
        url: see `PostgresLocation`.
        migrate: bring the schema up to date first; otherwise `leftfold migrate` does, once.

    Raises:
        InvalidStoreUrl: *url* is not of that form.
        SchemaMismatch: the database needs `leftfold migrate`, or newer code.
        StoreUnavailable: the server does not answer, or does not let us in.
    """
    location = PostgresLocation.parse(url)
    if migrate:
        await PostgresSchema(location).migrate()
    try:
        connection, pooled = await connect_first(location)
        try:
            async with transaction_on(connection):
                check_current(await status_of(connection, location.schema), location.shown)
        except BaseException:
            connection.terminate()
            raise
    except LeftfoldError:
        raise
    except Exception as error:
        raise translated(error, location.shown) from error
    return PostgresStore(location, [connection], pooled=pooled)
