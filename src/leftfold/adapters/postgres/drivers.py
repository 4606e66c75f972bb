"""Connections of the user's own: asyncpg, psycopg and SQLAlchemy, asked alike.

Each takes statements in asyncpg's form, `$1::type`, and gives rows as plain sequences, whatever row factories and JSON
codecs the connection was set up with.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from leftfold.adapters.postgres.rows import Row
from leftfold.errors import InvalidInput

if TYPE_CHECKING:
    import asyncpg
    import psycopg
    from asyncpg.pool import PoolConnectionProxy
    from sqlalchemy import Connection, TextClause
    from sqlalchemy.ext.asyncio import AsyncConnection as AlchemyConnection
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

    AsyncConnection: TypeAlias = (
        asyncpg.Connection[asyncpg.Record]
        | PoolConnectionProxy[asyncpg.Record]
        | psycopg.AsyncConnection[object]
        | AlchemyConnection
        | AsyncSession
    )
    SyncConnection: TypeAlias = psycopg.Connection[object] | Connection | Session
else:
    AsyncConnection = object
    SyncConnection = object

__all__ = ["AsyncConnection", "AsyncExecute", "Execute", "Rows", "SyncConnection", "async_execute_of", "execute_of"]

Rows: TypeAlias = Sequence[Row]
Execute: TypeAlias = Callable[[str, Sequence[object]], Rows]
AsyncExecute: TypeAlias = Callable[[str, Sequence[object]], Awaitable[Rows]]

_AT_ONCE: Final = {"stream_results": False, "yield_per": None}
"""How SQLAlchemy gives rows, whatever the connection does otherwise."""
_PLACEHOLDER = re.compile(r"\$(\d+)::([a-z]+(?:\[\])?)")


def async_execute_of(connection: AsyncConnection) -> AsyncExecute:
    """How to run a statement on *connection*; raises `InvalidInput` when it is none of those we know."""
    match _library_of(connection):
        case "asyncpg":
            return _asyncpg(connection)
        case "psycopg":
            return _psycopg_async(connection)
        case "sqlalchemy":
            return _sqlalchemy_async(connection)
        case _:
            raise _unknown(connection)


def execute_of(connection: SyncConnection) -> Execute:
    """How to run a statement on *connection*; raises `InvalidInput` when it is none of those we know."""
    match _library_of(connection):
        case "psycopg":
            return _psycopg(connection)
        case "sqlalchemy":
            return _sqlalchemy(connection)
        case _:
            raise _unknown(connection)


def _library_of(connection: object) -> str | None:
    libraries = {type_.__module__.partition(".")[0] for type_ in type(connection).__mro__}
    return next((name for name in ("asyncpg", "psycopg", "sqlalchemy") if name in libraries), None)


def _unknown(connection: object) -> InvalidInput:
    return InvalidInput(
        f"cannot append within a {type(connection).__qualname__}; give a connection of asyncpg or psycopg, or a "
        "connection or session of SQLAlchemy over one of them (the awaited kinds to append_within, the others to "
        "append_within_sync)"
    )


def _asyncpg(connection: Any) -> AsyncExecute:  # noqa: ANN401 - told apart by name, not by type
    async def execute(sql: str, values: Sequence[object]) -> Rows:
        rows: Rows = await connection.fetch(sql, *values)
        return rows

    return execute


def _psycopg_async(connection: Any) -> AsyncExecute:  # noqa: ANN401 - as above
    from psycopg import AsyncCursor
    from psycopg.rows import tuple_row

    async def execute(sql: str, values: Sequence[object]) -> Rows:
        async with AsyncCursor(connection, row_factory=tuple_row) as cursor:
            await cursor.execute(_percent(sql), values or None)
            return _as_text(await cursor.fetchall()) if _gives_rows(sql) else []

    return execute


def _psycopg(connection: Any) -> Execute:  # noqa: ANN401 - as above
    from psycopg import Cursor
    from psycopg.rows import tuple_row

    def execute(sql: str, values: Sequence[object]) -> Rows:
        with Cursor(connection, row_factory=tuple_row) as cursor:
            cursor.execute(_percent(sql), values or None)
            return _as_text(cursor.fetchall()) if _gives_rows(sql) else []

    return execute


def _sqlalchemy_async(connection: Any) -> AsyncExecute:  # noqa: ANN401 - as above
    async def execute(sql: str, values: Sequence[object]) -> Rows:
        result = await connection.execute(*_named(sql, values), execution_options=_AT_ONCE)
        return [tuple(row) for row in result] if result.returns_rows else []

    return execute


def _sqlalchemy(connection: Any) -> Execute:  # noqa: ANN401 - as above
    def execute(sql: str, values: Sequence[object]) -> Rows:
        result = connection.execute(*_named(sql, values), execution_options=_AT_ONCE)
        return [tuple(row) for row in result] if result.returns_rows else []

    return execute


def _gives_rows(sql: str) -> bool:
    return sql.startswith("select ")  # a pipeline of psycopg does not know it before the rows are fetched


def _as_text(rows: Sequence[Sequence[object]]) -> Rows:
    """*rows* with texts where a connection without an encoding gives bytes."""
    return [[_decoded(value) for value in row] for row in rows]


def _decoded(value: object) -> object:
    if isinstance(value, list):
        return [_decoded(one) for one in cast("list[object]", value)]
    return value.decode() if isinstance(value, bytes) else value


def _percent(sql: str) -> bytes:
    return _PLACEHOLDER.sub(r"%s::\2", sql).encode()


def _named(sql: str, values: Sequence[object]) -> tuple[TextClause, dict[str, object]]:
    from sqlalchemy import text

    named = {f"p{number}": value for number, value in enumerate(values, 1)}
    return text(_PLACEHOLDER.sub(r"cast(:p\1 as \2)", sql)), named
