"""The rows, checkpoints and work that one database transaction writes, for all of its members one after another."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeAlias

from leftfold.adapters.postgres.calls import numbers_in, plain_array
from leftfold.adapters.postgres.connecting import Connection
from leftfold.adapters.postgres.gathering import Change, Gathered, Kind, Place, Refusal
from leftfold.adapters.postgres.generations import Generations, TableName
from leftfold.adapters.postgres.layout import Layout
from leftfold.adapters.postgres.rows import event_of
from leftfold.adapters.postgres.statements import WritingSql
from leftfold.adapters.postgres.work_call import WorkCall
from leftfold.errors import Fenced, InvalidInput, LeftfoldError, StoreError
from leftfold.store.events import Appended
from leftfold.store.projecting import projected, rest_behind, rest_keys, rest_writes
from leftfold.store.tables import Table
from leftfold.store.transaction import (
    Advance,
    Delete,
    Inline,
    Insert,
    Point,
    Put,
    Rest,
    Rows,
    RowWrite,
    Transaction,
    Write,
)
from leftfold.store.work import Begin, End, Revise, WorkWrite

__all__ = ["Refused", "RowWriting", "points", "tables_of"]

_Reads: TypeAlias = Iterable[tuple[Table, tuple[str, ...]]]


class Refused(Exception):
    """Members are refused; nothing of this attempt may be committed.

    Args:
        errors: of each member, by its number.
    """

    def __init__(self, errors: Mapping[int, Exception]) -> None:
        self.errors = errors
        super().__init__(f"{len(errors)} members are refused")


class RowWriting:
    """Writes over a connection with an open transaction; `open` comes first, `finish` last.

    Methods raise `Refused`, or the driver's error.
    """

    def __init__(self, connection: Connection, sql: WritingSql) -> None:
        self._connection = connection
        self._sql = sql
        self._generations = Generations(connection, sql)
        self._rows: dict[Layout, dict[str, bytes | None]] = {}
        self._gathered = Gathered()
        self._advances: dict[str, tuple[Advance, Place]] = {}
        self._work = WorkCall()
        self._work_again = WorkCall()
        self._work_refused: list[Refusal] | None = None
        self._reached: Place = (0, 0)
        self._untouched = True
        self.advanced: dict[str, int] = {}
        """Where checkpoints were moved to."""
        self.moved: tuple[str, datetime] | None = None
        """One of them, and when it was moved."""
        self.due: set[str] = set()
        """Queues in which work is due, or soon."""

    @property
    def id(self) -> str:
        """Of the database transaction, once it is open."""
        return self._generations.transaction_id

    async def open(self, transaction: Transaction) -> None:
        """Look up the tables of *transaction* and keep their generations as they are."""
        self._take_work(0, transaction)
        await self._generations.look_up(tables_of(transaction), changing=points(transaction))

    async def opened(
        self, names: Sequence[TableName], rows: Iterable[Sequence[Any]], transactions: Mapping[int, Transaction]
    ) -> None:
        """Take over what was looked up already, and read at once what everything inline of *transactions* needs.

        Args:
            rows: see `Generations.note`.
            transactions: by the numbers of their members.
        """
        self._generations.note(names, rows)
        for member, transaction in transactions.items():
            self._take_work(member, transaction)
        with suppress(StoreError):  # whoever reads a table that is not there is told when it is its turn
            await self._load(
                [read for each in transactions.values() for inline in each.inline for read in inline.reads]
            )

    async def write(self, member: int, transaction: Transaction, appended: Appended | None, head: int) -> None:
        """Do what *transaction* writes; what it comes to is known at `finish`.

        Args:
            member: its number; those of a group come in order.
            head: the log's last position as it is for this member.
        """
        self._reached = member, 0
        try:
            for write in transaction.writes:
                await self._do(write, self._next(), head)
            for inline in transaction.inline:
                for write in await self._project(inline, member, appended):
                    await self._do(write, self._next(), head)
        except LeftfoldError as error:
            await self._refuse(member, error)

    async def finish(self) -> None:
        """Write what is left to write."""
        self._reached = sys.maxsize, 0
        await self._flush()

    def _take_work(self, member: int, transaction: Transaction) -> None:
        for step, write in enumerate(transaction.writes, start=1):
            if isinstance(write, Begin | Revise | End):
                self._work.add((member, step), write)

    def _next(self) -> Place:
        member, step = self._reached
        self._reached = member, step + 1
        return self._reached

    async def _flush(self) -> None:
        """Write what was gathered so far."""
        refusals = await self._gathered.write(self._connection)
        refusals += await self._advance_all()
        refusals += await self._work_all()
        sure, self._untouched = self._untouched, False
        if refusals:
            raise Refused(_settled(refusals, sure=sure))

    async def _refuse(self, member: int, error: Exception) -> None:
        await self._flush()  # what comes before may be refused first
        raise Refused({member: error}) from error

    async def _project(self, inline: Inline, member: int, appended: Appended | None) -> Sequence[RowWrite]:
        await self._load(inline.reads)
        rows = await self._seen(inline.reads)
        if appended is None:
            raise InvalidInput("a transaction without events has nothing for `inline`; give it events")
        try:
            return projected(inline, appended, rows)
        except Exception as error:
            await self._refuse(member, error)
            raise

    async def _do(self, write: Write, place: Place, head: int) -> None:
        match write:
            case Advance(name=name):
                if name in self._advances:
                    await self._flush()
                self._advances[name] = write, place
            case Point():
                rest = rest_behind(write, head)
                await self._flush()
                if rest is not None:
                    await self._take_in(write, rest, place, head)
                await self._generations.point(write)
            case Begin() | Revise() | End():
                await self._write_work(place, write)
            case Put(rows=rows):
                layout = await self._generations.layout(write.table, write.generation)
                await self._change(Kind.PUT, layout, rows, place, write.shard)
            case Insert():
                layout = await self._generations.layout(write.table, None)
                await self._change(Kind.INSERT, layout, {write.key: write.row}, place)
            case Delete(keys=keys):
                layout = await self._generations.layout(write.table, write.generation)
                await self._change(Kind.DELETE, layout, dict.fromkeys(keys), place)

    async def _take_in(self, point: Point, rest: Rest, place: Place, head: int) -> None:
        rows = await self._connection.fetch(self._sql.behind, point.at_head, head)
        events = [event_of(row) for row in rows]
        layout = await self._generations.layout(point.table, point.generation)
        try:
            keys = rest_keys(rest, events)
            there = await self._connection.fetch(layout.rows, keys) if keys else []
            writes = rest_writes(rest, events, {key: row.encode() for key, row in there})
        except Exception as error:
            await self._refuse(place[0], error)
            raise
        for write in writes:
            await self._do(write, place, head)
        await self._flush()

    async def _write_work(self, place: Place, write: WorkWrite) -> None:
        """Note *write* if another of its item comes before it; the first ones of all members are noted already."""
        if self._work.add(place, write):
            return
        if self._work_refused is None or not self._work_again.add(place, write):
            await self._flush()
            self._work_again.add(place, write)

    async def _change(
        self, kind: Kind, layout: Layout, rows: Mapping[str, bytes | None], place: Place, shard: int = 0
    ) -> None:
        for key, row in rows.items():
            change = Change(kind, place, row, shard)
            if not self._gathered.add(layout, key, change):
                await self._flush()
                self._gathered.add(layout, key, change)
        self._rows.setdefault(layout, {}).update(rows)

    async def _advance_all(self) -> list[Refusal]:
        if not self._advances:
            return []
        advances, self._advances = self._advances, {}
        ordered = [advances[name][0] for name in sorted(advances)]
        moved = await self._connection.fetch(
            self._sql.advance,
            [each.name for each in ordered],
            plain_array([each.token for each in ordered]),
            plain_array([each.position for each in ordered]),
            plain_array([each.event_id for each in ordered]),
        )
        there = {row[0] for row in moved}
        self.moved = next(((row[0], row[1]) for row in moved), self.moved)
        self.advanced.update((each.name, each.position) for each in ordered if each.name in there)
        return [
            Refusal(advances[each.name][1], await self._unmoved(each), sure=True)
            for each in ordered
            if each.name not in there
        ]

    async def _work_all(self) -> list[Refusal]:
        """Write work: the first write of each item, of all members at once and so in one order, then what comes again.

        Who comes later may be refused by then, and is told when it is its turn.
        """
        if self._work_refused is None:
            self._work_refused = await self._call(self._work)
        refusals = [each for each in self._work_refused if each.place <= self._reached]
        again, self._work_again = self._work_again, WorkCall()
        if refusals:
            again = again.before(refusals[0].place)
        return refusals + await self._call(again)

    async def _call(self, work: WorkCall) -> list[Refusal]:
        if not len(work):
            return []
        [row] = await self._connection.fetch(self._sql.work, None, None, work.text(apart=True), work.locks_first)
        self.due.update(row["soon"] or ())
        return work.refusals(numbers_in(row["refused"]))

    async def _unmoved(self, advance: Advance) -> Exception:
        position: int | None = await self._connection.fetchval(self._sql.place, advance.name, advance.token)
        if position is None:
            return Fenced(advance.name, advance.token)
        return InvalidInput(
            f"checkpoint {advance.name!r:.80} is at {position} and does not go back to {advance.position}"
        )

    async def _load(self, reads: _Reads) -> None:
        """Read rows that were not read yet."""
        wanted: dict[Layout, set[str]] = {}
        for table, keys in reads:
            layout = await self._generations.layout(table, None)
            there = self._rows.setdefault(layout, {})
            wanted.setdefault(layout, set()).update(key for key in keys if key not in there)
        for layout, unread in wanted.items():
            if unread:
                rows = await self._connection.fetch(layout.rows, sorted(unread))
                self._rows[layout].update(dict.fromkeys(unread))
                self._rows[layout].update((key, row.encode()) for key, row in rows)

    async def _seen(self, reads: _Reads) -> Rows:
        seen: dict[tuple[str, str], bytes] = {}
        for table, keys in reads:
            there = self._rows[await self._generations.layout(table, None)]
            seen.update({(table.name, key): row for key in keys if (row := there[key]) is not None})
        return seen


def points(transaction: Transaction) -> bool:
    """Whether *transaction* changes which generations are active."""
    return any(isinstance(write, Point) for write in transaction.writes)


def tables_of(transaction: Transaction) -> Iterable[Table]:
    """The tables that *transaction* names."""
    for write in transaction.writes:
        if not isinstance(write, Advance | Begin | Revise | End):
            yield write.table
    for inline in transaction.inline:
        for table, _ in inline.reads:
            yield table


def _settled(refusals: Sequence[Refusal], *, sure: bool) -> dict[int, Exception]:
    """Whom to tell: the first one, and, if nothing was written before, those who are refused in any case."""
    ordered = sorted(refusals, key=lambda each: each.place)
    told = {ordered[0].place[0]: ordered[0].error}
    for each in ordered[1:]:
        if sure and each.sure:
            told.setdefault(each.place[0], each.error)
    return told
