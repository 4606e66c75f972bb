"""From a store URL to the adapter that opens it."""

from __future__ import annotations

import os
import re
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, runtime_checkable

from leftfold.clock import Clock
from leftfold.errors import DefinitionError, InvalidStoreUrl
from leftfold.messages.flaws import find_flaw
from leftfold.store.checks import checked_clock
from leftfold.store.memory import MemoryStore
from leftfold.store.port import Store
from leftfold.store.schema import SchemaAdmin
from leftfold.store.urls import check_url, shown_url

__all__ = ["OpenedByAwaiting", "OpenedOn", "close_all", "open_schema", "open_store"]

_FORMS = "write sqlite:///file.db, postgresql://user@host/database, or memory: in tests"
_MEMORY: Final = re.compile(r"memory:[^/?#]*")
"""A name may follow, as `{context}` leaves one; options there are none."""


class OpenedByAwaiting:
    """What `async with` opens, and what it says to `with`; type checkers are told of no `with` at all."""

    if not TYPE_CHECKING:

        def __enter__(self) -> None:
            raise DefinitionError(
                "this App is opened by `async with App(...) as app:`; in a program that does not await, write "
                "`with App(...).sync() as app:`"
            )

        def __exit__(self, *_left: object) -> None:
            """Nothing was opened."""


class OpenedOn(NamedTuple):
    """Where an app was opened: in a process, on an event loop."""

    process: int
    loop: AbstractEventLoop

    @classmethod
    def here(cls, before: OpenedOn | None) -> OpenedOn:
        """This process, and the loop that runs in it.

        Args:
            before: where it was opened before, if it was.

        Raises:
            DefinitionError: no loop runs here, or *before* still does; once it does not, what was open on it is lost.
        """
        if before is not None and before.runs:
            raise DefinitionError("this App is open already; open another one beside it: app.with_settings()")
        try:
            return cls(os.getpid(), get_running_loop())
        except RuntimeError:
            raise DefinitionError(
                "an App runs on asyncio, and no loop of asyncio runs here; under another framework, call "
                "App(...).sync() from a thread"
            ) from None

    @property
    def runs(self) -> bool:
        """Whether that loop runs, in this process."""
        return self.process == os.getpid() and self.loop.is_running()

    def check_here(self) -> None:
        """Raise `DefinitionError` anywhere else: what goes on there cannot be ended from here, or is lost already."""
        if self.process != os.getpid():
            raise DefinitionError(
                "an App is closed in the process that it was opened in; open another one after a fork"
            )
        if self.loop.is_closed():
            raise DefinitionError(
                "the event loop that this App was opened on is closed, so nothing is left to be closed: what was under "
                "way was cut off. Open and close an App on one loop, or use App.sync()"
            )
        if get_running_loop() is not self.loop:
            raise DefinitionError(
                "an App is closed on the event loop that it was opened on, and another one runs here; it stays open. "
                "Close it there, or use App.sync() from threads"
            )


async def open_store(url: str, *, clock: Clock | None = None) -> Store:
    """Open the store at *url*.

    Args:
        url: `sqlite:///file.db` (a missing file becomes a store), `postgresql://user@host/database?schema=name`, or
            `memory:`, which forgets everything and is for tests.
        clock: gives recorded times, for SQLite and memory; PostgreSQL has a clock of its own.

    Raises:
        DefinitionError: *clock* tells no time with a zone, or is one that a test moves, as `ManualClock` is, and the
            store goes by its own.
        InvalidStoreUrl: no store of this form is known, or the extra it needs is not installed.
        SchemaMismatch: the database needs `leftfold migrate`, or newer code.
        StoreUnavailable: it cannot be reached.
    """
    check_url(url)
    match url.partition(":")[0]:
        case "memory" if _MEMORY.fullmatch(url):
            return MemoryStore(clock=clock)
        case "sqlite":
            from leftfold.adapters.sqlite import open_sqlite

            return await open_sqlite(url, clock=clock)
        case "postgresql" | "postgres":
            _need_asyncpg(url)
            from leftfold.adapters.postgres import open_postgres

            if isinstance(clock, _Moved):
                raise DefinitionError(
                    "PostgreSQL goes by the database's clock, so a clock that a test moves moves no timers there; "
                    "leave clock= out, or run this test on memory: or SQLite"
                )
            checked_clock(clock)
            return await open_postgres(url)
        case _:
            raise InvalidStoreUrl(shown_url(url), _FORMS)


async def close_all(stores: Sequence[Store]) -> None:
    """Close *stores*, each of them whatever becomes of those before it; raises what one of them raised."""
    async with AsyncExitStack() as last_first:
        for store in reversed(stores):
            last_first.push_async_callback(store.close)


def open_schema(url: str, *, role: str | None = None) -> SchemaAdmin:
    """The schema of the store at *url*: its status, its migrations.

    Args:
        url: of an SQLite or PostgreSQL store.
        role: for PostgreSQL, a database role that is granted what an application needs, and no more.

    Raises:
        InvalidStoreUrl: no store with a schema of this form is known, the extra it needs is not installed, or *role* is
            no name.
    """
    check_url(url)
    match url.partition(":")[0]:
        case "sqlite":
            from leftfold.adapters.sqlite import SqliteLocation, SqliteSchema

            if role is not None:
                raise InvalidStoreUrl(url, "only PostgreSQL has roles; leave the role out")
            return SqliteSchema(SqliteLocation.parse(url))
        case "postgresql" | "postgres":
            _need_asyncpg(url)
            if role is not None and (role == "" or find_flaw(role)):
                raise InvalidStoreUrl(shown_url(url), f"role {role!r:.80} is no name; give that of a role there")
            from leftfold.adapters.postgres import PostgresLocation, PostgresSchema

            return PostgresSchema(PostgresLocation.parse(url), role=role)
        case _:
            raise InvalidStoreUrl(shown_url(url), "only SQLite and PostgreSQL stores have a schema; " + _FORMS)


@runtime_checkable
class _Moved(Protocol):
    """A clock that somebody moves."""

    def advance(self, by: timedelta, /) -> datetime: ...


def _need_asyncpg(url: str) -> None:
    if find_spec("asyncpg") is None:
        raise InvalidStoreUrl(url, "PostgreSQL needs an extra; run `pip install 'leftfold[postgres]'`")
