"""An app of several contexts has a store for each; every verb says which one it is about, or works on all."""

from __future__ import annotations

import asyncio
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.cli.chain import ALONE, APP, MISSPELT, REMEMBERED, fill
from tests.cli.command import Leftfold

NAMES = ["selling", "remembering"]


@pytest.fixture
def each(tmp_path: Path) -> str:
    """A URL of a store for each context, none of which is there."""
    return f"sqlite:///{tmp_path}/{{context}}.db"


@pytest.fixture
def filled(each: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, with what two sales led to."""
    monkeypatch.setenv(REMEMBERED, str(tmp_path / "remembered.txt"))
    fill(each, "pen", "ink")
    return each


def test_migrate_makes_the_store_of_every_context_of_the_app_once(
    leftfold: Leftfold, each: str, tmp_path: Path
) -> None:
    pending = leftfold("migrate", "--check", "--store", each, "--app", APP)
    assert pending.code == 1
    assert [line for line in pending.out.splitlines() if line[0] != " "] == [f"{n}: schema 0, pending:" for n in NAMES]
    made = leftfold("migrate", "--json", "--store", each, "--app", APP).lines
    assert [(one["context"], one["from"]) for one in made] == [(name, 0) for name in NAMES]
    assert {path.name for path in tmp_path.glob("*.db")} == {"selling.db", "remembering.db"}
    again = leftfold("migrate", "--store", each, "--app", APP)
    newest = made[0]["to"]
    assert again == (0, "".join(f"{name}: schema {newest}, nothing to do\n" for name in NAMES), "")
    assert leftfold("projections", "--store", each, "--app", APP).code == 0


@pytest.mark.parametrize("made", NAMES)
def test_one_pending_store_among_many_fails_the_check(leftfold: Leftfold, each: str, made: str) -> None:
    assert leftfold("migrate", "--store", each, "--context", made).code == 0
    assert leftfold("migrate", "--check", "--store", each, "--context", made).code == 0
    ran = leftfold("migrate", "--check", "--json", "--store", each, "--app", APP)
    assert [bool(line["pending"]) for line in ran.lines] == [name != made for name in NAMES]
    assert ran.code == 1


def test_a_script_is_of_one_store(leftfold: Leftfold, each: str) -> None:
    ran = leftfold("migrate", "--sql", "--store", each, "--app", APP)
    assert (ran.code, ran.out) == (2, "")
    assert "--context NAME" in ran.err
    assert leftfold("migrate", "--sql", "--store", each, "--context", "selling").code == 0
    assert leftfold("migrate", "--sql", "--store", each, "--app", ALONE).code == 0


@pytest.mark.postgres
def test_each_context_has_a_schema_of_its_own_on_postgresql(leftfold: Leftfold, database: str) -> None:
    url = urlsplit(database)._replace(query="schema={context}_of_chain").geturl()
    assert [line["from"] for line in leftfold("migrate", "--json", "--store", url, "--app", APP).lines] == [0, 0]
    assert leftfold("projections", "--store", url, "--app", APP).code == 0

    async def schemas() -> set[str]:
        connection = await asyncpg.connect(database)
        try:
            found = await connection.fetch("select schema_name from information_schema.schemata")
        finally:
            await connection.close()
        return {str(row[0]) for row in found}

    assert {f"{name}_of_chain" for name in NAMES} <= asyncio.run(schemas())


@pytest.mark.parametrize(
    "verb",
    [
        ["migrate"],
        ["migrate", "--check"],
        ["log"],
        ["streams"],
        ["show", "shelf-pen"],
        ["audit", "shelf-pen"],
        ["verify"],
        ["export", "-"],
        ["import", "-"],
    ],
)
def test_without_a_context_a_verb_that_is_about_one_store_says_how_to_name_one(
    leftfold: Leftfold, each: str, tmp_path: Path, verb: list[str]
) -> None:
    ran = leftfold(*verb, "--store", each)
    assert (ran.code, ran.out) == (2, "")
    assert "--context NAME" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "verb", [["log"], ["show", "shelf-pen"], ["audit", "shelf-pen"], ["verify"], ["schema", "check"]]
)
def test_with_an_app_of_several_the_names_are_told(leftfold: Leftfold, each: str, verb: list[str]) -> None:
    ran = leftfold(*verb, "--store", each, "--app", APP)
    assert (ran.code, ran.out) == (2, "")
    assert "selling, remembering" in ran.err
    assert "--context NAME" in ran.err
    strange = leftfold(*verb, "--store", each, "--app", APP, "--context", "sellnig")
    assert (strange.code, strange.out) == (2, "")
    assert "'sellnig'" in strange.err
    assert "selling, remembering" in strange.err


def test_the_events_of_the_named_context_are_read_as_its_classes(leftfold: Leftfold, filled: str) -> None:
    of_selling = ("--store", filled, "--app", APP, "--context", "selling", "--json")
    read = leftfold("log", *of_selling)
    assert (read.code, [line["stream"] for line in read.lines]) == (0, ["shelf-pen", "shelf-ink"])
    assert [line["event"] for line in read.lines] == [{"item": "pen"}, {"item": "ink"}]
    assert leftfold("show", "shelf-pen", "--version", "1", *of_selling).lines[0]["state"] == {"sold": 1}
    assert leftfold("audit", "shelf-pen", *of_selling).code == 0
    assert leftfold("verify", "--snapshots", *of_selling).code == 0
    assert leftfold("schema", "check", *of_selling).lines[0]["type"] == "chain.Sold"
    listed = leftfold("streams", "--store", filled, "--context", "selling", "--json").lines
    assert [one["stream"] for one in listed] == ["shelf-ink", "shelf-pen"]
    other = leftfold("log", "--store", filled, "--app", APP, "--context", "remembering", "--json")
    assert (other.code, other.out) == (0, "")


def test_a_log_is_carried_from_the_store_of_one_context_to_that_of_another_place(
    leftfold: Leftfold, filled: str, tmp_path: Path
) -> None:
    file, elsewhere = str(tmp_path / "log.jsonl"), f"sqlite:///{tmp_path}/copy_{{context}}.db"
    assert leftfold("export", file, "--store", filled, "--context", "selling").code == 0
    ran = leftfold("import", file, "--json", "--store", elsewhere, "--context", "selling")
    assert ran.lines == [{"events": 2, "stored": 2}]
    with closing(sqlite3.connect(tmp_path / "copy_selling.db")) as copy:
        assert copy.execute("select count(*) from log").fetchone() == (2,)


def test_the_context_of_an_app_that_has_one_need_not_be_named(leftfold: Leftfold, filled: str) -> None:
    assert len(leftfold("log", "--json", "--store", filled, "--app", ALONE).lines) == 2


def test_the_store_of_one_context_can_be_named_by_its_own_url(leftfold: Leftfold, filled: str) -> None:
    url = filled.replace("{context}", "selling")
    assert len(leftfold("log", "--json", "--store", url, "--app", APP, "--context", "selling").lines) == 2
    ran = leftfold("log", "--store", url, "--context", "selling")
    assert ran.code == 2
    assert "leave it out" in ran.err


def test_another_word_in_braces_is_told_and_makes_no_file(leftfold: Leftfold, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/{{ctx}}.db"
    for verb in (["migrate"], ["migrate", "--app", APP], ["log"], ["projections", "--app", APP]):
        ran = leftfold(*verb, "--store", url)
        assert (ran.code, ran.out) == (2, "")
        assert "{ctx}" in ran.err
        assert "{context}" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_an_app_that_cannot_be_made_says_what_is_wrong_with_it(leftfold: Leftfold, sqlite: str) -> None:
    ran = leftfold("projections", "--app", MISSPELT, "--store", sqlite)
    assert ran.code == 2
    assert ran.err.startswith(f"leftfold: --app {MISSPELT!r}: store URL ")
    assert "{ctx}" in ran.err
    assert "could not be loaded" not in ran.err


@pytest.mark.parametrize(
    ("verb", "made"),
    [
        (["log", "--app", APP, "--context", "selling"], ["selling"]),
        (["verify", "--context", "remembering"], ["remembering"]),
        (["projections", "--app", APP], NAMES),
        (["dead-letters", "list", "--app", APP], NAMES),
        (["dead-letters", "list", "--app", ALONE], ["selling"]),
    ],
)
def test_a_missing_store_is_made_by_the_command_that_the_error_ends_with(
    leftfold: Leftfold, each: str, tmp_path: Path, verb: list[str], made: list[str]
) -> None:
    ran = leftfold(*verb, "--store", each)
    assert (ran.code, ran.out) == (1, "")
    program, *advice = shlex.split(ran.err[ran.err.index("leftfold migrate") :])
    assert leftfold(*advice).code == 0
    assert program == "leftfold"
    assert {path.name for path in tmp_path.glob("*.db")} == {f"{name}.db" for name in made}
    again = leftfold(*verb, "--store", each)
    assert "leftfold migrate" not in again.err


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("postgresql://ann:hushhush@db/bank?schema={context}", []),
        ("postgresql://ann:hushhush@db/bank?schema={ctx}", []),
        ("postgresql://ann:hushhush@db/bank", ["--context", "bank"]),
    ],
)
def test_a_store_url_that_names_no_one_store_is_told_without_its_password(
    leftfold: Leftfold, url: str, options: list[str]
) -> None:
    ran = leftfold("log", "--store", url, *options)
    assert ran.code == 2
    assert "ann:***@db" in ran.err
    assert "hushhush" not in ran.err
