"""The schema: how it comes to be, who may do what with it, what it refuses."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from msgspec.structs import replace

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema, open_postgres
from leftfold.adapters.postgres import schema as module
from leftfold.adapters.postgres.migrations import MIGRATIONS
from leftfold.errors import AccessDenied, SchemaMismatch
from leftfold.ids import new_id
from leftfold.store import AppendCondition, QueryItem, ToStream
from leftfold.store.tables import Selection
from leftfold.store.transaction import Advance, Delete, Point, Put
from leftfold.store.work import AT_ONCE, Begin, End, Revise
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.opened import connected, event, log_of, opened, rows, schema_of, snapshot
from tests.adapters.postgres.rowing import COUNTS, SUMMARIES, counted, pointed, row, summary, write

_NEWEST: Final = MIGRATIONS[-1].version
_PAGE: Final = Path(__file__).parents[3] / "docs" / "stores.md"
_CATALOG = """
    select c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = $1::text::regnamespace
    union all
    select p.proname, 'function', pg_get_function_arguments(p.oid), md5(replace(p.prosrc, $1::text, '')), p.proacl::text
        from pg_proc p where p.pronamespace = $1::text::regnamespace
    union all
    select name, 'meta', value::text, '', '' from :schema.meta
    order by 1, 2, 3
"""


async def _objects(url: str) -> list[tuple[object, ...]]:
    return await rows(url, _CATALOG, schema_of(url).strip('"'))


async def test_a_database_without_a_store_says_what_to_run(bare_url: str) -> None:
    status = await PostgresSchema(PostgresLocation.parse(bare_url)).status()
    assert (status.found, [step.version for step in status.pending]) == (0, [step.version for step in MIGRATIONS])
    with pytest.raises(SchemaMismatch, match="leftfold migrate"):
        await open_postgres(bare_url)
    schemas = "select count(*) from pg_namespace where nspname = $1"
    assert await rows(bare_url, schemas, schema_of(bare_url).strip('"')) == [(0,)]


async def test_migrating_twice_and_from_several_places_at_once_is_the_same_as_once(bare_url: str) -> None:
    schema = PostgresSchema(PostgresLocation.parse(bare_url))
    statuses = await asyncio.gather(*(schema.migrate() for _ in range(4)))
    assert {(status.found, status.needs_code, status.pending) for status in statuses} == {(_NEWEST, 1, ())}
    async with opened(bare_url) as store:
        await store.append(ToStream("a-1", 0, [event()]))
        await schema.migrate()
        assert await store.head() == 1


async def test_the_script_for_somebody_else_to_run_makes_the_same_schema(
    postgres: PostgresServer, bare_url: str, store_url: str
) -> None:
    other = bare_url.replace("?schema=", "?schema=x")
    postgres.execute(PostgresSchema(PostgresLocation.parse(other)).script(), "shared")
    assert await _objects(other) == await _objects(store_url)
    assert PostgresSchema(PostgresLocation.parse(other)).script(after=7).count("create table") == 0
    async with opened(other) as store:
        assert (await store.append(ToStream("a-1", 0, [event()]))).position == 1


async def test_a_database_of_an_older_schema_gets_only_what_it_lacks(
    postgres: PostgresServer, bare_url: str, store_url: str
) -> None:
    other = bare_url.replace("?schema=", "?schema=y")
    schema = PostgresSchema(PostgresLocation.parse(other))
    whole, further = schema.script(), schema.script(after=1)
    postgres.execute(whole.partition("-- States folded so far")[0] + "commit;", "shared")
    async with connected(other) as connection:
        await connection.execute(f"update {schema_of(other)}.meta set value = 1 where name = 'schema_version'")
    assert [step.name for step in (await schema.status()).pending] == [
        "0002_snapshots",
        "0003_rows",
        "0004_work",
        "0005_append_part",
        "0006_versions_from_expected",
        "0007_append_one_and_parts",
        "0008_work_kept",
        "0009_work_status",
        "0010_matches",
    ]
    with pytest.raises(SchemaMismatch, match="leftfold migrate"):
        await open_postgres(other)
    postgres.execute(further, "shared")
    assert await _objects(other) == await _objects(store_url)
    async with opened(other) as store:
        await store.save_snapshot(snapshot(1))


async def test_code_of_the_schema_before_goes_on_beside_newer_code(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(store_url) as newer:
        await newer.save_snapshot(snapshot(1))
        monkeypatch.setattr(module, "MIGRATIONS", MIGRATIONS[:1])
        monkeypatch.setattr(module, "NEWEST", 1)
        assert (await PostgresSchema(PostgresLocation.parse(store_url)).migrate()).found == _NEWEST
        async with opened(store_url) as older:
            for version, store in enumerate((older, newer, older, newer)):
                await store.append(ToStream("a-1", version, [event()]))
        assert await newer.load_snapshot("a-1", "f") == snapshot(1)


async def test_a_schema_for_newer_code_is_refused_and_one_that_is_only_newer_is_not(store_url: str) -> None:
    await rows(store_url, f"update :schema.meta set value = {_NEWEST + 1} where name = 'schema_version'")
    async with opened(store_url) as store:
        await store.append(ToStream("a-1", 0, [event()]))
    await rows(store_url, f"update :schema.meta set value = {_NEWEST + 1} where name = 'needs_code'")
    for attempt in (open_postgres(store_url), PostgresSchema(PostgresLocation.parse(store_url)).migrate()):
        with pytest.raises(SchemaMismatch, match="newer") as refusal:
            await attempt
        assert (refusal.value.found, refusal.value.needed) == (_NEWEST + 1, _NEWEST)


async def test_a_database_that_is_not_utf8_is_refused_and_left_as_it_was(postgres: PostgresServer) -> None:
    postgres.execute("create database ascii encoding 'SQL_ASCII' template template0 locale 'C'")
    with pytest.raises(SchemaMismatch, match="UTF8"):
        await PostgresSchema(PostgresLocation.parse(postgres.url("ascii"))).migrate()
    assert postgres.execute("select count(*) from pg_namespace where nspname = 'leftfold'", "ascii") == "0"


async def test_a_schema_with_another_name_than_it_was_made_with_is_refused(bare_url: str) -> None:
    renamed = bare_url.replace("?schema=", "?schema=z")
    await PostgresSchema(PostgresLocation.parse(bare_url)).migrate()
    await rows(bare_url, f"alter schema :schema rename to {schema_of(renamed)}")
    await PostgresSchema(PostgresLocation.parse(bare_url)).migrate()  # which its functions would write to
    schema = PostgresSchema(PostgresLocation.parse(renamed))
    for attempt in (open_postgres(renamed), schema.status(), schema.migrate()):
        with pytest.raises(SchemaMismatch, match=f"rename to {schema_of(bare_url)}"):
            await attempt


@pytest.mark.parametrize("columns", ["(mine text)", "(name, value) as select 'schema_version', 'one'"])
async def test_a_table_like_one_of_ours_is_told_apart_from_it(bare_url: str, columns: str) -> None:
    await rows(bare_url, "create schema :schema")
    await rows(bare_url, f"create table :schema.meta {columns}")
    admin = PostgresSchema(PostgresLocation.parse(bare_url))
    for look in (admin.status, admin.migrate):
        with pytest.raises(SchemaMismatch, match="another application"):
            await look()


async def test_tables_of_another_application_are_refused_and_left_alone(bare_url: str) -> None:
    await rows(bare_url, "create schema :schema")
    await rows(bare_url, "create table :schema.events (mine text)")
    with pytest.raises(SchemaMismatch, match="another application"):
        await PostgresSchema(PostgresLocation.parse(bare_url)).migrate()
    tables = "select relname from pg_class where relnamespace = $1::text::regnamespace and relkind = 'r'"
    assert await rows(bare_url, tables, schema_of(bare_url)) == [("events",)]


async def test_two_stores_in_two_schemas_of_one_database_do_not_disturb_each_other(store_url: str) -> None:
    other_url = store_url.replace("?schema=", "?schema=b")
    await PostgresSchema(PostgresLocation.parse(other_url)).migrate()
    async with opened(store_url) as store, opened(other_url) as other:
        twin = event(tags=("seat:1",))
        await store.append(ToStream("a-1", 0, [twin]))
        seat = AppendCondition(none_of=(QueryItem(tags=frozenset({"seat:1"})),))
        assert (await other.append(ToStream("a-1", 0, [twin]), condition=seat)).position == 1
        async with connected(store_url) as holder, holder.transaction():  # holds the lock of one, not of the other
            await holder.execute(f"select {schema_of(store_url)}.lock_v1()")
            held = asyncio.ensure_future(store.append(ToStream("a-1", 1, [event()])))
            assert (await other.append(ToStream("a-1", 1, [event()]))).position == 2
            assert not held.done()
        assert (await held).position == 2


@pytest.fixture
async def application(postgres: PostgresServer, bare_url: str) -> str:
    """The URL of a store as a role sees it that has only what the script grants."""
    role = "app_" + schema_of(bare_url)[1:-1]
    postgres.execute(f'create role "{role}" login')
    postgres.execute(PostgresSchema(PostgresLocation.parse(bare_url), role=role).script(), "shared")
    return bare_url.replace("postgres@", f"{role}@")


async def test_a_role_for_reports_needs_no_more_than_the_page_grants(
    postgres: PostgresServer, bare_url: str, application: str
) -> None:
    schema = schema_of(application)[1:-1]
    role = f"report_{schema}"
    page = _PAGE.read_text("utf-8").partition("A role for reports")[2]
    postgres.execute(f'create role "{role}" login')
    by_owner, by_application = (
        re.sub(r"\bleftfold", schema, block).replace("to report", f'to "{role}"')
        for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL)[:2]
    )
    async with connected(bare_url) as connection:
        await connection.execute(by_owner)
    async with connected(application) as connection:
        await connection.execute(by_application)
    async with opened(application) as store:
        await pointed(store, SUMMARIES, view="shown")
        await store.transact(counted("b-1", writes=[Put(table=SUMMARIES, rows={"a": summary("Zoe")})]))
        await write(store, Begin(id="a", queue="q", status="on", state=b"{}", wake=AT_ONCE))
    async with opened(re.sub(r"//[^@]*@", f"//{role}@", application)) as store:
        assert len(await log_of(store)) == 1
        assert [found.key for found in await store.search(SUMMARIES, "zoe", Selection())] == ["a"]
        assert [item.id for item in await store.find_work()] == ["a"]
        assert await store.checkpoints() == []
        with pytest.raises(AccessDenied):
            await store.append(ToStream("a-1", 0, [event()]))


async def test_the_application_role_needs_no_more_than_the_script_grants(application: str) -> None:
    async with opened(application) as store:
        condition = AppendCondition(none_of=(QueryItem(tags=frozenset({"x"}), types=frozenset({"T"})),))
        await store.append(ToStream("a-1", 0, [event(tags=("x",))]), condition=condition)
        assert len(await log_of(store)) == 1
        assert await store.wake(0, 5) == 1
        assert len((await store.read_log(match=(QueryItem(tags=frozenset({"x"})),))).events) == 1
        [last] = await log_of(store)
        await store.save_snapshot(snapshot(1))
        await store.save_snapshot(snapshot(1, b"2"))
        assert await store.load_snapshot("a-1", "f") == snapshot(1, b"2")
        assert await store.drop_snapshots([snapshot(1).key]) == 1
        await pointed(store, SUMMARIES, view="shown")
        claim = await store.claim("c", "me", 60)
        assert claim is not None
        move = Advance(name="c", token=claim.token, position=1, event_id=last.id)
        await store.transact(counted("b-1", writes=[Put(table=SUMMARIES, rows={"a": summary("Zoe")}), move]))
        assert [found.key for found in await store.search(SUMMARIES, "zoe", Selection())] == ["a"]
        await pointed(store, SUMMARIES, 2, view="shown")
        await write(store, Point(table=SUMMARIES, generation=2, at_head=2), Delete(table=SUMMARIES, keys=["a"]))
        await store.discard(SUMMARIES, 1)
        assert await store.renew("c", claim.token, 60)
        await store.release("c", claim.token)
        assert [kept.position for kept in await store.checkpoints()] == [1]
        await store.forget("c")
        begun = [Begin(id=id, queue="q", status="on", state=b"{}", wake=AT_ONCE) for id in ("a", "b")]
        await write(store, *begun)
        await store.transact(counted("b-2", writes=[Revise(id="a", token=1, status="on", state=b"{}", wake=AT_ONCE)]))
        await store.await_work(["q"], 5)
        held = {item.id: item.token for item in await store.claim_due(["q"], "me", 60)}
        assert set(await store.extend(held, "me", 60)) == {"a", "b"}
        await write(store, End(id="a", token=held["a"]))
        assert [item.id for item in await store.find_work()] == ["b"]
        newest = (await log_of(store))[-1]
        with pytest.raises(AccessDenied, match="only the owner of schema"):
            await store.restore([replace(newest, position=4, version=2, id=new_id())])


async def test_tables_that_another_role_makes_are_written_by_the_application_too(
    application: str, bare_url: str
) -> None:
    async with opened(bare_url) as owner, opened(application) as store:
        await pointed(owner, COUNTS)
        await pointed(store, SUMMARIES)
        for writer in (owner, store):
            await write(writer, Put(table=COUNTS, rows={"a": row(1)}), Put(table=SUMMARIES, rows={"a": summary("x")}))
            await write(writer, Delete(table=COUNTS, keys=["a"]), Delete(table=SUMMARIES, keys=["a"]))
            assert await writer.get(COUNTS, ["a"]) == await writer.get(SUMMARIES, ["a"]) == {}


async def test_a_role_that_may_make_no_tables_is_told_so(
    postgres: PostgresServer, application: str, bare_url: str
) -> None:
    read = f'"{schema_of(bare_url)[1:-1]}_read"'
    postgres.execute(f'revoke create on schema {read} from "app_{schema_of(bare_url)[1:-1]}"', "shared")
    async with opened(application) as store, opened(bare_url) as owner:
        with pytest.raises(AccessDenied, match="let the owner do what only the owner may"):
            await store.prepare(COUNTS)
        await owner.prepare(COUNTS)
        await store.prepare(COUNTS)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into :schema.events select * from :schema.events",
        "insert into :schema.tags values ('x', 1)",
        "update :schema.events set data = '{}'",
        "delete from :schema.events",
        "truncate :schema.events",
        "update :schema.tags set tag = 'y'",
        "update :schema.meta set value = 9",
        "drop table :schema.events",
        "truncate :schema.snapshots",
        "drop table :schema.snapshots",
        "truncate :schema.tables",
        "drop table :schema.checkpoints",
        "truncate :schema.work",
        "drop table :schema.work",
        "select setval(':schema.tokens', 1)",
        "alter table :schema.events disable trigger all",
        "create table :schema.mine (number integer)",
        "create or replace function :schema.now_v1() returns timestamptz language sql as 'select now()'",
        "select :schema.lock_v1()",
    ],
)
async def test_the_application_role_cannot_change_what_is_stored(application: str, statement: str) -> None:
    async with opened(application) as store:
        await store.append(ToStream("a-1", 0, [event(tags=("x",))]))
        before = await log_of(store)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await rows(application, statement)
        assert await log_of(store) == before


@pytest.mark.parametrize("table", ["events", "tags"])
@pytest.mark.parametrize("change", ["update :t set position = position + 9", "delete from :t", "truncate :t"])
async def test_even_the_owner_cannot_rewrite_the_log_by_accident(store_url: str, table: str, change: str) -> None:
    async with opened(store_url) as store:
        await store.append(ToStream("a-1", 0, [event(tags=("x",))]))
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await rows(store_url, change.replace(":t", f":schema.{table}"))
        assert await store.head() == 1


async def test_the_recorded_time_is_the_schemas_clock_and_never_runs_back(store_url: str) -> None:
    move = (
        "create or replace function :schema.now_v1() returns timestamptz language sql as 'select ''{}''::timestamptz'"
    )
    async with opened(store_url) as store:
        times: list[str] = []
        for moment in ("2030-01-01 12:00Z", "2029-12-31 12:00Z", "2030-01-02 12:00Z"):
            await rows(store_url, move.format(moment))
            times.append((await store.append(ToStream(f"a-{moment}", 0, [event()]))).recorded_at.isoformat())
        assert times == ["2030-01-01T12:00:00+00:00", "2030-01-01T12:00:00+00:00", "2030-01-02T12:00:00+00:00"]


async def test_no_function_can_be_called_by_just_anybody(store_url: str) -> None:
    assert (
        await rows(
            store_url,
            "select p.proname from pg_proc p where p.pronamespace = $1::text::regnamespace "
            "and has_function_privilege('pg_monitor', p.oid, 'execute')",
            schema_of(store_url),
        )
        == []
    )
