"""One group commit: every append of a batch in one transaction, each with its own verdict."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from leftfold.adapters.sqlite.ends import Ends
from leftfold.adapters.sqlite.inserting import Inserts
from leftfold.adapters.sqlite.matching import is_matched
from leftfold.adapters.sqlite.naming import Naming
from leftfold.adapters.sqlite.rows import COLUMNS, Row, Value, event_of, micros_of, tags_text, time_of
from leftfold.adapters.sqlite.transacting import RowWriter
from leftfold.errors import ConditionFailed, LeftfoldError
from leftfold.store.batching import Pending
from leftfold.store.events import AppendCondition, Appended, StoredEvent, ToStream
from leftfold.store.transaction import Transaction
from leftfold.store.verdict import check_version, first_result
from leftfold.store.work import Begin, End, Revise, WorkWrite

__all__ = ["Batch", "events_by_id", "lone_work", "numbers_of", "version_in"]

_VERSION = "select version from events where stream = ? order by version desc limit 1"
_KNOWN = "select 1 from events where id = ?"
_BY_ID = f"select {COLUMNS} from events where id = ?"


class Batch:
    """Judges and writes appends inside the transaction that the caller has begun.

    Args:
        connection: inside BEGIN IMMEDIATE, so nobody else writes until the end.
        naming: of the same connection.
        ends: of the same connection.
        now: the recorded time, unless the log is ahead of it.
        trusting: that no id is stored already, which a refusal makes it look up, and an insert finds out: it raises
            `sqlite3.IntegrityError` then, and all is to be judged again without trust.
    """

    def __init__(
        self, connection: sqlite3.Connection, naming: Naming, ends: Ends, now: datetime, *, trusting: bool
    ) -> None:
        self._cursor = connection.cursor()
        self._naming = naming
        self._ends = ends
        self._trusting = trusting
        self._now = micros_of(now)
        self._looked = False
        self.position: int = 0
        self._head = 0
        self._recorded = self._now
        self._recorded_at = now
        self._versions: dict[str, int] = {}
        self._inserts = Inserts(self._cursor)
        self._size = 0  # bytes of all that was judged
        self._ids: set[bytes] = set()
        self._writer = RowWriter(self._cursor, self._naming, self._now)
        self._changed = False
        self.found_known: bool = False
        """Whether an id was stored already."""

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return self._changed or self.position != self._head

    @property
    def wakes(self) -> bool:
        """Whether it wrote work that whoever waits for some has to look at."""
        return self._writer.wakes

    def judge(self, pending: Pending) -> Appended | Exception:
        """The verdict over one append or transaction; what is appended is written by `flush` at the latest."""
        if work := lone_work(pending.transaction):
            return self._work(work)
        if not self._looked:
            self._look()
        self._size += pending.size
        if pending.transaction is not None:
            return self._transact(pending.transaction)
        try:
            return self._append(pending.parts, pending.condition)
        except LeftfoldError as refusal:
            return refusal

    def keep(self) -> None:
        """It was committed."""
        last = (self.position, self._recorded) if self._looked and self.position != self._head else None
        self._naming.keep(last)
        if self._looked:
            self._ends.keep(last, self._versions)

    def flush(self) -> None:
        """Write the rows of every append judged so far."""
        self._inserts.write(self._size)
        self._ids.clear()

    def _look(self) -> None:
        """Find out where the log ends, which work alone does not ask for."""
        self.position, latest = self._ends.look() or (0, self._now)
        self._naming.renew(self._ends.others)
        self._head = self.position
        self._recorded = max(self._now, latest)
        self._recorded_at = time_of(self._recorded)
        self._looked = True

    def _work(self, write: WorkWrite) -> Appended | Exception:
        try:
            self._writer.work(write)
        except LeftfoldError as refusal:
            return refusal
        self._changed = True
        return self._unmoved()

    def _transact(self, transaction: Transaction) -> Appended | Exception:
        self.flush()
        head, given = self.position, self._naming.given
        versions = {part.stream: self._version(part.stream) for part in transaction.parts}
        self._cursor.execute("savepoint member")
        verdict: Appended | Exception
        try:
            verdict = self._written(transaction)
        except sqlite3.Error:
            raise  # the file's, not the member's
        except Exception as refusal:  # noqa: BLE001 - whatever is wrong with one member is no matter of its neighbours
            self._cursor.execute("rollback to member")
            self._take_back(head, versions, given)
            verdict = refusal
        self._cursor.execute("release member")
        return verdict

    def _written(self, transaction: Transaction) -> Appended:
        appended = self._unmoved()
        if transaction.parts:
            appended = self._append(transaction.parts, transaction.condition)
            self.flush()
        if not appended.repeated:
            self._writer.write(transaction, appended)
            self._changed = True
        return appended

    def _unmoved(self) -> Appended:
        return Appended(position=self.position, versions={}, recorded_at=self._recorded_at)

    def _take_back(self, head: int, versions: Mapping[str, int], given: int) -> None:
        self.position = head
        self._versions.update(versions)
        self._naming.forget(given)
        self._writer.forget()
        self._inserts.clear()
        self._ids.clear()

    def _append(self, parts: Sequence[ToStream], condition: AppendCondition | None) -> Appended:
        first = parts[0].events[0].id.bytes
        if condition is not None or first in self._ids:
            self.flush()
        if not self._trusting and self._is_known(first):
            return self._first_result(parts)
        try:
            self._check(parts, condition)
        except LeftfoldError:
            if self._is_known(first):
                return self._first_result(parts)
            raise
        return Appended(
            position=self._add(parts),
            versions={part.stream: self._versions[part.stream] for part in parts},
            recorded_at=self._recorded_at,
        )

    def _check(self, parts: Sequence[ToStream], condition: AppendCondition | None) -> None:
        if condition is not None:
            for item in condition.none_of:
                if is_matched(self._cursor, item, condition.after, self.position):
                    raise ConditionFailed(condition.after)
        for part in parts:
            check_version(part.stream, part.expected, self._version(part.stream))

    def _is_known(self, first: bytes) -> bool:
        return self._cursor.execute(_KNOWN, (first,)).fetchone() is not None

    def _first_result(self, parts: Sequence[ToStream]) -> Appended:
        self.found_known = True
        return first_result(parts, events_by_id(self._cursor, self._naming, parts))

    def _version(self, stream: str) -> int:
        version = self._versions.get(stream)
        if version is None:
            version = self._ends.version(stream)
            if version is None:
                version = version_in(self._cursor, self._naming, stream)
            self._versions[stream] = version
        return version

    def _add(self, parts: Sequence[ToStream]) -> int:
        for part in parts:
            self._add_part(part)
        return self.position

    def _add_part(self, part: ToStream) -> None:
        position, version = self.position, self._versions[part.stream]
        stream = self._naming.give(part.stream)
        tags: tuple[str, ...] = ()
        numbers: list[int] = []
        text, since = None, position + 1
        metadata, occurred = b"", None
        own: list[Value] | None = None  # what events have for themselves that share all else
        for event in part.events:
            position += 1
            version += 1
            if event.tags != tags:
                self._inserts.tag(numbers, since, position - 1)
                tags, since = event.tags, position
                numbers = numbers_of(self._naming, tags)
                text = tags_text(numbers) if tags else None
                own = None
            valid = None if event.occurred_at is None else micros_of(event.occurred_at)
            if own is None or event.metadata != metadata or valid != occurred:
                metadata, occurred = event.metadata, valid
                shared = (position, stream, version, metadata.decode(), text, occurred, self._recorded)
                own = self._inserts.begin(shared)
            id_ = event.id.int.to_bytes(16, "big")
            self._ids.add(id_)
            own += (event.type, event.schema_version, id_, event.data.decode())
        self._inserts.tag(numbers, since, position)
        self.position, self._versions[part.stream] = position, version


def lone_work(transaction: Transaction | None) -> WorkWrite | None:
    """The one write of work that *transaction* is: a single statement, which needs nothing to take it back."""
    if transaction is None or transaction.parts or len(transaction.writes) != 1:
        return None
    [write] = transaction.writes
    return write if isinstance(write, Begin | Revise | End) else None


def numbers_of(naming: Naming, tags: Sequence[str]) -> list[int]:
    """The numbers of *tags*, each once, in the order of the tags; new ones if need be."""
    return [naming.give(tag) for tag in (tags if len(tags) < 2 else sorted(set(tags)))]


def version_in(cursor: sqlite3.Cursor, naming: Naming, stream: str) -> int:
    """The version of *stream* in the file, 0 when there is none."""
    number = naming.find(stream)
    found: tuple[int] | None = None if number is None else cursor.execute(_VERSION, (number,)).fetchone()
    return found[0] if found else 0


def events_by_id(cursor: sqlite3.Cursor, naming: Naming, parts: Iterable[ToStream]) -> dict[UUID, StoredEvent]:
    """Every stored event whose id is among those of *parts*."""
    found: dict[UUID, StoredEvent] = {}
    for part in parts:
        for event in part.events:
            row: Row | None = cursor.execute(_BY_ID, (event.id.bytes,)).fetchone()
            if row is not None:
                found[event.id] = event_of(row, naming)
    return found
