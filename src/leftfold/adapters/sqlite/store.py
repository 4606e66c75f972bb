"""The store port on one SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from leftfold.adapters.sqlite.batch import numbers_of, version_in
from leftfold.adapters.sqlite.checkpoints import SqliteCheckpoints
from leftfold.adapters.sqlite.committer import Committer
from leftfold.adapters.sqlite.failures import translated
from leftfold.adapters.sqlite.forking import BeingForked, opening
from leftfold.adapters.sqlite.inserting import Inserts, Shared
from leftfold.adapters.sqlite.location import SqliteLocation, url_of
from leftfold.adapters.sqlite.matching import filter_sql
from leftfold.adapters.sqlite.naming import Naming
from leftfold.adapters.sqlite.rows import COLUMNS, LARGEST, Row, Value, event_of, micros_of, tags_text
from leftfold.adapters.sqlite.schema import connect, install, prepare, status_of
from leftfold.adapters.sqlite.snapshots import SqliteSnapshots
from leftfold.adapters.sqlite.tables import SqliteTables
from leftfold.adapters.sqlite.timeline import SqliteTimeline
from leftfold.adapters.sqlite.triggers import without_triggers
from leftfold.adapters.sqlite.waiting import BUSY_RETRY_S, when_free
from leftfold.adapters.sqlite.work import SqliteWork
from leftfold.clock import Clock
from leftfold.store.batching import Pending
from leftfold.store.checks import check_match, check_moment, check_position, check_range, checked_clock
from leftfold.store.events import AppendCondition, Appended, Fact, Page, QueryItem, StoredEvent, ToStream
from leftfold.store.limits import SCAN_POSITIONS
from leftfold.store.names import flaw_of
from leftfold.store.port import WrongTag
from leftfold.store.restoring import check_continues
from leftfold.store.schema import check_current
from leftfold.store.table_checks import check_transaction
from leftfold.store.transaction import Transaction

__all__ = ["SqliteStore", "open_sqlite"]

_OWN_TAGS = "json_each(iif(json_valid(e.tags), e.tags, '[]'))"
_TAG = "coalesce((select name from names where number = {0}), 'number ' || {0})"
_LOST_TAGS = f"""select e.position, {_TAG.format("n.value")} from events e cross join {_OWN_TAGS} n
where e.position > ? and e.position <= ?
and not exists (select 1 from tags t where t.tag = n.value and t.position = e.position)"""
_STRAY_TAGS = f"""select t.position, {_TAG.format("t.tag")} from tags t
where (t.tag, t.position) >= (?, ?) and (t.tag, t.position) < (?, ?) and not exists (
select 1 from events e cross join {_OWN_TAGS} n where e.position = t.position and n.value = t.tag)"""
_NEXT_TAGS = "select tag, position from tags where (tag, position) >= (?, ?) order by tag, position limit 1 offset ?"
_FIRST_TAG, _LAST_TAG = (-LARGEST, -LARGEST), (LARGEST, LARGEST)
_STREAM = "stream = (select number from names where name = ?)"


class SqliteStore(SqliteTimeline, SqliteSnapshots, SqliteTables, SqliteCheckpoints, SqliteWork):
    """Keeps the log in one SQLite file that several processes may share.

    Appends and reads run on the event loop that opened it: a page is read whole, so no cursor is ever left open
    across an await. Made by `open_sqlite`.
    """

    def __init__(self, connection: sqlite3.Connection, location: SqliteLocation, clock: Clock) -> None:
        super().__init__(connection, location, clock)
        self._naming = Naming(connection)
        self._committer = Committer(connection, self._naming, location, clock, self._wake_all, self._wake_workers)

    async def append(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        """See `Store.append`."""
        self._check_open()
        return await self._committer.commit(Pending(parts, condition))

    async def transact(self, transaction: Transaction) -> Appended | None:
        """See `Transacting.transact`."""
        self._check_open()
        check_transaction(transaction)
        pending = Pending(transaction.parts, transaction.condition, transaction)
        appended = await self._committer.commit(pending)
        return appended if transaction.parts else None

    async def read_stream(
        self, stream: str, *, after: int = 0, upto: int | None = None, backward: bool = False, limit: int = 500
    ) -> Sequence[StoredEvent]:
        """See `Store.read_stream`."""
        after, upto, limit = _bounded(after, upto, limit)
        if flaw_of(stream):
            return []
        order = "desc" if backward else "asc"
        sql = f"select {COLUMNS} from events where {_STREAM} and version > ? {_upto(upto)}"
        sql += f" order by version {order} limit ?"
        return await self._read(lambda: self._events(sql, str(stream), after, limit))

    async def read_facts(
        self, stream: str, *, after: int = 0, upto: int | None = None, valid: datetime | None = None, limit: int = 500
    ) -> Sequence[Fact]:
        """See `Store.read_facts`."""
        after, upto, limit = _bounded(after, upto, limit)
        happened = (
            "" if valid is None else f"and coalesce(occurred_at, recorded_at) <= {micros_of(check_moment(valid))}"
        )
        if flaw_of(stream):
            return []
        sql = f"select version, type, schema_version, data from events where {_STREAM} and version > ? "
        sql += f"{_upto(upto)} {happened} order by version limit ?"
        return await self._read(lambda: self._connection.execute(sql, (str(stream), after, limit)).fetchall())

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
        after, upto, limit = _bounded(after, upto, limit)
        check_match(match, category)
        return await self._read(lambda: self._page(after, upto, match, category, limit))

    async def wrong_tags(self) -> Sequence[WrongTag]:
        """See `Indexed.wrong_tags`; after each part of it the loop has a turn."""
        wrong: list[WrongTag] = []
        for after in range(0, await self.head(), SCAN_POSITIONS):
            wrong += await self._wrong(_LOST_TAGS, after, after + SCAN_POSITIONS, lost=True)
        begin = _FIRST_TAG
        while begin != _LAST_TAG:
            end = await self._read(partial(self._tags_behind, begin))
            wrong += await self._wrong(_STRAY_TAGS, *begin, *end, lost=False)
            begin = end
        return sorted(wrong, key=lambda one: (one.position, one.tag))

    def _tags_behind(self, begin: tuple[int, int]) -> tuple[int, int]:
        """Tag and position with which the part of the tags ends that begins with these."""
        found: tuple[int, int] | None = self._connection.execute(_NEXT_TAGS, (*begin, SCAN_POSITIONS)).fetchone()
        return found or _LAST_TAG

    async def _wrong(self, sql: str, *values: int, lost: bool) -> list[WrongTag]:
        rows = await self._read(lambda: self._connection.execute(sql, values).fetchall())
        await asyncio.sleep(0)
        return [WrongTag(position, tag, lost) for position, tag in rows]

    async def head(self) -> int:
        """See `Store.head`."""
        return await self._read(self._position)

    async def wake(self, after: int, timeout: float) -> int:
        """See `Store.wake`; commits of this process wake at once, those of others within 20 ms."""
        check_position(after, "after")
        return await self._until(lambda head: head > after, self._position, timeout)

    async def restore(self, events: Sequence[StoredEvent]) -> int:
        """See `Restorable.restore`."""
        self._check_open()
        await self._committer.drain()
        await when_free(lambda: self._connection.execute("begin immediate"), self._location)
        try:
            new = self._continuing(events)
            self._insert(new)
            self._committer.forget()
            self._connection.execute("commit")
            self._naming.keep((new[-1].position, micros_of(new[-1].recorded_at)) if new else None)
        except sqlite3.Error as error:
            raise translated(error, self._location.path) from error
        finally:
            self._naming.forget()
            if self._connection.in_transaction:
                self._connection.execute("rollback")
        self._wake_all()
        return len(new)

    async def close(self) -> None:
        """See `Store.close`."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._committer.drain()
            async with self._writing:
                pass
        finally:  # broken off, whoever waits for the file hears that it was closed
            self._connection.close()
            self._gone = True
            self._wake_all()
            self._wake_workers()

    def _continuing(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        positions = [event.position for event in events]
        last = self._events(f"select {COLUMNS} from events order by position desc limit ?", 1)
        between = f"select {COLUMNS} from events where position between ? and ?"
        known = self._events(between, min(positions, default=0), max(positions, default=0))
        here = {event.position: event for event in known}
        cursor = self._connection.cursor()
        return check_continues(
            events, here, last[0] if last else None, lambda stream: version_in(cursor, self._naming, stream)
        )

    def _insert(self, events: Sequence[StoredEvent]) -> None:
        inserts = Inserts(self._connection.cursor())
        for event in events:
            numbers = numbers_of(self._naming, event.tags)
            own = inserts.begin(
                _shared(event, self._naming.give(event.stream), tags_text(numbers) if numbers else None)
            )
            own += (event.type, event.schema_version, event.id.bytes, event.data.decode())
            inserts.tag(numbers, event.position, event.position)
        inserts.write(sum(len(event.data) + len(event.metadata) for event in events))

    def _rows(self, sql: str, *values: Value) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    def _events(self, sql: str, *values: Value) -> list[StoredEvent]:
        self._naming.renew()
        return [event_of(row, self._naming) for row in self._rows(sql, *values)]

    def _page(
        self, after: int, upto: int | None, match: tuple[QueryItem, ...], category: str | None, limit: int
    ) -> Page:
        self._connection.execute("begin")
        try:
            head = self._position()
            end = head if upto is None else min(head, upto)
            if match or category is not None:
                end = min(end, after + SCAN_POSITIONS)
            where, values = _where(match, category, after, end)
            events = self._events(where, *values, limit)
        finally:
            self._connection.execute("rollback")
        return Page(events, events[-1].position if len(events) == limit else max(after, end))


async def open_sqlite(url: str, *, clock: Clock | None = None, migrate: bool = False) -> SqliteStore:
    """Open the store at *url*; an empty or missing file becomes a store.

    Args:
        url: see `SqliteLocation`.
        clock: gives the recorded times; the machine's clock when left out.
        migrate: bring an older schema up to date too; otherwise `leftfold migrate` does.

    Raises:
        InvalidStoreUrl: *url* is not of that form.
        SchemaMismatch: the file needs `leftfold migrate`, or newer code, or is another application's.
        StoreUnavailable: the file cannot be opened, or another process holds it longer than the deadline.
    """
    location, told = SqliteLocation.parse(url), checked_clock(clock)
    while True:
        with suppress(BeingForked):
            return await when_free(lambda: _opened(location, told, migrate=migrate), location)
        await asyncio.sleep(BUSY_RETRY_S)


def _opened(location: SqliteLocation, clock: Clock, *, migrate: bool) -> SqliteStore:
    with opening():
        connection = without_triggers(lambda: connect(location))
        try:
            prepare(connection, location)
            if migrate or status_of(connection).found == 0:
                install(connection)
            check_current(status_of(connection), url_of(location.path))
            return SqliteStore(connection, location, clock)
        except BaseException:
            connection.close()
            raise


def _shared(event: StoredEvent, stream: int, tags: str | None) -> Shared:
    recorded, occurred = micros_of(event.recorded_at), micros_of(event.occurred_at)
    valid = occurred if occurred != recorded else None
    return (event.position, stream, event.version, event.metadata.decode(), tags, valid, recorded)


def _bounded(after: int, upto: int | None, limit: int) -> tuple[int, int | None, int]:
    check_range(after, upto, limit)
    return min(after, LARGEST), upto if upto is None else min(upto, LARGEST), min(limit, LARGEST)


def _upto(version: int | None) -> str:
    return "" if version is None else f"and version <= {int(version)}"


def _where(match: tuple[QueryItem, ...], category: str | None, after: int, end: int) -> tuple[str, list[Value]]:
    sql = f"select {', '.join('e.' + name for name in COLUMNS.split(', '))} from events e"
    sql += " where e.position > ? and e.position <= ?"
    values: list[Value] = [after, end]
    if category and flaw_of(category):
        sql += " and false"
    elif category is not None:
        sql += " and (select substr(name, 1, instr(name || '-', '-') - 1) from names where number = e.stream) = ?"
        values.append(category)
    if match:
        filters = [filter_sql(item, after, end) for item in match]
        sql += f" and ({' or '.join(text for text, _ in filters)})"
        values += [value for _, more in filters for value in more]
    return sql + " order by e.position limit ?", values
