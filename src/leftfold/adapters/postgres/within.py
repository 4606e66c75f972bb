"""Appending inside a transaction that the user began, together with rows of their own.

The append belongs last before the commit: from it on, every other writer of the store waits for this transaction to
end, for at most five idle seconds; then the database ends it.

Followers are not woken: a notification in this transaction would have its commit wait for every other commit with one,
and after it nobody asks us. They look for themselves, every 0.5 s, behind a pooler every 0.05 s.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from leftfold.adapters.postgres.calls import AppendCall, append_sql, verdict_of, verdicts_of
from leftfold.adapters.postgres.drivers import AsyncConnection, Rows, SyncConnection, async_execute_of, execute_of
from leftfold.adapters.postgres.failures import (
    FAILED_BEFORE,
    ID_TAKEN,
    NO_TRANSACTION,
    is_lost,
    is_retriable,
    sqlstate_of,
    translated,
)
from leftfold.adapters.postgres.location import schema_flaw
from leftfold.adapters.postgres.queries import Query
from leftfold.adapters.postgres.rows import Row, event_of
from leftfold.errors import AppendRefused, IdReused, InvalidInput, LeftfoldError
from leftfold.store.checks import check_append
from leftfold.store.events import AppendCondition, Appended, StoredEvent, ToStream
from leftfold.store.verdict import first_result

__all__ = ["append_within", "append_within_sync"]

_Steps: TypeAlias = Generator[Query, Rows, Appended]

_SAVEPOINT: Query = ("savepoint leftfold_append", ())
_RELEASE: Query = ("release savepoint leftfold_append", ())
_NULLS: Query = ("select pg_catalog.current_setting('array_nulls')", ())
_NULLS_ON: Query = ("select pg_catalog.set_config('array_nulls', 'on', true)", ())
_NULLS_OFF: Query = ("select pg_catalog.set_config('array_nulls', 'off', true)", ())
_MISREAD = ("22P02", "22007")  # no such array or JSON, no such time

_ROLLBACK: Query = ("rollback to savepoint leftfold_append", ())


async def append_within(
    connection: AsyncConnection, *parts: ToStream, condition: AppendCondition | None = None, schema: str = "leftfold"
) -> Appended:
    """Append *parts* in the open transaction of *connection*: stored if it commits, gone if it rolls back.

    Make it the last statement before the commit. A refusal leaves the transaction usable, without the events. The
    transaction has to be READ COMMITTED; when it is idle for more than five seconds after this, the database ends it.
    Who waits for news of the log sees it at the next look, up to 0.5 s after the commit.

    Args:
        connection: of asyncpg, `psycopg.AsyncConnection`, or SQLAlchemy's `AsyncConnection` or `AsyncSession`.
        condition: see `Store.append`.
        schema: the store's database schema.

    Returns:
        Position, versions and time, once the transaction commits.

    Raises:
        Conflict: a stream is not at the expected version. Roll back, load again, decide again.
        ConditionFailed: an event matching *condition* exists. Roll back, read again, decide again.
        IdReused: an id is stored with other events. Use a new one.
        InvalidInput: an event, name, tag, connection or schema is not fit. Mend the call.
        AppendRefused: no transaction is open, or it has failed, or is not READ COMMITTED, or the database refused the
            events.
    """
    execute = async_execute_of(connection)
    steps = _steps(parts, condition, schema)
    try:
        query = next(steps)
        while True:
            try:
                rows = await execute(*query)
            except Exception as error:  # noqa: BLE001 - whichever driver it is, the steps decide
                query = steps.throw(error)
            else:
                query = steps.send(rows)
    except StopIteration as stop:
        return _result(stop)


def append_within_sync(
    connection: SyncConnection, *parts: ToStream, condition: AppendCondition | None = None, schema: str = "leftfold"
) -> Appended:
    """Append like `append_within`, over a connection that blocks.

    Args:
        connection: `psycopg.Connection`, or SQLAlchemy's `Connection` or `Session`.
        condition: see `Store.append`.
        schema: the store's database schema.
    """
    execute = execute_of(connection)
    steps = _steps(parts, condition, schema)
    try:
        query = next(steps)
        while True:
            try:
                rows = execute(*query)
            except Exception as error:  # noqa: BLE001 - whichever driver it is, the steps decide
                query = steps.throw(error)
            else:
                query = steps.send(rows)
    except StopIteration as stop:
        return _result(stop)


def _result(stop: StopIteration) -> Appended:
    appended: Appended = stop.value
    return appended


def _steps(parts: Sequence[ToStream], condition: AppendCondition | None, schema: str) -> _Steps:
    if flaw := schema_flaw(schema):
        raise InvalidInput(flaw)
    check_append(parts, condition)
    call = AppendCall()
    call.add(parts, condition)
    sql = f"select a.verdict, a.version, a.last, {_micros('a.recorded')} from ({append_sql(schema)}) a"
    try:
        yield _SAVEPOINT
        row = yield from _called((sql, call.arguments()))
    except Exception as error:
        yield from _undo(error, parts, schema)
        raise
    yield _RELEASE
    verdict = verdict_of(parts, condition, verdicts_of((row[0], row[1], row[2], _time_of(row[3]))), 0)
    if verdict is None:
        return first_result(parts, {event.id: event for event in (yield from _stored(parts, schema))})
    if isinstance(verdict, LeftfoldError):
        raise verdict
    return verdict


def _called(call: Query) -> Generator[Query, Rows, Row]:
    """The answer to *call*, also where the session takes a null in an array for a word."""
    try:
        [row] = yield call
    except Exception as error:
        if sqlstate_of(error) not in _MISREAD:
            raise
        yield _ROLLBACK
        [setting] = yield _NULLS
        if setting[0] != "off":
            raise
        yield _NULLS_ON
        [row] = yield call
        yield _NULLS_OFF
    return row


def _undo(error: Exception, parts: Sequence[ToStream], schema: str) -> Generator[Query, Rows, None]:
    """Bring the transaction back to where it was, and say what happened; a lost connection is the driver's to tell."""
    if isinstance(error, UnicodeError) or isinstance(error.__cause__, UnicodeError):  # before anything was sent
        yield _ROLLBACK
        raise InvalidInput(f"the connection cannot send the events: {error}. Give it client_encoding UTF8") from error
    if is_lost(error) or is_retriable(error):
        return
    if sqlstate_of(error) == FAILED_BEFORE:
        raise AppendRefused("a statement of this transaction failed before; roll it back, and begin again") from error
    told = translated(error, f'schema "{schema}"', f"postgresql://...?schema={schema}")
    if sqlstate_of(error) != NO_TRANSACTION:
        yield _ROLLBACK
    if sqlstate_of(error) == ID_TAKEN:
        for event in (yield from _stored(parts, schema)):
            raise IdReused(event.id, event.stream, event.version) from error
    raise told from error


def _stored(parts: Sequence[ToStream], schema: str) -> Generator[Query, Rows, list[StoredEvent]]:
    ids = [str(event.id) for part in parts for event in part.events]
    rows = yield (
        f'select {_COLUMNS} from "{schema}".events where id operator(pg_catalog.=) any ($1::text[]::uuid[])',
        (ids,),
    )
    return [event_of(_typed(row)) for row in rows]


def _typed(row: Row) -> Row:
    values = [row[index] for index in range(11)]
    values[3], values[8], values[9] = UUID(row[3]), _time_of(row[8]), _time_of(row[9])
    return values


def _micros(time: str) -> str:
    return f"(extract(epoch from {time}) operator(pg_catalog.*) 1000000)::bigint"


def _time_of(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


# Ids as text and times as numbers: what a connection makes of others is its own affair.
_COLUMNS: Final = (
    "position, stream, version, id::text, type, schema_version, data::text, metadata::text, "
    f"{_micros('occurred_at')}, {_micros('recorded_at')}, tags"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
