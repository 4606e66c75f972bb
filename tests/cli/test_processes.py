from __future__ import annotations

import getpass

import msgspec
import pytest

from leftfold.processes import Entry
from tests.cli.command import Leftfold, Ran
from tests.cli.watchers import APP, BROKEN, LATER, NONE, begun, ended, settled


class _Shown(msgspec.Struct):
    journal: list[Entry]


@pytest.fixture
def bench(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store, of each kind, where a command and a timer were given up, and an event waits."""
    return filled(url, monkeypatch)


@pytest.fixture
def corner(leftfold: Leftfold, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, of SQLite."""
    leftfold("migrate", "--store", sqlite)
    return filled(sqlite, monkeypatch)


def filled(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "red milk")
        begun(url)
    return url


def called(leftfold: Leftfold, url: str, *arguments: str, verb: str = "processes", app: str = APP) -> Ran:
    return leftfold(verb, *arguments, "--app", app, "--store", url)


def parked(leftfold: Leftfold, url: str) -> dict[str, str]:
    """What `parked --json` says: kind to id."""
    ran = called(leftfold, url, "parked", "--json")
    assert ran.code == 0, ran.err
    return {str(one["kind"]): str(one["id"]) for one in ran.lines}


def test_instances_are_listed_with_their_status_and_what_happened_last(leftfold: Leftfold, bench: str) -> None:
    ran = called(leftfold, bench, "list", "--json")
    assert [(one["process"], one["key"], one["status"], one["transitions"]) for one in ran.lines] == [
        ("watching.watch", "y", "missing", 0),
        ("watching.watch", "w", "waiting", 2),
        ("watching.watch", "x", "waiting", 2),
    ]
    assert ran.lines[1]["state"] == {"id": "w", "seen": ["red"]}
    text = called(leftfold, bench, "list", "watch", "--limit", "2").out
    assert "Poked ignored" in text
    assert text.splitlines()[-1] == "3 instances, 2 of them listed"
    waiting = called(leftfold, bench, "list", "--status", "missing", "--json")
    assert [one["key"] for one in waiting.lines] == ["y"]


def test_an_instance_is_shown_with_its_timers_and_its_journal(leftfold: Leftfold, bench: str) -> None:
    text = called(leftfold, bench, "show", "watch", "w").out
    assert "timer tea is due at" in text
    assert '{"id":"w","seen":["red"]}' in text
    ran = called(leftfold, bench, "show", "watching.watch", "w", "--json")
    journal = msgspec.json.decode(ran.out, type=_Shown).journal
    assert [entry.kind for entry in journal] == ["applied", "applied", "ignored"]
    assert "1 event waits for it to begin" in called(leftfold, bench, "show", "watch", "y").out


def test_timers_are_listed_the_next_one_first(leftfold: Leftfold, bench: str) -> None:
    ran = called(leftfold, bench, "--json", verb="timers")
    assert [(one["key"], one["name"]) for one in ran.lines] == [("w", "tea")]
    assert called(leftfold, bench, "watch", verb="timers").out.splitlines()[-1] == "1 timer"


def test_what_waits_or_was_given_up_is_listed(leftfold: Leftfold, bench: str) -> None:
    ran = called(leftfold, bench, "parked", "--json")
    assert sorted((one["kind"], one["key"], one["what"], one["status"]) for one in ran.lines) == [
        ("command", "w", "Mark", "dead"),
        ("command", "x", "Mark", "dead"),
        ("event", "y", "Poked", "waiting"),
    ]
    text = called(leftfold, bench, "parked", "--status", "dead").out
    assert "RuntimeError: red is broken" in text
    assert text.splitlines()[-1] == "2 parked"


def test_what_was_given_up_is_tried_again_and_who_and_why_are_kept(leftfold: Leftfold, bench: str) -> None:
    id = parked(leftfold, bench)["command"]
    ran = called(leftfold, bench, "retry", id, "--why", "mended", "--who", "ann")
    assert (ran.code, ran.out) == (0, f"{id} tried again\n")
    settled(bench)
    assert len(called(leftfold, bench, "parked", "--status", "dead", "--json").lines) == 1
    shown = [called(leftfold, bench, "show", "watch", key).out for key in ("w", "x")]
    assert any("ann: mended" in text for text in shown)


def test_what_was_given_up_is_let_go(leftfold: Leftfold, corner: str) -> None:
    id = parked(leftfold, corner)["event"]
    ran = called(leftfold, corner, "drop", id, "--why", "nobody waits", "--json")
    assert (ran.code, ran.lines) == (0, [{"action": "drop", "id": id}])
    assert "event" not in parked(leftfold, corner)
    again = called(leftfold, corner, "drop", id, "--why", "again")
    assert (again.code, "nothing is parked as" in again.err) == (1, True)


def test_whoever_decides_is_the_user_of_the_system_unless_named(leftfold: Leftfold, corner: str) -> None:
    id = parked(leftfold, corner)["command"]
    called(leftfold, corner, "drop", id, "--why", "nobody wants it")
    shown = [called(leftfold, corner, "show", "watch", key).out for key in ("w", "x")]
    assert any(f"{getpass.getuser()}: nobody wants it" in text for text in shown)


def test_instances_of_a_version_that_is_not_here_are_findings(leftfold: Leftfold, corner: str) -> None:
    assert called(leftfold, corner, "check").code == 0
    ran = called(leftfold, corner, "check", "--json", app=LATER)
    assert (ran.code, [(one["process"], one["version"], one["count"]) for one in ran.lines]) == (
        1,
        [("watching.watch", 1, 3)],
    )
    assert "keep its function until they have ended" in called(leftfold, corner, "check", app=LATER).out


def test_what_ended_long_ago_is_forgotten_on_request(leftfold: Leftfold, bench: str) -> None:
    ended(bench, "z")
    assert called(leftfold, bench, "forget", "--days", "1").out == "0 instances are forgotten\n"
    assert called(leftfold, bench, "forget", "--days", "99999999999").out == "0 instances are forgotten\n"
    tried = called(leftfold, bench, "forget", "watch", "--days", "0", "--try-only", "--json")
    assert (tried.code, [(one["key"], one["status"]) for one in tried.lines]) == (0, [("z", "ended")])
    ran = called(leftfold, bench, "forget", "--days", "0")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 instance is forgotten")
    assert [one["key"] for one in called(leftfold, bench, "list", "--json").lines] == ["y", "w", "x"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "watch"), "show takes a process and the key"),
        (("check", "watch"), "it looks at every process"),
        (("retry",), "retry takes the id"),
        (("retry", "command/1"), "why retry? Give --why"),
        (("list", "--why", "x"), "list decides nothing"),
        (("show", "watch", "w", "--limit", "1"), "--status and --limit are for list and parked"),
        (("forget",), "forget takes --days N"),
        (("forget", "watch", "w", "--days", "1"), "forget takes the name of a process at most"),
        (("list", "--days", "1"), "forget takes --days N, and nothing else does"),
        (("list", "--try-only"), "--try-only is for forget"),
        (("show", "wacht", "w"), "no processes are called 'wacht'; there is watching.watch"),
    ],
)
def test_a_command_line_that_does_not_fit_is_refused(
    leftfold: Leftfold, corner: str, arguments: tuple[str, ...], said: str
) -> None:
    ran = called(leftfold, corner, *arguments)
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_how_far_a_process_is_stands_beside_projections_and_reactions_though_there_is_none(
    leftfold: Leftfold, corner: str
) -> None:
    ran = called(leftfold, corner, "--json", verb="projections")
    assert [(one["name"], one["behind"]) for one in ran.lines] == [("process:watching.watch", 0)]


def test_an_app_without_processes_is_told_so(leftfold: Leftfold, corner: str) -> None:
    ran = called(leftfold, corner, "list", app=NONE)
    assert (ran.code, ran.err) == (2, "leftfold: this app has no processes\n")


def test_what_is_not_there_is_told_by_what_was_looked_for(leftfold: Leftfold, corner: str) -> None:
    for id in ("nonsense", "command/nonsense", "process/watching.watch/w#nonsense"):
        ran = called(leftfold, corner, "retry", id, "--why", "again")
        assert (ran.code, ran.out) == (1, "")
        assert f"nothing is parked as {id!r}: it is done or dropped, or never was" in ran.err
        assert "leftfold processes parked" in ran.err
    shown = called(leftfold, corner, "show", "watch", "nobody").err
    assert "'process/watching.watch/nobody' in this store: it has not begun, or was forgotten" in shown
