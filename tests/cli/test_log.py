from __future__ import annotations

import signal
import subprocess
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from tests.cli.command import Leftfold, command, environment, event, record, stored


@pytest.fixture
def filled(url: str) -> str:
    """A store with five events of three streams."""
    record(
        url,
        ("account-1", [event("Opened", tags=("a",)), event("Deposited", '{"cents":5}', tags=("a", "b"))]),
        ("card-1", [event("Opened", tags=("b",))]),
        ("account-2", [event("Opened"), event("Closed", tags=("a", "b"))]),
    )
    return url


@pytest.mark.parametrize(
    ("arguments", "positions"),
    [
        ([], [1, 2, 3, 4, 5]),
        (["--after", "3"], [4, 5]),
        (["--limit", "2"], [1, 2]),
        (["--after", "1", "--limit", "3"], [2, 3, 4]),
        (["--type", "Opened"], [1, 3, 4]),
        (["--type", "Opened", "--type", "Closed"], [1, 3, 4, 5]),
        (["--tag", "a"], [1, 2, 5]),
        (["--tag", "a", "--tag", "b"], [2, 5]),
        (["--tag", "b", "--type", "Opened"], [3]),
        (["--category", "account"], [1, 2, 4, 5]),
        (["--category", "account", "--type", "Opened", "--after", "1"], [4]),
        (["--after", "99"], []),
        (["--type", "Nothing"], []),
    ],
)
def test_the_log_is_shown_as_it_was_asked_for(
    leftfold: Leftfold, filled: str, arguments: list[str], positions: list[int]
) -> None:
    ran = leftfold("log", "--json", "--store", filled, *arguments)
    assert (ran.code, [line["position"] for line in ran.lines]) == (0, positions)
    table = leftfold("log", "--store", filled, *arguments).out.splitlines()[1:]
    assert [int(row.split()[0]) for row in table] == positions


def test_the_log_is_shown_from_a_time_on_and_until_another(leftfold: Leftfold, filled: str) -> None:
    first, second, third = (stored(filled)[at].recorded_at for at in (0, 2, 3))  # of each append
    assert first < second < third

    def shown(*arguments: str) -> list[object]:
        ran = leftfold("log", "--json", "--store", filled, *arguments)
        assert ran.code == 0, ran.err
        return [line["position"] for line in ran.lines]

    assert shown("--since", first.isoformat()) == [1, 2, 3, 4, 5]
    assert shown("--since", second.isoformat()) == [3, 4, 5]
    assert shown("--since", second.astimezone(timezone(timedelta(hours=2))).isoformat()) == [3, 4, 5]
    assert shown("--since", (second + timedelta(microseconds=1)).isoformat()) == [4, 5]
    assert shown("--since", second.isoformat(), "--after", "4") == [5]
    assert shown("--since", third.isoformat(), "--after", "1", "--limit", "1") == [4]
    assert shown("--since", first.date().isoformat()) == [1, 2, 3, 4, 5]
    assert shown("--since", (third + timedelta(days=1)).date().isoformat()) == []
    assert shown("--since", "0001-01-01") == [1, 2, 3, 4, 5]
    assert shown("--until", second.isoformat()) == [1, 2, 3]
    assert shown("--until", (second - timedelta(microseconds=1)).isoformat()) == [1, 2]
    assert shown("--until", second.isoformat(), "--after", "2") == [3]
    assert shown("--until", second.isoformat(), "--after", "4") == []
    assert shown("--until", second.isoformat(), "--limit", "1") == [1]
    assert shown("--since", second.isoformat(), "--until", second.isoformat()) == [3]
    assert shown("--until", third.date().isoformat(), "--category", "account") == [1, 2, 4, 5]
    assert shown("--until", "0001-01-01") == []


@pytest.mark.parametrize(
    ("since", "reason"),
    [("yesterday", "is no time"), ("2026-03-31T12:00:00", "has no zone"), ("2026-02-30", "for the beginning of it")],
)
def test_what_is_no_time_is_a_wrong_command_line(leftfold: Leftfold, sqlite: str, since: str, reason: str) -> None:
    record(sqlite, ("account-1", [event()]))
    ran = leftfold("log", "--since", since, "--store", sqlite)
    assert (ran.code, ran.out, reason in ran.err) == (2, "", True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--until", "2026-02-30"], "for the end of it"),
        (["--since", "2026-03-31", "--until", "2026-03-30"], "--until 2026-03-30 is before --since 2026-03-31"),
        (["--until", "2026-03-31", "--follow"], "leave one of them out"),
    ],
)
def test_a_range_that_is_none_is_a_wrong_command_line(
    leftfold: Leftfold, sqlite: str, words: list[str], reason: str
) -> None:
    record(sqlite, ("account-1", [event()]))
    ran = leftfold("log", *words, "--store", sqlite)
    assert (ran.code, ran.out, reason in ran.err) == (2, "", True)


def test_a_filter_finds_what_is_beyond_the_first_pages(leftfold: Leftfold, sqlite: str) -> None:
    record(sqlite, *(("many", [event("Common") for _ in range(6000)]) for _ in range(2)), ("few", [event("Rare")]))
    assert [line["position"] for line in leftfold("log", "--json", "--type", "Rare", "--store", sqlite).lines] == [
        12_001
    ]
    assert len(leftfold("log", "--json", "--limit", "1500", "--store", sqlite).lines) == 1500


def test_a_table_cuts_a_wide_payload_and_json_does_not(leftfold: Leftfold, sqlite: str) -> None:
    record(sqlite, ("s" * 300, [event(data='"' + "x" * 5000 + '"')]), ("帐户", [event(data='"' + "帐" * 500 + '"')]))
    ran = leftfold("log", "--store", sqlite)
    assert all(row.endswith("…") for row in ran.out.splitlines()[1:])
    assert max(map(len, ran.out.splitlines())) <= 160
    full = leftfold("log", "--json", "--store", sqlite).lines
    assert [full[0]["data"], full[0]["stream"]] == ["x" * 5000, "s" * 300]


def test_following_shows_what_comes_until_there_is_enough(leftfold: Leftfold, filled: str) -> None:
    ran = leftfold("log", "--follow", "--json", "--limit", "4", "--after", "1", "--store", filled)
    assert (ran.code, [line["position"] for line in ran.lines]) == (0, [2, 3, 4, 5])


@pytest.mark.parametrize("form", [["--json"], []])
def test_following_shows_each_new_event_and_ends_cleanly_on_an_interrupt(url: str, form: list[str]) -> None:
    record(url, ("account-1", [event("First")]))
    following = subprocess.Popen(
        command("log", "--follow", "--store", url, *form),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None
    assert following.stderr is not None
    if not form:
        assert following.stdout.readline().startswith("position")
    assert "First" in following.stdout.readline()
    for type in ("Second", "Third"):
        record(url, ("account-1", [event(type)]))
        assert type in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    out, err = following.communicate()
    assert (following.returncode, out, err) == (0, "", "")


APP = """
from decimal import Decimal
from leftfold import Aggregate, App, Event, applies

class Deposited(Event):
    cents: int
    note: str = "none"

class Account(Aggregate[Deposited]):
    @applies
    def _deposited(self, event: Deposited) -> None: ...

def make_app() -> App:
    return App(Account, store="memory:")

class holder:
    app = make_app()

number = 1
"""


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the module `shop_of_the_tests`."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "shop_of_the_tests.py").write_text(APP)
    (home / "broken_of_the_tests.py").write_text("1 / 0")
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def mixed(sqlite: str) -> str:
    """A store with two events that the app can read, and three that it cannot."""
    record(
        sqlite,
        ("account-1", [event("Deposited", '{"cents":5}'), event("Renamed", "{}"), event("Deposited", '{"cents":"x"}')]),
        ("account-1", [event("Deposited", '{"cents":7}'), event("Deposited", '{"cents":1}', metadata='{"actor":1}')]),
    )
    return sqlite


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("verb", [["log"], ["show", "account-1"]])
@pytest.mark.parametrize("app", ["shop_of_the_tests:make_app", "shop_of_the_tests:holder.app"])
def test_with_an_app_events_are_read_as_its_classes_and_the_unreadable_say_why(
    leftfold: Leftfold, mixed: str, verb: list[str], app: str
) -> None:
    ran = leftfold(*verb, "--app", app, "--json", "--store", mixed)
    assert ran.code == 1
    first, renamed, damaged, last, odd = ran.lines
    assert [line.get("event") for line in ran.lines] == [
        {"cents": 5, "note": "none"}, None, None, {"cents": 7, "note": "none"}, None
    ]  # fmt: skip
    assert "unreadable" not in first
    assert "unreadable" not in last
    for line, error in ((renamed, "UnknownEventType"), (damaged, "DamagedPayload"), (odd, "DamagedPayload")):
        assert str(line["unreadable"]).startswith(f"{{'error': '{error}', 'reason': ")
    assert damaged["data"] == {"cents": "x"}
    table = leftfold(*verb, "--app", app, "--store", mixed)
    assert table.code == 1
    assert "UnknownEventType: registry" in table.out
    assert "DamagedPayload: its payload does not decode" in table.out


@pytest.mark.usefixtures("at_home")
def test_an_app_that_reads_everything_is_content(
    leftfold: Leftfold, mixed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEFTFOLD_APP", "shop_of_the_tests:make_app")
    assert leftfold("log", "--limit", "1", "--json", "--store", mixed).lines[0]["event"] == {"cents": 5, "note": "none"}
    assert leftfold("log", "--limit", "1", "--store", mixed).code == 0


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(
    ("app", "reason"),
    [
        ("shop_of_the_tests", "MODULE:OBJECT"),
        ("nowhere_at_all:app", "No module named"),
        ("shop_of_the_tests:nothing", "nothing"),
        ("shop_of_the_tests:number", "int"),
        ("shop_of_the_tests:Account", "Account"),
        ("broken_of_the_tests:app", "ZeroDivisionError"),
    ],
)
def test_an_app_that_cannot_be_loaded_is_a_wrong_command_line(
    leftfold: Leftfold, mixed: str, app: str, reason: str
) -> None:
    ran = leftfold("log", "--app", app, "--store", mixed)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("leftfold: --app")
    assert reason in ran.err


@pytest.mark.parametrize("option", ["--limit", "--after"])
@pytest.mark.parametrize("number", ["1.5", "1e0", "0x2", "9" * 5000, "two"])
def test_a_number_is_never_rounded_or_guessed(leftfold: Leftfold, sqlite: str, option: str, number: str) -> None:
    record(sqlite, ("account-1", [event(), event(), event()]))
    ran = leftfold("log", option, number, "--store", sqlite)
    assert (ran.code, ran.out, "is no whole number" in ran.err) == (2, "", True)
