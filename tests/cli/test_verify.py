"""`leftfold verify` finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from leftfold.adapters.postgres import PostgresLocation
from leftfold.app import open_store
from leftfold.store import Snapshot, SnapshotKey, digest_of
from tests.cli.command import Leftfold, event, record
from tests.cli.tills import APP, fill, filled

RECOUNTING = "tests.cli.tills:recounting"


def sealed(key: SnapshotKey, state: bytes) -> Snapshot:
    return Snapshot(key, state, digest_of(key, state))


def wrong(snapshot: Snapshot) -> Snapshot:
    return sealed(snapshot.key, b'{"total":"7"}')


def damaged(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, state=b'{"total":"7"}')


def ahead(snapshot: Snapshot) -> Snapshot:
    return sealed(replace(snapshot.key, version=9), snapshot.state)


def snapshots_in(url: str) -> Sequence[Snapshot]:
    async def read() -> Sequence[Snapshot]:
        store = await open_store(url)
        try:
            return await store.read_snapshots()
        finally:
            await store.close()

    return asyncio.run(read())


def spoil(store: str, *statements: str) -> None:
    with sqlite3.connect(store.removeprefix("sqlite:///")) as raw:
        for (trigger,) in raw.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            raw.execute(f"drop trigger {trigger}")
        for statement in statements:
            raw.execute(statement)
    raw.close()


def test_a_sound_store_has_no_findings(leftfold: Leftfold, url: str) -> None:
    fill(url, payments=7)
    ran = leftfold("verify", "--store", url, "--app", APP, "--snapshots")
    assert (ran.code, ran.out) == (0, "7 events read, 0 findings; snapshots: 2 read, 0 stale, 0 dropped\n")
    assert leftfold("verify", "--store", url).out == "7 events read, 0 findings\n"
    assert leftfold("verify", "--store", url, "--json") == (0, "", "")


def test_each_stream_is_folded_by_itself(leftfold: Leftfold, url: str) -> None:
    fill(url, id="1", payments=4)
    fill(url, id="2", payments=7)
    ran = leftfold("verify", "--store", url, "--app", APP, "--snapshots")
    assert (ran.code, ran.out) == (0, "11 events read, 0 findings; snapshots: 3 read, 0 stale, 0 dropped\n")


def test_an_empty_store_is_sound(leftfold: Leftfold, url: str) -> None:
    ran = leftfold("verify", "--store", url, "--app", APP, "--snapshots", "--drop")
    assert (ran.code, ran.out) == (0, "0 events read, 0 findings; snapshots: 0 read, 0 stale, 0 dropped\n")


def test_events_that_cannot_be_read_are_named(leftfold: Leftfold, tmp_path: Path) -> None:
    store = filled(tmp_path)
    spoil(
        store,
        """update events set data = '{"amount":"much"}' where version = 2""",
        "update events set recorded_at = recorded_at - 1000000000 where version = 4",
    )
    ran = leftfold("verify", "--store", store, "--app", APP, "--json")
    assert ran.code == 1
    assert [(each["stream"], each["version"]) for each in ran.lines] == [("till-1", 2), ("till-1", 4)]
    assert "DamagedPayload" in str(ran.lines[0]["finding"])
    assert "before the event that it follows" in str(ran.lines[1]["finding"])
    told = leftfold("verify", "--store", store, "--app", APP)
    assert (told.code, told.out.splitlines()[-1]) == (1, "4 events read, 2 findings")


def test_a_gap_is_a_gap_of_the_log_and_of_the_stream(leftfold: Leftfold, tmp_path: Path) -> None:
    store = filled(tmp_path)
    spoil(store, "delete from events where version = 2")
    ran = leftfold("verify", "--store", store)
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "till-1 version 3: position 3 follows position 1",
        "till-1 version 3: version 3 follows version 1",
        "3 events read, 2 findings",
    ]


def test_each_stream_is_counted_by_itself(leftfold: Leftfold, url: str) -> None:
    record(url, ("a", [event(), event()]), ("b", [event()]), ("a", [event()]), ("b", [event()]))
    assert leftfold("verify", "--store", url).out == "5 events read, 0 findings\n"


@pytest.mark.parametrize("column", ["data", "metadata"])
def test_what_is_no_json_is_found_without_an_app(leftfold: Leftfold, tmp_path: Path, column: str) -> None:
    store = filled(tmp_path)
    spoil(store, f"update events set {column} = '{{' where version = 2")
    ran = leftfold("verify", "--store", store, "--json")
    assert (ran.code, [each["version"] for each in ran.lines]) == (1, [2])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("metadata = '[1]'", "is no JSON object"),
        ("schema_version = 0", "schema version 0 is not in 1..32767"),
        ("type = ''", "event type ''"),
    ],
)
@pytest.mark.parametrize("app", [(), ("--app", APP)])
def test_what_no_append_could_have_stored_is_found(
    leftfold: Leftfold, tmp_path: Path, change: str, said: str, app: Sequence[str]
) -> None:
    store = filled(tmp_path)
    spoil(store, f"update events set {change} where version = 2")
    ran = leftfold("verify", "--store", store, "--json", *app)
    assert (ran.code, [each["version"] for each in ran.lines]) == (1, [2])
    assert app or said in str(ran.lines[0]["finding"])


_TAGGED = [
    ("delete from {}tags where position = 2", "a-1 version 2: it has the tag 'x' and is not found by it"),
    ("insert into {}tags (position, tag) values (1, {})", "a-1 version 1: position 1 is found by the tag 'x'"),
    ("insert into {}tags (position, tag) values (9, {})", "position 9 is found by the tag 'x', which is not there"),
]


def _two(url: str) -> None:
    record(url, ("a-1", [event(), event(tags=("x",))]))


@pytest.mark.parametrize(("change", "said"), _TAGGED)
def test_events_that_are_not_found_by_their_tags_or_by_others_are_named(
    leftfold: Leftfold, sqlite: str, change: str, said: str
) -> None:
    _two(sqlite)
    spoil(sqlite, change.format("", "(select number from names where name = 'x')"))
    first, summary = leftfold("verify", "--store", sqlite).out.splitlines()
    assert (first.startswith(said), summary) == (True, "2 events read, 1 finding")
    assert leftfold("verify", "--store", sqlite, "--json").code == 1


@pytest.mark.postgres
@pytest.mark.parametrize(("change", "said"), _TAGGED)
def test_postgresql_tells_of_tags_just_the_same(leftfold: Leftfold, bare_url: str, change: str, said: str) -> None:
    assert leftfold("migrate", "--store", bare_url).code == 0
    _two(bare_url)
    location = PostgresLocation.parse(bare_url)

    async def spoiled() -> None:
        connection = await asyncpg.connect(location.dsn)
        await connection.execute("set session_replication_role = replica")  # no triggers
        await connection.execute(change.format(f'"{location.schema}".', "'x'"))
        await connection.close()

    asyncio.run(spoiled())
    first, summary = leftfold("verify", "--store", bare_url).out.splitlines()
    assert (first.startswith(said), summary) == (True, "2 events read, 1 finding")


@pytest.mark.parametrize(
    "change", ["id = x'00'", "data = cast(x'ff' as text)", "recorded_at = 9223372036854775807", "tags = '[1'"]
)
def test_what_is_no_event_is_named_and_what_follows_is_read(leftfold: Leftfold, sqlite: str, change: str) -> None:
    record(sqlite, ("a-1", [event()]), ("b-1", [event()]), ("c-1", [event()]))
    spoil(sqlite, f"update events set {change} where position = 2", "update events set type = '' where position = 3")
    ran = leftfold("verify", "--store", sqlite)
    damaged, other, summary = ran.out.splitlines()
    assert (ran.code, damaged.startswith("position 2: the file is damaged")) == (1, True)
    assert (other.startswith("c-1 version 1: "), summary) == (True, "2 events read, 2 findings")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (wrong, "till-1 version 3: snapshot: folding again differs in 'total': '7' is '3'"),
        (damaged, "till-1 version 3: snapshot: it is damaged"),
        (ahead, "till-1 version 9: snapshot: it is ahead of its stream, which ends at version 8"),
    ],
)
def test_a_bad_snapshot_is_named_with_what_is_wrong_and_dropped_when_asked(
    leftfold: Leftfold, url: str, change: Callable[[Snapshot], Snapshot], said: str
) -> None:
    fill(url, change, payments=8)
    verify = ("verify", "--store", url, "--app", APP, "--snapshots")
    ran = leftfold(*verify)
    first, summary = ran.out.splitlines()
    assert (ran.code, first.startswith(said)) == (1, True)
    assert summary == "8 events read, 1 finding; snapshots: 2 read, 0 stale, 0 dropped"
    assert len(snapshots_in(url)) == 2
    (dropped,) = leftfold(*verify, "--drop", "--json").lines
    assert (dropped["dropped"], dropped["fingerprint"]) == (True, snapshots_in(url)[0].key.fingerprint)
    assert [kept.key.version for kept in snapshots_in(url)] == [6]
    assert leftfold(*verify).code == 0


def test_a_snapshot_that_no_part_of_the_app_reads_is_stale_and_nothing_wrong(leftfold: Leftfold, url: str) -> None:
    fill(url)
    verify = ("verify", "--store", url, "--app", RECOUNTING, "--snapshots")
    (stale,) = leftfold(*verify, "--json").lines
    assert (stale["stale"], stale["version"], "dropped" in stale) == (True, 3, False)
    ran = leftfold(*verify, "--drop")
    assert (ran.code, "stale: no part of the app" in ran.out, "(dropped)" in ran.out) == (0, True, True)
    assert ran.out.endswith("4 events read, 0 findings; snapshots: 1 read, 1 stale, 1 dropped\n")
    assert not snapshots_in(url)


def test_a_snapshot_of_another_apps_category_is_none_of_this_apps_business(leftfold: Leftfold, url: str) -> None:
    fill(url)
    ran = leftfold("verify", "--store", url, "--app", "tests.cli.tills:empty", "--snapshots", "--drop")
    assert ran.out.endswith("snapshots: 1 read, 0 stale, 0 dropped\n")
    assert len(snapshots_in(url)) == 1


def test_a_wrong_snapshot_does_not_make_later_ones_wrong(leftfold: Leftfold, tmp_path: Path) -> None:
    store = filled(tmp_path, wrong, payments=66)
    ran = leftfold("verify", "--store", store, "--app", APP, "--snapshots")
    finding, summary = ran.out.splitlines()
    assert finding.startswith("till-1 version 3: snapshot: folding again differs")
    assert summary == "66 events read, 1 finding; snapshots: 22 read, 0 stale, 0 dropped"


@pytest.mark.parametrize(
    ("app", "said"),
    [
        (
            "tests.cli.tills:raising",
            "stream 'till-1' version 1: the fold tests.cli.tills:Raising._paid raised KeyError: 'lost'",
        ),
        (APP, "DamagedPayload: stream 'till-1'"),
    ],
)
def test_a_snapshot_of_events_that_cannot_be_folded_is_named_and_stays(
    leftfold: Leftfold, tmp_path: Path, app: str, said: str
) -> None:
    store = filled(tmp_path)
    if app == APP:
        spoil(store, """update events set data = '{"amount":"much"}' where version = 2""")
    ran = leftfold("verify", "--store", store, "--app", app, "--snapshots", "--drop", "--json")
    assert (ran.code, ran.lines[-1]["version"]) == (1, 3)
    assert f"its events cannot be folded: {said}" in str(ran.lines[-1]["finding"])
    assert len(snapshots_in(store)) == 1


@pytest.mark.parametrize(
    ("options", "said"), [(["--snapshots"], "--app"), (["--drop", "--app", APP], "--snapshots"), (["--drop"], "--drop")]
)
def test_options_need_each_other(leftfold: Leftfold, tmp_path: Path, options: list[str], said: str) -> None:
    ran = leftfold("verify", "--store", filled(tmp_path), *options)
    assert (ran.code, said in ran.err, ran.out) == (2, True, "")
    assert len(snapshots_in(f"sqlite:///{tmp_path}/tills.db")) == 1
