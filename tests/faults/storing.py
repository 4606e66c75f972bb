"""Faults of appending and storing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Final

import asyncpg

from leftfold.adapters.postgres import sending
from leftfold.adapters.postgres.connecting import Connection
from leftfold.adapters.postgres.sending import Sender
from leftfold.adapters.sqlite import batch, committer, ends
from leftfold.adapters.sqlite.ends import Ends
from leftfold.adapters.sqlite.naming import Naming
from leftfold.adapters.sqlite.rows import Row, Value
from leftfold.adapters.sqlite.store import SqliteStore
from leftfold.clock import Clock
from leftfold.store.batching import Pending
from leftfold.store.events import Appended
from tests.faults.changes import Fault, both, in_postgres, in_sqlite, in_text, with_changes

__all__ = ["FAULTS"]


def _no_version_check() -> None:
    def accept(*_parts: object) -> None:
        pass

    setattr(batch, "check_version", accept)  # noqa: B010


def _no_known_ids() -> None:
    known: str = getattr(batch, "_KNOWN")  # noqa: B009
    setattr(batch, "_KNOWN", with_changes(known, [("where id = ?", "where id = ? and false")]))  # noqa: B010


def _alone_in_the_file() -> None:
    setattr(ends, "_WRITTEN_BY_OTHERS", "select 1")  # noqa: B010


def _unflushed() -> None:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> sqlite3.Cursor:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            return super().execute("pragma synchronous = off" if "pragma synchronous" in sql else sql, parameters)

    setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Connection))  # noqa: B010


def _open_cursors() -> None:
    left_open: list[sqlite3.Cursor] = []

    def rows(self: SqliteStore, sql: str, *values: Value) -> list[Row]:
        connection: sqlite3.Connection = getattr(self, "_connection")  # noqa: B009
        cursor = connection.execute("select * from events")
        cursor.fetchone()
        left_open.append(cursor)
        return connection.execute(sql, values).fetchall()

    setattr(SqliteStore, "_rows", rows)  # noqa: B010


def _acknowledged_before_commit_in_sqlite() -> None:
    def write(self: committer.Committer, batch_of: Sequence[Pending]) -> list[Appended | Exception]:
        connection: sqlite3.Connection = getattr(self, "_connection")  # noqa: B009
        _commit(connection)
        connection.execute("begin immediate")
        clock: Clock = getattr(self, "_clock")  # noqa: B009
        naming: Naming = getattr(self, "_naming")  # noqa: B009
        work = batch.Batch(connection, naming, Ends(connection), clock.now(), trusting=False)
        verdicts = [work.judge(pending) for pending in batch_of]
        work.flush()
        asyncio.get_running_loop().call_later(0.001, _commit, connection)
        return verdicts

    setattr(committer.Committer, "_write", write)  # noqa: B010


def _commit(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("commit")


def _acknowledged_before_commit_in_postgres() -> None:
    call = Sender.call
    late: list[asyncio.Task[None]] = []

    async def commit(connection: Connection) -> None:
        await asyncio.sleep(0.001)
        await connection.execute("commit")

    async def begin_call(self: Sender, sql: str, arguments: Sequence[object], timeout_s: float) -> asyncpg.Record:
        await asyncio.gather(*late)
        connection: Connection = getattr(self, "_connection")  # noqa: B009
        await connection.execute("begin")
        row = await call(self, sql, arguments, timeout_s)
        late[:] = [asyncio.create_task(commit(connection))]
        return row

    setattr(Sender, "call", begin_call)  # noqa: B010


_VERSION_CHECK: Final = "(x >= 0 and cur[p_slot[j]] <> x) or (x = -2 and cur[p_slot[j]] = 0)"
_ONE_CHECK: Final = "fits := p_expected = -1 or cur = p_expected or (p_expected = -2 and cur > 0);"
_PARTS_CHECK: Final = "(v.expected >= 0 and v.cur <> v.expected) or (v.expected = -2 and v.cur = 0)"
_PART_CHECK: Final = "(p_expected >= 0 and cur <> p_expected) or (p_expected = -2 and cur = 0)"
_ONE_ID: Final = "if (p_expected < 0 or not fits) and exists (select from :schema.events q where q.id = p_id) then"
_PARTS_ID: Final = "when v.first = any (known) then 2"
_PART_ID: Final = "if exists (select from :schema.events q where q.id = e_id[1]) then"
_APPENDS: Final = 6
"""The version that the functions for one append of several events and for all kinds of batches are of."""
_PLAIN: Final = 7
"""The version that those for one event and for plain batches are of."""
_ISOLATION: Final = "if current_setting('transaction_isolation') <> 'read committed' then"
_LOCK: Final = "perform pg_advisory_xact_lock(hashtextextended('leftfold.append."
_NO_LOCK: Final = "perform (select hashtextextended('leftfold.append."
_NEXT_HEAD: Final = "\n    head := nextval(':schema.positions') - 1;"
_META: Final = "create table :schema.meta"
_LOCKED_HEAD: Final = """    perform :schema.lock_v1();
    select q.position, q.recorded_at into head, latest from :schema.events q order by q.position desc limit 1;
    head := coalesce(head, 0);"""
_SETTINGS: Final = """    set plan_cache_mode to force_generic_plan
    set enable_seqscan to off set enable_bitmapscan to off set enable_hashjoin to off set enable_mergejoin to off
    set jit to off
as $$
declare
"""
_NO_SETTINGS: Final = "as $$\ndeclare\n"
_GUARD: Final = """when exists (select 1 from events where position = new.position)
    or exists (select 1 from events where id = new.id)
    or exists (select 1 from events where stream = new.stream and version = new.version)"""
_STALE_HEAD: Final = """
    with l as materialized (select :schema.lock_v1())
        select q.position, q.recorded_at into head, latest from l left join lateral (
            select * from :schema.events e order by e.position desc limit 1) q on true;
    head := coalesce(head, 0);"""

_SQLITE_LAWS: Final = "tests/adapters/sqlite/test_conformance.py"
_POSTGRES_LAWS: Final = "tests/adapters/postgres/test_conformance.py"
_SQLITE_SCHEMA: Final = "tests/adapters/sqlite/test_schema.py"
_READERS: Final = "tests/guarantees/test_nothing_behind_a_reader.py"
_CONDITIONS: Final = "tests/guarantees/test_conditions_are_exact.py"
_CRASHES: Final = "tests/guarantees/test_crash_points.py"
_SWITCHED_ON: Final = ("if current_setting('synchronous_commit') = 'off' then", "if false then")
_SESSION_SWITCHED_ON: Final = ("case setting when 'off' then 'on' else setting end", "setting")
_FLUSHES: Final = "tests/guarantees/test_flush_before_acknowledgement.py"
_NO_CONFLICT: Final = "AssertionError: Appended("
_NO_REPETITION: Final = "AssertionError: (0, Conflict("
_TWO_AT_ONE_POSITION: Final = 'violates unique constraint "events_pkey"'

FAULTS: Final[dict[str, Fault]] = {
    "version check off, sqlite": Fault(
        _no_version_check, (_SQLITE_LAWS,), "DID NOT RAISE Conflict", "only_at_its_expected_version"
    ),
    "version check off, postgres": Fault(
        in_postgres((_ONE_CHECK, "fits := true;"), version=_PLAIN),
        (_POSTGRES_LAWS,),
        "DID NOT RAISE Conflict",
        "only_at_its_expected_version",
    ),
    "version check off of several events, postgres": Fault(
        in_postgres((_PART_CHECK, "false"), version=_APPENDS),
        (_POSTGRES_LAWS,),
        _NO_CONFLICT,
        "any_company_an_append_is_accepted",
    ),
    "version check off in a plain batch, postgres": Fault(
        in_postgres((_PARTS_CHECK, "false"), version=_PLAIN),
        (_POSTGRES_LAWS,),
        _NO_CONFLICT,
        "any_company_an_append_is_accepted",
    ),
    "version check off among several, postgres": Fault(
        in_postgres((_VERSION_CHECK, "false"), version=_APPENDS),
        (_POSTGRES_LAWS,),
        "DID NOT RAISE Conflict",
        "one_stale_stream_of_several",
    ),
    "lock off, postgres": Fault(
        in_postgres((_LOCK, _NO_LOCK)), (_READERS, _CONDITIONS), _TWO_AT_ONE_POSITION, "postgres"
    ),
    "lock off and a sequence instead of max + 1, postgres": Fault(
        both(
            in_postgres((_LOCK, _NO_LOCK), (_META, "create sequence :schema.positions increment 1000;\n" + _META)),
            *(in_postgres((_LOCKED_HEAD, _LOCKED_HEAD + _NEXT_HEAD), version=step) for step in (_APPENDS, _PLAIN)),
        ),
        (_READERS,),
        "the log has changed behind a reader",
        "postgres",
    ),
    "lock in the statement of the check, postgres": Fault(
        both(*(in_postgres((_LOCKED_HEAD, _STALE_HEAD), version=step) for step in (_APPENDS, _PLAIN))),
        (_READERS, _CONDITIONS),
        _TWO_AT_ONE_POSITION,
        "postgres",
    ),
    "sequence instead of max + 1 under REPEATABLE READ, postgres": Fault(
        both(
            in_postgres((_ISOLATION, "if false then"), (_META, "create sequence :schema.positions;\n" + _META)),
            *(in_postgres((_LOCKED_HEAD, _LOCKED_HEAD + _NEXT_HEAD), version=step) for step in (_APPENDS, _PLAIN)),
        ),
        ("tests/guarantees/test_old_snapshots.py",),
        "['hall-1', 'hall-2'] == ['hall-1']",
    ),
    "function without its settings on a store analysed while empty, postgres": Fault(
        in_postgres((_SETTINGS + "    parts", _NO_SETTINGS + "    parts"), version=_APPENDS),
        ("tests/adapters/postgres/test_plans.py",),
        "!= {'events': 0}",
    ),
    "functions of plain appends without their settings on a store analysed while empty, postgres": Fault(
        in_postgres((_SETTINGS, _NO_SETTINGS), version=_PLAIN),
        ("tests/adapters/postgres/test_plans.py",),
        "!= {'events': 0}",
    ),
    "INSERT OR REPLACE, sqlite": Fault(
        in_sqlite((_GUARD, "when false")), (_SQLITE_SCHEMA,), "DID NOT RAISE IntegrityError", "refuses_to_rewrite"
    ),
    "cursor left open, sqlite": Fault(
        _open_cursors, (_SQLITE_SCHEMA,), "a statement was left open", "leaves_no_statement_open"
    ),
    "synchronous off, sqlite": Fault(_unflushed, (_FLUSHES,), "all([0, 0, 0", "sqlite_flushes"),
    "synchronous_commit off, postgres": Fault(
        both(in_postgres(_SWITCHED_ON), in_text(sending, "_DURABLE", _SESSION_SWITCHED_ON)),
        ("tests/guarantees/test_server_crash.py", _FLUSHES),
        "an acknowledged append is gone",
        "postgres or asynchronously",
    ),
    "synchronous_commit off in a transaction of the user's, postgres": Fault(
        in_postgres(_SWITCHED_ON), ("tests/adapters/postgres/test_within.py",), "still off", "asynchronous_commit"
    ),
    "acknowledged before commit, sqlite": Fault(
        _acknowledged_before_commit_in_sqlite,
        (_CRASHES,),
        "an acknowledged append is not there",
        "killed_at_any_call and sqlite",
        children=True,
    ),
    "acknowledged before commit, postgres": Fault(
        _acknowledged_before_commit_in_postgres,
        (_CRASHES,),
        "an acknowledged append is not there",
        "killed_at_any_call and postgres",
        children=True,
    ),
    "what others write to the file not seen": Fault(
        _alone_in_the_file, ("tests/adapters/sqlite/test_ends.py",), "errors.deciding.Conflict", "what_another_store"
    ),
    "idempotency off, sqlite": Fault(_no_known_ids, (_SQLITE_LAWS,), "errors.deciding.Conflict", "repeating_an_append"),
    "idempotency off, postgres": Fault(
        in_postgres((_ONE_ID, "if false then"), version=_PLAIN),
        (_POSTGRES_LAWS,),
        _NO_REPETITION,
        "any_company_a_repeated_append",
    ),
    "idempotency off of several events, postgres": Fault(
        in_postgres((_PART_ID, "if false then"), version=_APPENDS),
        (_POSTGRES_LAWS,),
        "errors.deciding.Conflict",
        "repeating_an_append",
    ),
    "idempotency off in a plain batch, postgres": Fault(
        in_postgres((_PARTS_ID, "when false then 2"), version=_PLAIN),
        (_POSTGRES_LAWS,),
        _NO_REPETITION,
        "any_company_a_repeated_append",
    ),
    "idempotency off among several, postgres": Fault(
        in_postgres(("if known is not null and p_unit[j] = any (known) then", "if false then"), version=_APPENDS),
        (_POSTGRES_LAWS,),
        "errors.deciding.Conflict",
        "to_several_streams_is_repeated",
    ),
}
