"""Tables of rows: made, dropped and read."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import asyncpg

from leftfold.adapters.postgres.connecting import Connection, Readers, transaction_on
from leftfold.adapters.postgres.failures import NO_COLUMN, NO_TABLE, sqlstate_of
from leftfold.adapters.postgres.generations import explained
from leftfold.adapters.postgres.layout import Layout, layout_of, quoted, rows_schema
from leftfold.adapters.postgres.queries import Query
from leftfold.adapters.postgres.selecting import found, gotten, scanned, selected
from leftfold.errors import InvalidInput, SchemaMismatch, TableMismatch, TableMissing
from leftfold.store.names import first_above
from leftfold.store.table_checks import words_of
from leftfold.store.tables import Found, Selection, Table

__all__ = ["Tables"]

_INTERNAL: Final = "leftfold_"
_PATIENCE: Final = "set local lock_timeout = '1s'"  # others wait for this transaction meanwhile
_BEFORE: Final = 3  # values that every question has: name, version, generation


class Tables:
    """Makes, drops and reads tables over connections that are lent. Arguments are those of the port, checked already.

    A question names the generation that was active the last time and asks, in one snapshot, which one is.
    """

    def __init__(self, readers: Readers, schema: str) -> None:
        tables = f'"{schema}".tables'
        at = "where name = $1::text and version = $2::integer"
        self._readers = readers
        self._schema = schema
        self._seen: dict[tuple[str, int], int] = {}
        self._hold = (
            f'select generation, active, shape from "{schema}".tables_v1(array[$1::text], array[$2::integer], true)'
        )
        self._enter = f"insert into {tables} (name, version, generation, shape, active) values ($1, $2, $3, $4, $5)"
        self._leave = f"delete from {tables} {at} and generation = $3::integer"
        self._views = f"select view from {tables} {at} and view is not null"
        self._active = f"select generation from {tables} {at} and active"
        self._shape = f"select shape from {tables} {at} and generation = $3::integer"
        self._writers = (
            "select string_agg(distinct quote_ident(r.rolname), ', ') from pg_namespace n "
            "cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a "
            "join pg_roles r on r.oid = a.grantee "
            "where n.nspname = $1 and a.privilege_type = 'CREATE' and r.rolname <> current_user"
        )
        # Nothing joins the two but that one row of `g` is on the outside, so the order of the others stays.
        self._with = (
            f"select g.generation, g.shape, r.* from (select generation, shape from {tables} {at} "
            "and (generation = $3::integer or ($3::integer is null and active))) g left join ({}) r on true"
        )

    async def prepare(self, table: Table, generation: int) -> None:
        """See `Tables.prepare` of the port."""
        there = await self._readers.fetch(self._shape, table.name, table.version, generation)
        if there and there[0][0] == table.shape:
            return
        await self._readers.change(partial(self._make, table, generation))

    async def discard(self, table: Table, generation: int) -> None:
        """See `Tables.discard` of the port."""
        await self._readers.change(partial(self._drop, table, generation))

    async def remove(self, table: Table) -> int:
        """See `Tables.remove` of the port."""
        return await self._readers.change(partial(self._remove, table))

    async def generation(self, table: Table) -> int:
        """See `Tables.generation` of the port."""
        rows = await self._readers.fetch(self._active, table.name, table.version)
        return rows[0][0] if rows else 0

    async def get(self, table: Table, keys: Sequence[str], generation: int | None) -> Mapping[str, bytes]:
        """See `Tables.get` of the port."""
        rows = await self._ask(table, generation, lambda layout: gotten(layout, sorted(set(keys)), _BEFORE))
        return {key: row.encode() for _, _, key, row in rows}

    async def select(self, table: Table, selection: Selection, generation: int | None) -> Sequence[bytes]:
        """See `Tables.select` of the port."""
        rows = await self._ask(table, generation, lambda layout: selected(layout, selection, _BEFORE))
        return [row.encode() for _, _, _, row in rows]

    async def scan(self, table: Table, after: str, limit: int, generation: int | None) -> Sequence[tuple[str, bytes]]:
        """See `Tables.scan` of the port."""
        first = first_above(after)
        rows = await self._ask(table, generation, lambda layout: scanned(layout, first, limit, _BEFORE))
        return [(key, row.encode()) for _, _, key, row in rows]

    async def search(self, table: Table, text: str, selection: Selection, generation: int | None) -> Sequence[Found]:
        """See `Tables.search` of the port."""
        words = words_of(text)
        if not words:
            await self.get(table, [], generation)
            return []
        rows = await self._ask(
            table, generation, lambda layout: found(layout, words, selection, _BEFORE), searching=True
        )
        return [Found(key, row.encode(), rank) for _, _, key, row, rank in rows]

    async def _ask(
        self, table: Table, generation: int | None, question: Callable[[Layout], Query], *, searching: bool = False
    ) -> Sequence[asyncpg.Record]:
        """Rows after generation and shape, without the one that only has these two."""
        name = (table.name, table.version)
        number = self._seen.get(name, 1) if generation is None else generation
        fetch = self._readers.search if searching else self._readers.fetch
        while True:
            layout = layout_of(self._schema, table, number)
            text, values = question(layout)
            try:
                rows = await fetch(self._with.format(text), *name, generation, *values)
            except SchemaMismatch as error:
                number = await self._instead(table, generation, number, error)
                continue
            if not rows:
                raise TableMissing(table.name, table.version, generation)
            if rows[0]["shape"] != layout.shape:
                raise TableMismatch(table.name, table.version)
            if rows[0]["generation"] == number:
                return rows if rows[0]["key"] is not None else []
            number = self._seen[name] = rows[0]["generation"]

    async def _instead(self, table: Table, generation: int | None, tried: int, error: SchemaMismatch) -> int:
        """The generation to look in when the one that was *tried* is not there."""
        code = sqlstate_of(error.__cause__)
        if code == NO_COLUMN:
            raise TableMismatch(table.name, table.version) from error
        if code != NO_TABLE:
            raise error
        number = await self.generation(table) if generation is None else 0
        if number in (0, tried):
            raise TableMissing(table.name, table.version, generation) from error
        return number

    async def _make(self, table: Table, generation: int, connection: Connection) -> None:
        async with transaction_on(connection):
            there = await connection.fetch(self._hold, table.name, table.version)
            if any(row["shape"] != table.shape for row in there):
                raise TableMismatch(table.name, table.version)
            if any(row["generation"] == generation for row in there):
                return
            layout = layout_of(self._schema, table, generation)
            await connection.execute("; ".join(layout.creation()))
            if others := await connection.fetchval(self._writers, f"{self._schema}_read"):
                await connection.execute(f"grant select, insert, update, delete on {layout.name} to {others}")
            active = generation == 1 and table.name.startswith(_INTERNAL)
            await connection.execute(self._enter, table.name, table.version, generation, table.shape, active)

    async def _drop(self, table: Table, generation: int, connection: Connection) -> None:
        async with transaction_on(connection):
            there = {
                row["generation"]: row["active"]
                for row in await connection.fetch(self._hold, table.name, table.version)
            }
            if there.get(generation):
                raise InvalidInput(
                    f"table {table.name!r}: generation {generation} is active; point at another one first"
                )
            if generation in there:
                await connection.execute(_PATIENCE)
                with _explaining(table):
                    await connection.execute(layout_of(self._schema, table, generation).drop)
                await connection.execute(self._leave, table.name, table.version, generation)

    async def _remove(self, table: Table, connection: Connection) -> int:
        name = (table.name, table.version)
        with _explaining(table):
            async with transaction_on(connection):
                there = await connection.fetch(self._hold, *name)
                await connection.execute(_PATIENCE)
                for row in await connection.fetch(self._views, *name):
                    await connection.execute(f"drop view if exists {rows_schema(self._schema)}.{quoted(row[0])}")
                for row in there:
                    await connection.execute(layout_of(self._schema, table, row["generation"]).drop)
                    await connection.execute(self._leave, *name, row["generation"])
        return len(there)


@contextmanager
def _explaining(table: Table) -> Generator[None]:
    """Around what takes *table* away; raises what an error of the database means there."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if (told := explained(error, f"table {table.name!r}, version {table.version}")) is not None:
            raise told from error
        raise
