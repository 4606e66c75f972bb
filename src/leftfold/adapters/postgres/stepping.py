"""The step of one who follows the log, rows of one table and a checkpoint, in one statement between begin and commit.

The statement supposes that all is as it should be, and tells whether it was. If not, it is undone, and the transaction
is written the long way, which finds out what is wrong.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import asyncpg
from msgspec import Struct

from leftfold.adapters.postgres.calls import plain_array
from leftfold.adapters.postgres.connecting import Connection
from leftfold.adapters.postgres.failures import sqlstate_of
from leftfold.adapters.postgres.layout import Layout, layout_of, words_of_row
from leftfold.store.transaction import Advance, Put, Transaction

__all__ = ["Step", "hold_tables_sql", "step_of"]

_UNLIKE = "42"


class Step(Struct, frozen=True):
    """What is written.

    Args:
        rows: of one generation that is named; None to move the checkpoint alone.
    """

    advance: Advance
    rows: Put | None

    async def write(self, connection: Connection, schema: str) -> tuple[str, datetime] | None:
        """Write it in the open transaction, which holds the tables as they are.

        Returns:
            The id of the transaction, and when it moved the checkpoint; None when something is in the way. Roll back
            then.
        """
        advance, put = self.advance, self.rows
        move = (advance.name, advance.token, advance.position, advance.event_id)
        try:
            if put is None:
                row = await connection.fetchrow(_move_sql(schema), *move)
                return None if row is None else (str(row[0]), row[1])
            layout = layout_of(schema, put.table, put.generation or 0)
            values = (*_values(put, layout), *move, put.table.name, put.table.version, put.generation)
            row = await connection.fetchrow(_step_sql(schema, layout), *values)
        except asyncpg.PostgresError as error:
            if (sqlstate_of(error) or "").startswith(_UNLIKE):  # the table is not there, or is another one
                return None
            raise
        if row is None or row[2] is None or (row[1], row[3]) != (len(put.rows), layout.shape):
            return None
        return str(row[0]), row[2]


def step_of(transaction: Transaction) -> Step | None:
    """*transaction* as a step; None when it is something else."""
    if transaction.parts or transaction.inline:
        return None
    match transaction.writes:
        case [Advance() as advance]:
            return Step(advance, None)
        case [Put(generation=int(), rows=rows) as put, Advance() as advance] if rows:
            return Step(advance, put)
        case _:
            return None


def hold_tables_sql(schema: str) -> str:
    """The statement after which nobody changes which generations there are, until the end of the transaction."""
    return f'select "{schema}".tables_v1(null, null, false)'


def _values(put: Put, layout: Layout) -> list[object]:
    ordered = sorted(put.rows.items())
    values: list[object] = [
        [key for key, _ in ordered],
        [row.decode() for _, row in ordered],
        plain_array([put.shard] * len(ordered)),
    ]
    if layout.table.search:
        values.append([words_of_row(layout.table, row) for _, row in ordered])
    return values


def _moved(schema: str, first: int) -> str:
    name, token, position, event_id = (f"${first + number}" for number in range(4))
    return (
        f'update "{schema}".checkpoints set position = {position}::bigint, event_id = {event_id}::uuid, '
        f'moved_at = "{schema}".now_v1() where name = {name}::text and token = {token}::bigint '
        f"and position <= {position}::bigint"
    )


@lru_cache(maxsize=64)
def _move_sql(schema: str) -> str:
    return f"{_moved(schema, 1)} returning pg_current_xact_id()::text, moved_at"


@lru_cache(maxsize=512)
def _step_sql(schema: str, layout: Layout) -> str:
    first = 5 if layout.table.search else 4
    name, version, generation = (f"${first + number}" for number in (4, 5, 6))
    return (
        f"with p as ({layout.put}), a as ({_moved(schema, first)} returning moved_at) "
        "select pg_current_xact_id()::text, "
        "(select count(*) from p), (select moved_at from a), "  # in this order: rows are locked before checkpoints
        f'(select t.shape from "{schema}".tables t where t.name = {name}::text and t.version = {version}::integer '
        f"and t.generation = {generation}::integer)"
    )
