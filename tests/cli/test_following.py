from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import asyncpg
import pytest

from tests.cli.command import Leftfold, Ran, command, environment, event, record
from tests.cli.savings import APP, BROKEN, EMPTY, FOLD_GATE, INLINE, Worker, balance, followers, sent
from tests.conftest import ROOT

HEADS = ["name", "state", "position", "head", "behind", "seconds", "parked", "letters", "followed", "by"]


def rebuilt(leftfold: Leftfold, url: str, *arguments: str) -> Ran:
    return leftfold("rebuild", "balances", *arguments, "--app", APP, "--store", url)


def test_projections_tell_how_far_every_follower_is_and_who_follows(leftfold: Leftfold, url: str) -> None:
    sent(leftfold, url)
    before = followers(leftfold, url)
    assert list(before) == ["balances@1.1", "visits@1.1", "notify"]
    assert (before["notify"]["state"], before["notify"]["behind"], before["notify"]["owners"]) == ("stopped", 1, [None])
    assert isinstance(before["notify"]["seconds"], float)
    assert before["notify"]["seconds"] > 0
    with Worker(url) as worker:
        assert balance(leftfold, url, 1) == 5
        while any(one["state"] != "running" for one in followers(leftfold, url).values()):
            assert worker.process.poll() is None
        text = leftfold("projections", "--app", APP, "--store", url).out
        heads, *rows = text.splitlines()
        assert heads.split() == HEADS
        assert rows[0].split()[:5] == ["balances@1.1", "running", "1", "1", "0"]
        assert f":{worker.pid}:" in rows[0]


def test_a_follower_that_stopped_says_why(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    record(sqlite, ("savings-A", [event("savings.Deposited", '{"cents": "none"}')]))
    with Worker(sqlite) as worker:
        while not all(one["notes"] for one in followers(leftfold, sqlite).values()):
            assert worker.process.poll() is None
    ran = leftfold("projections", "--app", APP, "--store", sqlite)
    assert ran.code == 0
    assert "balances@1.1: DamagedPayload: stream 'savings-A' version 1" in ran.out


def test_what_every_append_writes_is_at_the_head(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    leftfold("send", "Deposit", '{"account": "A", "cents": 5}', "--app", INLINE, "--store", sqlite)
    ran = leftfold("projections", "--json", "--app", INLINE, "--store", sqlite)
    [shown] = [one for one in ran.lines if one["name"] == "balances@1.1"]
    assert (shown["state"], shown["position"], shown["head"]) == ("inline", 1, 1)
    assert "every append" in leftfold("projections", "--app", INLINE, "--store", sqlite).out


def test_a_comparison_tells_what_differs_field_by_field_and_shows_nothing(
    leftfold: Leftfold, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(leftfold, url, 5)
    assert rebuilt(leftfold, url).code == 0
    sent(leftfold, url, 8)
    sent(leftfold, url, 1, "B")
    ran = rebuilt(leftfold, url, "--compare")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "~ A",
        "   cents: 5 -> 13",
        "+ B",
        '   nothing -> {"account":"B","cents":1}',
        "2 rows differ",
    ]
    assert "--give-up" in ran.err
    assert balance(leftfold, url) == 5
    lines = rebuilt(leftfold, url, "--compare", "--json", "--limit", "1").lines
    a = [{"account": "A", "cents": cents} for cents in (5, 13)]
    assert lines == [{"key": "A", "before": a[0], "after": a[1], "differs": ["cents"]}]
    assert rebuilt(leftfold, url, "--compare", "--limit", "1").out.splitlines()[-1] == "2 rows differ, 1 of them shown"
    assert rebuilt(leftfold, url, "--json").lines == [{"projection": "balances", "generation": 3}]
    assert balance(leftfold, url) == 13
    # What follows is built by a fold that raises, so that a row is gone.
    monkeypatch.setenv(BROKEN, "1")
    sent(leftfold, url, 13, "C")
    monkeypatch.delenv(BROKEN)
    assert rebuilt(leftfold, url).code == 0
    monkeypatch.setenv(BROKEN, "1")
    gone = rebuilt(leftfold, url, "--compare").out.splitlines()
    assert gone == ["- C", '   {"account":"C","cents":13} -> nothing', "1 row differs"]


def test_what_was_built_is_dropped_on_request(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    sent(leftfold, sqlite)
    assert rebuilt(leftfold, sqlite, "--give-up").out == "there is nothing to give up\n"
    assert rebuilt(leftfold, sqlite, "--compare").code == 0
    assert any(one["building"] for one in followers(leftfold, sqlite).values())
    assert rebuilt(leftfold, sqlite, "--give-up", "--json").lines == [{"projection": "balances", "dropped": True}]
    assert balance(leftfold, sqlite) is None


def test_a_rebuild_that_is_interrupted_says_how_to_go_on_and_goes_on_from_there(
    leftfold: Leftfold, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(leftfold, url, 13)
    gate = tmp_path / "gate"
    for name in ("began", "go"):
        os.mkfifo(f"{gate}.{name}")
    rebuild = subprocess.Popen(
        command("rebuild", "balances", "--app", APP, "--store", url),
        cwd=ROOT,
        env=environment(**{FOLD_GATE: str(gate)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert Path(f"{gate}.began").read_text() == "began"
    rebuild.send_signal(signal.SIGINT)
    Path(f"{gate}.go").write_text("go")
    out, said = rebuild.communicate(timeout=30)
    assert (rebuild.returncode, out) == (130, "")
    assert "goes on from there" in said
    assert balance(leftfold, url) is None
    monkeypatch.setenv(BROKEN, "1")  # so that folding it again would fail
    assert rebuilt(leftfold, url).code == 0
    assert balance(leftfold, url) == 13


def test_a_rebuild_beside_a_worker_is_shown_once_and_followed_on(leftfold: Leftfold, url: str) -> None:
    with Worker(url):
        assert balance(leftfold, url, sent(leftfold, url)) == 5
        assert rebuilt(leftfold, url).out == "balances is built anew and shown\n"
        assert balance(leftfold, url, sent(leftfold, url)) == 10
        assert "balances@1.2" in followers(leftfold, url)


@pytest.mark.postgres
def test_a_role_without_rights_is_one_message_and_one_with_them_follows(
    leftfold: Leftfold, bare_url: str, database: str
) -> None:
    async def make_roles() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute("create role stranger login")
        await connection.execute("create role worker login")
        await connection.close()

    asyncio.run(make_roles())
    assert leftfold("migrate", "--role", "worker", "--store", bare_url).code == 0
    stranger, worker = (bare_url.replace("postgres@", f"{role}@", 1) for role in ("stranger", "worker"))
    for verb in (["work"], ["projections"], ["rebuild", "balances"], ["dead-letters", "list"]):
        ran = leftfold(*verb, "--app", APP, "--store", stranger)
        assert (ran.code, ran.out) == (3, "")
        assert "permission denied" in ran.err
        assert len(ran.err.splitlines()) == 1
    with Worker(worker):
        assert balance(leftfold, worker, sent(leftfold, worker)) == 5


@pytest.mark.parametrize(
    "verb",
    [
        ["rebuild"],
        ["rebuild", "nothing"],
        ["rebuild", "notify"],
        ["rebuild", "balances", "--compare", "--give-up"],
        ["rebuild", "balances", "--limit", "1"],
        ["rebuild", "balances", "--compare", "--limit", "0"],
        ["projections", "balances"],
    ],
)
def test_a_wrong_command_line_is_exit_code_2(leftfold: Leftfold, sqlite: str, verb: list[str]) -> None:
    leftfold("migrate", "--store", sqlite)
    ran = leftfold(*verb, "--app", APP, "--store", sqlite)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_an_app_without_projections_has_nothing_to_show(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    for verb in (["projections"], ["rebuild", "balances"]):
        ran = leftfold(*verb, "--app", EMPTY, "--store", sqlite)
        assert (ran.code, ran.out) == (2, "")
