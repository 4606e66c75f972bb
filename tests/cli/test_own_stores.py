"""Without --store, verbs that take an app look into the stores that it was made with."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.cli.chain import APP, HELD, OWN, REMEMBERED, fill
from tests.cli.command import Leftfold

_VERBS = (
    ["log", "--context", "selling"],
    ["show", "shelf-pen", "--context", "selling"],
    ["audit", "shelf-pen", "--context", "selling"],
    ["verify", "--context", "selling"],
    ["schema", "check", "--context", "selling"],
    ["projections"],
    ["processes", "list"],
    ["timers"],
    ["dead-letters", "list"],
    ["forget"],
    ["flow", "--observed"],
    ["query", "HowMany", '{"item": "pen"}'],
    ["send", "Sell", '{"item": "pen"}'],
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, where a sale was remembered by an app that knows its own stores."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(REMEMBERED, str(tmp_path / "remembered.txt"))
    fill({"selling": "sqlite:///shop.db", "remembering": "sqlite:///notes.db"}, "pen")
    return tmp_path


def test_migrate_makes_the_stores_of_the_app(
    leftfold: Leftfold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert leftfold("projections", "--app", OWN).err.endswith(
        f"make those of all contexts: leftfold migrate --app {OWN}\n"
    )
    assert leftfold("migrate", "--app", OWN, "--context", "remembering").code == 0
    assert [path.name for path in tmp_path.glob("*.db")] == ["notes.db"]
    made = leftfold("migrate", "--app", OWN, "--json").lines
    assert [(one["context"], one["from"] == 0) for one in made] == [("selling", True), ("remembering", False)]
    strange = leftfold("migrate", "--app", OWN, "--context", "sellnig")
    assert (strange.code, "sellnig" in strange.err) == (2, True)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("verb", _VERBS, ids=lambda verb: verb[0])
def test_a_verb_looks_into_the_stores_of_the_app(leftfold: Leftfold, verb: list[str]) -> None:
    ran = leftfold(*verb, "--app", OWN)
    found = verb[0] == "flow"  # a command that nobody has sent yet
    assert (ran.code, ran.err) == (int(found), "")


def test_a_trace_and_a_move_are_of_all_of_them(leftfold: Leftfold, here: Path) -> None:
    [sold] = leftfold("log", "--app", OWN, "--context", "selling", "--json").lines
    correlation = msgspec.convert(sold["metadata"], dict[str, object])["correlation_id"]
    traced = leftfold("trace", str(correlation), "--app", OWN, "--json").lines
    assert {line["context"] for line in traced} == {"selling", "remembering"}
    to = f"sqlite:///{here}/new_{{context}}.db"
    assert leftfold("migrate", "--app", OWN, "--store", to).code == 0
    assert leftfold("move", "--app", OWN, "--to", to).code == 0
    assert len(leftfold("log", "--app", OWN, "--store", to, "--context", "selling", "--json").lines) == 1
    same = leftfold("move", "--app", OWN, "--to", "sqlite:///shop.db")
    assert (same.code, same.out) == (2, "")


@pytest.mark.usefixtures("here")
def test_a_store_that_is_given_wins(leftfold: Leftfold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEFTFOLD_STORE", "sqlite:///other_{context}.db")
    assert "other_selling.db" in leftfold("projections", "--app", OWN).err
    assert (
        "another_selling.db" in leftfold("projections", "--app", OWN, "--store", "sqlite:///another_{context}.db").err
    )


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("app", [HELD, APP])
@pytest.mark.parametrize("verb", [["projections"], ["migrate"], ["log", "--context", "selling"]], ids=lambda v: v[0])
def test_one_that_no_other_process_can_open_is_asked_for(leftfold: Leftfold, app: str, verb: list[str]) -> None:
    ran = leftfold(*verb, "--app", app)
    assert (ran.code, ran.out) == (2, "")
    assert "in memory. Give --store URL" in ran.err
