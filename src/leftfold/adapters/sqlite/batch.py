"""One group commit: every append of a batch in one transaction, each with its own verdict."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from leftfold.adapters.sqlite.rows import COLUMNS, Row, event_of, exists_sql, row_of, time_text
from leftfold.errors import ConditionFailed, LeftfoldError
from leftfold.store.batching import Pending
from leftfold.store.events import AppendCondition, Appended, StoredEvent, ToStream
from leftfold.store.verdict import check_version, first_result

__all__ = ["Batch", "events_by_id", "insert_rows", "version_in"]

_INSERT = f"insert into events ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_TAG = "insert into tags (tag, position) values (?, ?)"
_HEAD = "select position, recorded_at from events order by position desc limit 1"
_VERSION = "select version from events where stream = ? order by version desc limit 1"
_KNOWN = "select 1 from events where id = ?"


class Batch:
    """Judges and writes appends inside the transaction that the caller has begun.

    Args:
        connection: inside BEGIN IMMEDIATE, so nobody else writes until the end.
        now: the recorded time, unless the log is ahead of it.
    """

    def __init__(self, connection: sqlite3.Connection, now: datetime) -> None:
        self._cursor = connection.cursor()
        last: tuple[int, str] | None = self._cursor.execute(_HEAD).fetchone()
        self.position, text = last or (0, "")
        self._recorded = max(time_text(now), text)
        self._recorded_at = datetime.fromisoformat(self._recorded)
        self._versions: dict[str, int] = {}
        self._rows: list[Row] = []
        self._tags: list[tuple[str, int]] = []
        self._ids: set[UUID] = set()

    def judge(self, pending: Pending) -> Appended | LeftfoldError:
        """The verdict over one append; its rows are written by `flush` at the latest."""
        try:
            return self._append(pending.parts, pending.condition)
        except LeftfoldError as refusal:
            return refusal

    def flush(self) -> None:
        """Write the rows of every append judged so far."""
        insert_rows(self._cursor, self._rows, self._tags)
        self._rows.clear()
        self._tags.clear()
        self._ids.clear()

    def _append(self, parts: Sequence[ToStream], condition: AppendCondition | None) -> Appended:
        first = parts[0].events[0].id
        if condition is not None or first in self._ids:
            self.flush()
        if self._cursor.execute(_KNOWN, (str(first),)).fetchone():
            return first_result(parts, events_by_id(self._cursor, parts))
        if condition is not None:
            self._check(condition)
        for part in parts:
            check_version(part.stream, part.expected, self._version(part.stream))
        return Appended(
            position=self._add(parts),
            versions={part.stream: self._versions[part.stream] for part in parts},
            recorded_at=self._recorded_at,
        )

    def _check(self, condition: AppendCondition) -> None:
        for item in condition.none_of:
            sql, values = exists_sql(item, condition.after)
            if self._cursor.execute(sql, values).fetchone():
                raise ConditionFailed(condition.after)

    def _version(self, stream: str) -> int:
        version = self._versions.get(stream)
        if version is None:
            version = self._versions[stream] = version_in(self._cursor, stream)
        return version

    def _add(self, parts: Sequence[ToStream]) -> int:
        position, recorded = self.position, self._recorded
        add_row, add_id, add_tag = self._rows.append, self._ids.add, self._tags.append
        for part in parts:
            stream, version = str(part.stream), self._versions[part.stream]
            for event in part.events:
                position += 1
                version += 1
                add_row(row_of(event, stream, version, position, recorded))
                add_id(event.id)
                for tag in event.tags if len(event.tags) < 2 else set(event.tags):
                    add_tag((tag, position))
            self._versions[part.stream] = version
        self.position = position
        return position


def insert_rows(cursor: sqlite3.Cursor, rows: Sequence[Row], tags: Sequence[tuple[str, int]]) -> None:
    """Insert rows of events and of tags."""
    if rows:
        cursor.executemany(_INSERT, rows)
    if tags:
        cursor.executemany(_INSERT_TAG, tags)


def version_in(cursor: sqlite3.Cursor, stream: str) -> int:
    """The version of *stream* in the file, 0 when there is none."""
    found: tuple[int] | None = cursor.execute(_VERSION, (stream,)).fetchone()
    return found[0] if found else 0


def events_by_id(cursor: sqlite3.Cursor, parts: Iterable[ToStream]) -> dict[UUID, StoredEvent]:
    """Every stored event whose id is among those of *parts*."""
    found: dict[UUID, StoredEvent] = {}
    for part in parts:
        for event in part.events:
            row: Row | None = cursor.execute(f"select {COLUMNS} from events where id = ?", (str(event.id),)).fetchone()
            if row is not None:
                found[event.id] = event_of(row)
    return found
