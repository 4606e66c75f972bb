"""With an app that upcasts, commands show what is stored and what it reads as."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Leftfold, event, record

APP = """
from leftfold import Aggregate, App, Event, applies

class Deposited(Event, version=2):
    cents: int
    currency: str

class Noted(Event):
    text: str

class DepositedV1(Event, name="Deposited"):
    cents: int

class Moved(Event):
    cents: int

class Clicked(Event):
    pass

class Broken(Event):
    pass

def currency(old: DepositedV1) -> Deposited:
    return Deposited(cents=old.cents, currency="USD")

def two(old: Moved) -> tuple[DepositedV1, Noted]:
    return DepositedV1(cents=old.cents), Noted(text="moved")

def nothing(old: Clicked) -> None:
    return None

def broken(old: Broken) -> Noted:
    raise KeyError("lost")

class Account(Aggregate[Deposited | Noted]):
    @applies
    def _all(self, event: Deposited | Noted) -> None: ...

app = App(Account, store="memory:", upcasts=[currency, two, nothing, broken])
"""
USD = {"cents": 5, "currency": "USD"}
NAMED = {"type": "Deposited", "schema_version": 2, "event": USD}


@pytest.fixture
def filled(tmp_path: Path, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with one event of each kind, and a working directory with the app."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "upcasting_of_the_tests.py").write_text(APP)
    monkeypatch.chdir(home)
    monkeypatch.setenv("LEFTFOLD_APP", "upcasting_of_the_tests:app")
    types = ("Deposited", "Moved", "Clicked", "Broken", "Noted")
    payload = {"Noted": '{"text":"hi"}', "Clicked": "{}", "Broken": "{}"}
    record(sqlite, ("account-1", [event(type, payload.get(type, '{"cents":5}')) for type in types]))
    return sqlite


@pytest.mark.parametrize("verb", [["log"], ["show", "account-1"]])
def test_json_has_what_is_stored_and_what_upcasts_make_of_it(leftfold: Leftfold, filled: str, verb: list[str]) -> None:
    ran = leftfold(*verb, "--json", "--store", filled)
    assert ran.code == 1
    changed, split, dropped, failed, same = ran.lines
    assert [line["data"] for line in ran.lines] == [{"cents": 5}, {"cents": 5}, {}, {}, {"text": "hi"}]
    assert [line["schema_version"] for line in ran.lines] == [1, 1, 1, 1, 1]
    assert (changed["event"], changed["events"]) == (USD, [NAMED])
    assert "event" not in split
    assert split["events"] == [NAMED, {"type": "Noted", "schema_version": 1, "event": {"text": "moved"}}]
    assert ("event" not in dropped, dropped["events"]) == (True, [])
    assert (same["event"], "events" not in same) == ({"text": "hi"}, True)
    assert isinstance(unreadable := failed["unreadable"], dict)
    assert unreadable["error"] == "UpcastFailed"
    assert "upcasting_of_the_tests.broken raised KeyError" in unreadable["reason"]


def test_people_see_both(leftfold: Leftfold, filled: str) -> None:
    text = leftfold("show", "account-1", "--store", filled).out
    assert '{"cents": 5}\n   read as Deposited v2 {"cents": 5, "currency": "USD"}\n' in text
    assert 'read as Noted {"text": "moved"}\n' in text
    assert "read as nothing: an upcast drops it\n" in text
    assert "unreadable UpcastFailed: upcast upcasting_of_the_tests.broken raised" in text
    assert text.count("read as") == 4
    log = leftfold("log", "--store", filled).out.splitlines()
    assert log[1].endswith('read as Deposited v2 {"cents":5,"currency":"USD"}')
    assert "read as Deposited v2 " in log[2]
    assert log[3].endswith("read as nothing: an upcast drops it")
    assert log[5].endswith('{"text":"hi"}')


def test_what_is_stored_is_what_is_exported(leftfold: Leftfold, filled: str, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    assert leftfold("export", str(file), "--store", filled).code == 0
    assert "currency" not in file.read_text()
    assert '"Clicked"' in file.read_text()
