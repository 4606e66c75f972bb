"""Stores that one test after another uses, emptied between: to make one is most of what a short test costs."""

from __future__ import annotations

from itertools import count
from typing import Final

import psycopg

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema

__all__ = ["Shelf"]

_CATALOGUE: Final = """
select c.oid::bigint, c.relname::text, '' from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in (%(schema)s::text, %(schema)s::text || '_read')
union all
select p.oid::bigint, p.proname::text, pg_get_functiondef(p.oid) from pg_proc p
join pg_namespace n on n.oid = p.pronamespace where n.nspname = %(schema)s::text
union all
select t.oid::bigint, t.tgname::text, t.tgenabled::text from pg_trigger t join pg_class c on c.oid = t.tgrelid
where c.relnamespace = %(schema)s::text::regnamespace
union all
select c.oid::bigint, c.conname::text, '' from pg_constraint c where c.connamespace = %(schema)s::text::regnamespace
union all
select 0, m.name, m.value::text from {schema}.meta m
order by 1, 2
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
"""Relations, functions, triggers and constraints by number and name, with what they do; and what versions they are."""


class Shelf:
    """Empty stores of one database, each in a schema that is as its migrations left it."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._numbers = count(1)
        self._free: list[str] = []
        self._catalogues: dict[str, Catalogue] = {}
        self._connection: psycopg.Connection | None = None

    def take(self) -> str:
        """The URL of an empty store."""
        if self._free:
            return self._free.pop()
        schema = f"s{next(self._numbers)}"
        url = f"{self._database}?schema={schema}&deadline_s=20"
        self._connected().execute(PostgresSchema(PostgresLocation.parse(url)).script().encode())
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
                if did != does and did.startswith("CREATE"):
                    connection.execute(did.encode())
            if self._catalogue(schema) == before:
                self._free.append(url)
        except psycopg.Error:
            self.close()

    def close(self) -> None:
        """End its connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _catalogue(self, schema: str) -> Catalogue:
        rows = self._connected().execute(_CATALOGUE.replace("{schema}", schema).encode(), {"schema": schema})
        return [(oid, name, text) for oid, name, text in rows]

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(self._database, autocommit=True)
        return self._connection
