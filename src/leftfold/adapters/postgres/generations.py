"""Which generations of tables a transaction writes into; while it lasts, nobody else changes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import asyncpg

from leftfold.adapters.postgres.calls import plain_array
from leftfold.adapters.postgres.connecting import Connection
from leftfold.adapters.postgres.failures import FORBIDDEN, LOCKED, denied, sqlstate_of
from leftfold.adapters.postgres.layout import Layout, layout_of, quoted
from leftfold.adapters.postgres.statements import WritingSql
from leftfold.errors import AppendRefused, StoreBusy, StoreError, TableMismatch, TableMissing
from leftfold.store.tables import Table
from leftfold.store.transaction import Point

__all__ = ["Generations", "TableName", "explained", "names_of"]


TableName: TypeAlias = tuple[str, int]
"""Name and version of a table."""


class Generations:
    """Looks tables up over a connection with an open transaction.

    Methods raise `LeftfoldError`, or the driver's error.
    """

    def __init__(self, connection: Connection, sql: WritingSql) -> None:
        self._connection = connection
        self._sql = sql
        self._known: dict[TableName, dict[int, str]] = {}
        self._active: dict[TableName, int] = {}
        self._layouts: dict[tuple[str, int, int], Layout] = {}
        self.transaction_id: str = ""
        """Of the database transaction, once something was looked up."""

    async def look_up(self, tables: Iterable[Table], *, changing: bool = False) -> None:
        """Look *tables* up.

        Args:
            changing: whether the transaction will change what is active.
        """
        names = names_of(tables)
        rows = await self._connection.fetch(
            self._sql.open, [name for name, _ in names], plain_array([version for _, version in names]), changing
        )
        self.transaction_id = rows[0][0]
        self.note(names, [row[1:] for row in rows])

    def note(self, names: Iterable[TableName], rows: Iterable[Sequence[Any]]) -> None:
        """Take over what was looked up: name, version, generation, whether it is active, and shape."""
        self._known.update({name: {} for name in names})
        for name, version, generation, active, shape in rows:
            if name is not None:
                self._known[name, version][generation] = shape
                if active:
                    self._active[name, version] = generation

    async def layout(self, table: Table, generation: int | None) -> Layout:
        """The layout of *generation*, of the active one for None.

        Raises:
            TableMissing: it is not there.
            TableMismatch: it has another shape than *table*.
        """
        name = (table.name, table.version)
        if name not in self._known:
            await self.look_up([table])
        known = self._known[name]
        number = self._active.get(name, 0) if generation is None else generation
        if number not in known:
            raise TableMissing(table.name, table.version, generation)
        layout = self._layouts.get((*name, number))
        if layout is None:
            layout = self._layouts[*name, number] = layout_of(self._sql.schema, table, number)
        if layout.table != table or known[number] != layout.shape:
            raise TableMismatch(table.name, table.version)
        return layout

    async def point(self, point: Point) -> None:
        """Make a generation the active one, let its view show it, and drop views that show what is not active.

        Raises:
            AppendRefused: the view's name is that of something else, or others depend on a view that has to go.
            AccessDenied: another role owns the view.
            StoreBusy: somebody reads from the view for long.
        """
        layout = await self.layout(point.table, point.generation)
        name = (point.table.name, point.table.version)
        try:
            former = await self._connection.fetch(self._sql.views, *name)
            await self._connection.execute(self._sql.patience)  # others wait for this transaction meanwhile
            await self._connection.execute(self._sql.passive, *name)
            if point.view is not None:
                await self._connection.execute(self._sql.unview, point.view)
                await self._connection.execute(self._sql.show, self._view(point.view), layout.selection())
            await self._connection.execute(self._sql.active, *name, point.generation, point.view)
            for row in former:
                if row[0] != point.view:
                    await self._connection.execute(f"drop view if exists {self._view(row[0])}")
        except asyncpg.PostgresError as error:
            if (told := explained(error, f"view {point.view!r} of table {point.table.name!r}")) is not None:
                raise told from error
            raise
        self._active[name] = point.generation

    def _view(self, name: str) -> str:
        return f"{self._sql.rows_schema}.{quoted(name)}"


def names_of(tables: Iterable[Table]) -> list[TableName]:
    """Names and versions of *tables*, each once, sorted."""
    return sorted({(table.name, table.version) for table in tables})


def explained(error: asyncpg.PostgresError, where: str) -> StoreError | None:
    """What *error*, met while tables or views at *where* were changed, means; None when it means nothing of its own."""
    code = sqlstate_of(error) or ""
    if code == LOCKED:
        return StoreBusy(f"{where} is being read for more than a second; nothing was stored. Try again")
    if code == FORBIDDEN:
        return denied(error, where)
    return AppendRefused(f"{where}: {error}", code) if code[:2] in ("2B", "42") else None
