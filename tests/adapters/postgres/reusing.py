"""Stores that one test after another uses, emptied between: to make one is most of what a short test costs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Final

import psycopg
import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema
from leftfold.testing.postgres import PostgresServer

__all__ = ["Shelf", "reused_url", "shelf"]

_CATALOGUE: Final = """
select c.oid::bigint, c.relname::text, '' from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in (%(schema)s::text, %(schema)s::text || '_read')
union all
select p.oid::bigint, p.proname::text, pg_get_functiondef(p.oid) from pg_proc p
join pg_namespace n on n.oid = p.pronamespace where n.nspname = %(schema)s::text order by 1
"""
_EMPTY: Final = """
do $$ declare one text; begin
    set local session_replication_role = replica;
    set local lock_timeout = '2s';
    set local client_min_messages = warning;
    for one in select format('drop table %s cascade', c.oid::regclass)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ({schema}, {schema} || '_read') and c.relkind = 'r' and not c.oid = any ({known}) loop
        execute one;
    end loop;
    for one in select format('delete from %s', c.oid::regclass) from pg_class c
        where c.relnamespace = {schema}::regnamespace and c.relkind = 'r' and c.relname <> 'meta' loop
        execute one;
    end loop;
    for one in select format('alter sequence %s restart', c.oid::regclass) from pg_class c
        where c.relnamespace = {schema}::regnamespace and c.relkind = 'S' loop
        execute one;
    end loop;
end $$
"""

Catalogue = list[tuple[int, str, str]]
"""Relations by number and name, and functions with what they do."""


class Shelf:
    """Empty stores of one database, each in a schema that is as its migrations left it."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._numbers = count(1)
        self._free: list[str] = []
        self._catalogues: dict[str, Catalogue] = {}
        self._connection: psycopg.Connection | None = None

    async def take(self) -> str:
        """The URL of an empty store."""
        if self._free:
            return self._free.pop()
        schema = f"s{next(self._numbers)}"
        url = f"{self._database}?schema={schema}&deadline_s=20"
        await PostgresSchema(PostgresLocation.parse(url)).migrate()
        self._catalogues[url] = self._catalogue(schema)
        return url

    def put_back(self, url: str) -> None:
        """Empty the store at *url*; one that is not as it was then, or that somebody holds, is used no more."""
        schema, before = PostgresLocation.parse(url).schema, self._catalogues[url]
        tables = "array[" + ",".join(str(oid) for oid, _, _ in before) + "]::oid[]"
        try:
            connection = self._connected()
            connection.execute(_EMPTY.replace("{schema}", f"'{schema}'").replace("{known}", tables).encode())
            for (_, _, did), (_, _, does) in zip(before, self._catalogue(schema), strict=False):
                if did != does:
                    connection.execute(did.encode())
            if self._catalogue(schema) == before:
                self._free.append(url)
        except psycopg.OperationalError:
            self._connection = None

    def close(self) -> None:
        """End its connection."""
        if self._connection is not None:
            self._connection.close()

    def _catalogue(self, schema: str) -> Catalogue:
        return [(oid, name, text) for oid, name, text in self._connected().execute(_CATALOGUE, {"schema": schema})]

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(self._database, autocommit=True)
        return self._connection


@pytest.fixture(scope="session")
def shelf(postgres: PostgresServer) -> Iterator[Shelf]:
    """Stores to be used again, in a database of their own."""
    shelf = Shelf(postgres.create_database("reused"))
    yield shelf
    shelf.close()


@pytest.fixture
async def reused_url(shelf: Shelf) -> AsyncIterator[str]:
    """The URL of an empty store; for tests that need no schema that nobody else had."""
    url = await shelf.take()
    yield url
    shelf.put_back(url)
