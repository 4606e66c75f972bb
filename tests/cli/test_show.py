from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.command import Leftfold, event, record, stored
from tests.cli.tills import told_late

ODD = '{"b" : 1.10,"a":12345678901234567890.10E+5,\n "text":"\\u00e9\\/"}'


def test_an_event_is_shown_with_everything_the_store_knows_of_it(leftfold: Leftfold, url: str) -> None:
    record(url, ("account-1", [event("Opened", ODD, tags=("b", "a"), metadata='{"actor":"ann"}')]))
    ran = leftfold("show", "account-1", "--json", "--store", url)
    assert ran.code == 0
    (line,) = ran.out.splitlines()
    shown, (known,) = json.loads(line), stored(url)
    assert datetime.fromisoformat(shown.pop("recorded_at")) == known.recorded_at
    assert datetime.fromisoformat(shown.pop("occurred_at")) == known.occurred_at
    assert shown == {
        "position": 1,
        "stream": "account-1",
        "version": 1,
        "id": str(known.id),
        "type": "Opened",
        "schema_version": 1,
        "tags": ["a", "b"],
        "data": json.loads(ODD),
        "metadata": {"actor": "ann"},
    }
    assert '"a":12345678901234567890.10E+5' in line


def test_a_range_of_versions_forward_and_backward_beyond_a_page(leftfold: Leftfold, url: str) -> None:
    record(url, ("account-1", [event(data=str(number)) for number in range(1, 251)]), ("other", [event()]))

    def versions(*arguments: str) -> list[object]:
        return [line["version"] for line in leftfold("show", "account-1", "--json", "--store", url, *arguments).lines]

    assert versions() == list(range(1, 251))
    assert versions("--backward") == list(range(250, 0, -1))
    assert versions("--after", "240", "--upto", "243") == [241, 242, 243]
    assert versions("--after", "120", "--backward") == list(range(250, 120, -1))
    assert versions("--limit", "101") == list(range(1, 102))
    assert versions("--backward", "--limit", "100") == list(range(250, 150, -1))
    assert versions("--after", "250") == []


@pytest.mark.parametrize(
    ("arguments", "versions"),
    [
        (["--since", "2026-03-20"], [2, 3]),
        (["--until", "2026-03-20"], [1, 2]),
        (["--since", "2026-03-11", "--until", "2026-03-24"], [2]),
        (["--since", "2026-03-20T12:00:00Z", "--until", "2026-03-20T13:00:00+01:00"], [2]),
        (["--since", "2026-03-20T12:00:00.000001Z", "--until", "2026-03-24"], []),
        (["--since", "2026-03-20", "--backward"], [3, 2]),
        (["--until", "2026-03-20", "--upto", "1"], [1]),
        (["--until", "2026-03-20", "--upto", "3", "--after", "1"], [2]),
        (["--until", "0001-01-01"], []),
        (["--since", "0001-01-01", "--until", "9999-12-31"], [1, 2, 3]),
    ],
)
def test_a_range_of_recorded_times(
    leftfold: Leftfold, sqlite: str, arguments: list[str], versions: list[object]
) -> None:
    ran = leftfold("show", "till-1", *arguments, "--store", told_late(sqlite), "--json")
    assert (ran.code, [line["version"] for line in ran.lines]) == (0, versions)


@pytest.mark.parametrize("verb", ["show", "audit"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "yesterday"], "is no time"),
        (["--until", "2026-03-31T12:00:00"], "has no zone"),
        (["--since", "2026-03-20", "--until", "2026-03-19"], "--until 2026-03-19 is before --since 2026-03-20"),
    ],
)
def test_what_is_no_range_of_times_is_a_wrong_command_line(
    leftfold: Leftfold, sqlite: str, verb: str, arguments: list[str], said: str
) -> None:
    ran = leftfold(verb, "till-1", *arguments, "--store", told_late(sqlite))
    assert (ran.code, ran.out, said in ran.err) == (2, "", True)


def test_people_see_payload_metadata_tags_and_times_in_full(leftfold: Leftfold, sqlite: str) -> None:
    long = json.dumps({f"field_{number}": "x" * 60 for number in range(20)})
    record(
        sqlite,
        ("account-1", [event("Opened", '{"owner":"Ann"}', tags=("vip",), metadata='{"actor":"ann"}')]),
        ("account-1", [event("Filled", long)]),
    )
    ran = leftfold("show", "account-1", "--store", sqlite)
    assert ran.code == 0
    assert all(text in ran.out for text in ("1  Opened", '{"owner": "Ann"}', '"actor": "ann"', "tags vip", "2  Filled"))
    assert ran.out.count("x" * 60) == 20
    assert "…" not in ran.out


def test_a_stream_that_is_not_there_is_an_error(leftfold: Leftfold, url: str) -> None:
    record(url, ("account-1", [event()]))
    assert leftfold("show", "account-2", "--store", url) == (1, "", "leftfold: stream 'account-2' has no events\n")


@pytest.mark.parametrize("name", ["konto-ü", "帐户-一", "счёт-1", "a b'c\"d", "--"])
def test_a_stream_name_in_any_script_can_be_shown(leftfold: Leftfold, url: str, name: str) -> None:
    record(url, (name, [event(data=json.dumps({"name": name}))]))
    ran = leftfold("show", "--json", "--store", url, "--", name)
    assert ran.lines[0]["stream"] == name
    assert leftfold("show", "--store", url, "--", name).code == 0


def test_nothing_stored_can_steer_the_terminal(leftfold: Leftfold, sqlite: str) -> None:
    evil = "\x1b[31m\u202eevil\r\n"
    record(
        sqlite, (evil, [event("\x1b]0;title\x07", json.dumps(evil, ensure_ascii=False).replace("\\u001b", "\\u001B"))])
    )
    for verb in (["show", evil], ["log"], ["streams"]):
        ran = leftfold(*verb, "--store", sqlite)
        assert ran.code == 0
        assert not {"\x1b", "\x07", "\r", "\u202e"} & set(ran.out)
        assert r"\x1b[31m\u202eevil\r\n" in ran.out or verb[0] == "show"


def test_a_payload_that_is_no_json_any_more_is_marked_and_json_lines_stay_json(
    leftfold: Leftfold, sqlite: str, tmp_path: Path
) -> None:
    record(sqlite, ("account-1", [event("Opened"), event("Opened")]))
    with sqlite3.connect(tmp_path / "bank.db") as database:
        for (trigger,) in database.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {trigger}")
        database.execute("pragma ignore_check_constraints = 1")
        database.execute("update events set data = '{broken' where position = 2")
    database.close()
    for verb in (["show", "account-1"], ["log"]):
        ran = leftfold(*verb, "--json", "--store", sqlite)
        sound, broken = ran.lines
        assert (ran.code, sound["data"], broken["data"]) == (1, {}, "{broken")
        assert isinstance(unreadable := broken["unreadable"], dict)
        assert unreadable["error"] == "DamagedPayload"
        assert "unreadable" not in sound
        assert "DamagedPayload" in leftfold(*verb, "--store", sqlite).out
    exported = str(tmp_path / "log.jsonl")
    assert leftfold("export", exported, "--store", sqlite).code == 0
    refused = leftfold("import", exported, "--store", f"sqlite:///{tmp_path}/copy.db")
    assert refused.code == 1
    assert "line 3:" in refused.err
