"""Work in the file of the log: claimed when it is due, held by leases of the store's clock, and waited for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TypeAlias

import msgspec

from leftfold.adapters.sqlite.checkpoints import LATEST, storable, with_the_clock
from leftfold.adapters.sqlite.location import SqliteLocation
from leftfold.adapters.sqlite.reading import OpenFile
from leftfold.adapters.sqlite.rows import LARGEST, micros_of, time_of
from leftfold.adapters.sqlite.waiting import when_free
from leftfold.clock import Clock
from leftfold.errors import InvalidQuery
from leftfold.store.checks import check_timeout
from leftfold.store.limits import WORK_LOOK_S
from leftfold.store.names import first_above, flaw_of, name_range
from leftfold.store.restoring import check_items, new_items
from leftfold.store.work import WorkItem
from leftfold.store.work_checks import check_claiming, check_holding, check_ids, check_queues
from leftfold.store.work_paging import looked_at

__all__ = ["ALL", "CHOSEN", "CLAIMABLE", "COUNTED", "NEAR", "NEXT_DUE", "SqliteWork"]

_Row: TypeAlias = tuple[str, str, str, bytes, int, str | None, int | None, int, int]

_COLUMNS = "w.id, w.queue, w.status, cast(w.state as blob), w.token, w.owner, w.wake_at, w.created_at, w.changed_at"
# What rests and what is held are each in an index of their own.
_RESTING, _HELD = ("d.owner is null and d.wake_at is not null", "d.owner is not null")
_FIRST_DUE = "select (select min(d.wake_at) from work d where d.queue = q.value and {}) due from json_each(:queues) q"
_ROWS_DUE = """select rowid from (select d.rowid from work d
where d.queue = q.value and {} and d.wake_at <= :now order by d.wake_at, d.id limit :most)"""

NEXT_DUE: Final = f"""select min(due), ({LATEST}) from (
{_FIRST_DUE.format(_RESTING)} union all {_FIRST_DUE.format(_HELD)})"""
"""When the next item of some queues is due, and when a lease was last given."""

CLAIMABLE: Final = f"""select {_COLUMNS} from json_each(:queues) q cross join work w
on w.rowid in ({_ROWS_DUE.format(_RESTING)} union all {_ROWS_DUE.format(_HELD)}) order by w.wake_at, w.id limit :most"""
"""What a claim is given: of each queue no more is looked at than is asked for, however much is due."""

_CLAIM = "update work set token = ?, owner = ?, wake_at = ?, changed_at = ? where id = ?"
_EXTEND = "update work set wake_at = ? where id = ? and owner = ? and token >= ?"
_BY_ID = f"select {_COLUMNS} from json_each(?) i cross join work w on w.id = i.value"
_TOKENS = "select w.id, w.token from json_each(?) i cross join work w on w.id = i.value"
_RESTORE = """insert into work (id, queue, status, state, token, wake_at, created_at, changed_at)
values (?, ?, ?, ?, ?, ?, ?, ?)"""
_PAGE = f"select {_COLUMNS} from work w where w.id in ({{chosen}}) order by w.id"

ALL: Final = _PAGE.format(chosen="select id from work where id >= :start order by id limit :most")
"""A page of all items."""

# SQLite skips nothing of an index by itself, so each kind, a queue and a status, is sought behind the one before it.
_KINDS = """with recursive kinds (at) as (
select (select rowid from work where owner is null and queue >= :low and queue < :below order by queue, status limit 1)
union all select coalesce(
(select n.rowid from work n where n.owner is null and n.queue = w.queue and n.status > w.status
order by n.status limit 1),
(select n.rowid from work n where n.owner is null and n.queue > w.queue and n.queue < :below
order by n.queue, n.status limit 1))
from kinds k cross join work w on w.rowid = k.at)"""

_WANTED = ":statuses is null or w.status in (select value from json_each(:statuses))"
_OF_KINDS = f"""select d.id from kinds k cross join work w on w.rowid = k.at cross join work d
on d.owner is null and d.queue = w.queue and d.status = w.status and d.id in (
select l.id from work l where l.owner is null and l.queue = w.queue and l.status = w.status and l.id >= :start
order by l.id limit :most) where {_WANTED}"""
_OF_HELD = f"""select w.id from work w
where w.owner is not null and w.queue >= :low and w.queue < :below and w.id >= :start and ({_WANTED})"""

_OF_NEAR = """select n.id from (select id, queue, status from work where id >= :start order by id limit :near) n
where n.queue >= :low and n.queue < :below
and (:statuses is null or n.status in (select value from json_each(:statuses)))
order by n.id limit :most"""

NEAR: Final = _PAGE.format(chosen=_OF_NEAR)
"""What is chosen of the items that come next."""

CHOSEN: Final = f"{_KINDS} {_PAGE.format(chosen=f'{_OF_KINDS} union all {_OF_HELD} order by 1 limit :most')}"
"""A page of chosen items: of each kind no more than a page is looked at, in an index, and all that is held."""

_COUNT = """select queue, status, count(*) number from work
where {} and queue >= :low and queue < :below group by queue, status"""
COUNTED: Final = f"""select queue, status, sum(number) from (
{_COUNT.format("owner is null")} union all {_COUNT.format("owner is not null")}) group by queue, status"""
"""How many items there are; what rests is read from an index alone."""

_MICROSECOND = timedelta(microseconds=1)
_SECOND: Final = 1_000_000


class SqliteWork(OpenFile):
    """See `WorkItems`. A claim waits for no flush: power loss ends every process that could have held it."""

    def __init__(self, connection: sqlite3.Connection, location: SqliteLocation, clock: Clock) -> None:
        super().__init__(connection, location, clock)
        self._due = asyncio.Event()

    async def claim_due(
        self, queues: Collection[str], owner: str, lease_s: float, limit: int = 32
    ) -> Sequence[WorkItem]:
        """See `WorkItems.claim_due`; takes the file from others only when something is due."""
        self._check_open()
        lease = check_claiming(queues, owner, lease_s, limit) // _MICROSECOND
        if await self._read(partial(self._pause, _json(queues))) > 0:
            return []
        return await self._write(partial(self._taken, _json(queues), owner, lease, min(limit, LARGEST)))

    async def extend(self, held: Mapping[str, int], owner: str, lease_s: float) -> Collection[str]:
        """See `WorkItems.extend`."""
        self._check_open()
        lease = check_holding(owner, lease_s) // _MICROSECOND
        ids = check_ids(held)
        if not ids:
            return set()
        return await self._write(
            lambda cursor: {
                id
                for until in [with_the_clock(cursor, self._now()) + lease]
                for id in ids
                if cursor.execute(_EXTEND, (until, id, owner, storable(held[id]))).rowcount
            }
        )

    async def work(self, ids: Collection[str]) -> Mapping[str, WorkItem]:
        """See `WorkItems.work`."""
        asked = _json(check_ids(ids))
        found = await self._read(lambda: self._connection.execute(_BY_ID, (asked,)).fetchall())
        now = self._now()
        return {row[0]: _item_of(row, now) for row in found}

    async def find_work(
        self, *, queues: str = "", statuses: Collection[str] = (), after: str = "", limit: int = 500
    ) -> Sequence[WorkItem]:
        """See `WorkItems.find_work`."""
        if limit < 1:
            raise InvalidQuery(f"limit={limit}: a page has at least one work item")
        if queues and flaw_of(queues):
            return []
        wanted = _json([each for each in statuses if not flaw_of(each)]) if statuses else None
        most = min(limit, LARGEST)
        asked: dict[str, str | int | None] = {"start": first_above(after), "most": most}
        if not queues and not statuses:
            return await self._listed(ALL, asked)
        low, below = name_range(queues)
        near = looked_at(most)
        asked |= {"low": low, "below": below, "statuses": wanted, "near": near}
        found = await self._listed(NEAR, asked) if near else []
        return found if len(found) == most else await self._listed(CHOSEN, asked)

    async def _listed(self, sql: str, values: Mapping[str, str | int | None]) -> list[WorkItem]:
        rows: list[_Row] = await self._read(lambda: self._connection.execute(sql, values).fetchall())
        now = self._now()
        return [_item_of(row, now) for row in rows]

    async def count_work(self, queues: str = "") -> Mapping[tuple[str, str], int]:
        """See `WorkItems.count_work`."""
        if queues and flaw_of(queues):
            return {}
        low, below = name_range(queues)
        asked = {"low": low, "below": below}
        found = await self._read(lambda: self._connection.execute(COUNTED, asked).fetchall())
        return {(queue, status): count for queue, status, count in found}

    async def await_work(self, queues: Collection[str], timeout: float) -> None:
        """See `WorkItems.await_work`; what other processes write wakes within a second."""
        self._check_open()
        check_queues(queues)
        check_timeout(timeout)
        asked, end = _json(queues), self._loop.time() + timeout
        while (pause := await self._read(partial(self._pause, asked))) > 0 and (left := end - self._loop.time()) > 0:
            try:
                async with asyncio.timeout(min(pause, left)):
                    await self._due.wait()
            except TimeoutError:
                continue

    async def restore_work(self, items: Sequence[WorkItem]) -> int:
        """See `Restorable.restore_work`."""
        self._check_open()
        check_items(items)
        stored = await when_free(partial(self._restored, items), self._location)
        self._wake_workers()
        return stored

    def _wake_workers(self) -> None:
        self._due.set()
        self._due = asyncio.Event()

    def _pause(self, queues: str) -> float:
        """Seconds until the next item of *queues* is due, or until the next look for one; none for a clock set back."""
        due: int | None
        latest: int | None
        due, latest = self._connection.execute(NEXT_DUE, {"queues": queues}).fetchone()
        now = self._now()
        if latest is not None and latest > now:
            return 0.0  # a claim moves the ends of leases along with it
        return WORK_LOOK_S if due is None else min(WORK_LOOK_S, (due - now) / _SECOND)

    def _restored(self, items: Sequence[WorkItem]) -> int:
        execute = self._connection.execute
        execute("begin immediate")
        try:
            here: dict[str, int] = dict(execute(_TOKENS, (_json([item.id for item in items]),)).fetchall())
            new = new_items(items, here)
            self._connection.executemany(_RESTORE, map(_row_of, new))
            execute("commit")
        finally:
            if self._connection.in_transaction:
                execute("rollback")
        return len(new)

    def _taken(self, queues: str, owner: str, lease: int, limit: int, cursor: sqlite3.Cursor) -> list[WorkItem]:
        now = with_the_clock(cursor, self._now())
        due: list[_Row] = cursor.execute(CLAIMABLE, {"queues": queues, "now": now, "most": limit}).fetchall()
        claimed = [(*row[:4], row[4] + 1, owner, now + lease, row[7], now) for row in due]
        cursor.executemany(_CLAIM, ((row[4], owner, now + lease, now, row[0]) for row in claimed))
        return [_item_of(row, now) for row in claimed]


def _json(texts: Collection[str]) -> str:
    return msgspec.json.encode(sorted(set(texts))).decode()


def _row_of(item: WorkItem) -> tuple[str, str, str, str, int, int | None, int, int]:
    wake_at = None if item.wake_at is None else micros_of(item.wake_at)
    times = (wake_at, micros_of(item.created_at), micros_of(item.changed_at))
    return item.id, item.queue, item.status, item.state.decode(), storable(item.token), *times


def _item_of(row: _Row, now: int) -> WorkItem:
    id, queue, status, state, token, owner, wake_at, created_at, changed_at = row
    return WorkItem(
        id=id,
        queue=queue,
        status=status,
        state=state,
        token=token,
        owner=owner,
        wake_at=None if wake_at is None else time_of(wake_at),
        created_at=time_of(created_at),
        changed_at=time_of(changed_at),
        held=owner is not None and wake_at is not None and wake_at > now,
    )
