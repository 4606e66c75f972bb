from __future__ import annotations

import asyncio

import pytest

from tests.cli.command import Leftfold, Ran
from tests.cli.savings import APP, BROKEN, EMPTY, Deposit, Worker, app, balance, followers


@pytest.fixture
def letters(leftfold: Leftfold, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An SQLite store where account A waits behind its deposit of 13 cents, which the reaction could handle."""
    leftfold("migrate", "--store", sqlite)
    return filled(sqlite, monkeypatch)


@pytest.fixture
def stuck(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, of each kind of store."""
    return filled(url, monkeypatch)


def filled(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    async def run() -> None:
        async with app.with_settings(store=url, workers=True) as opened:
            for account, cents in (("A", 13), ("A", 5), ("A", 7), ("B", 1)):
                await opened.send(Deposit(account=account, cents=cents))
            await opened.settle()

    with monkeypatch.context() as broken:
        broken.setenv(BROKEN, "1")
        asyncio.run(run())
    return url


def called(leftfold: Leftfold, url: str, *arguments: str) -> Ran:
    return leftfold("dead-letters", *arguments, "--app", APP, "--store", url)


def listed(leftfold: Leftfold, url: str, *name: str) -> list[dict[str, object]]:
    ran = called(leftfold, url, "list", *name, "--json")
    assert ran.code == 0, ran.err
    return ran.lines


def test_letters_are_listed_by_follower_with_what_becomes_of_each(leftfold: Leftfold, stuck: str) -> None:
    found = [(one["position"], one["state"], one["attempts"], one["error"]) for one in listed(leftfold, stuck)]
    error = "RuntimeError: 13 is broken"
    assert found == [(1, "dead", 1, error), (2, "waiting", 0, ""), (3, "waiting", 0, ""), (1, "skipped", 1, error)]
    assert len(listed(leftfold, stuck, "visits")) == 1
    assert listed(leftfold, stuck, "notify") == []
    text = called(leftfold, stuck, "list", "--limit", "1").out
    assert "4 dead letters, 1 of them listed" in text
    assert error in text
    state = followers(leftfold, stuck)
    assert (state["balances@1.1"]["parked"], state["balances@1.1"]["letters"]) == (1, 3)


def test_a_letter_is_shown_with_its_event(leftfold: Leftfold, letters: str) -> None:
    letter = listed(leftfold, letters)[0]
    ran = called(leftfold, letters, "show", str(letter["id"]), "--json")
    assert ran.lines == [{**letter, "data": {"account": "A", "cents": 13}, "metadata": ran.lines[0]["metadata"]}]
    text = called(leftfold, letters, "show", str(letter["id"])).out
    assert '{"account":"A","cents":13}' in text
    assert "stream savings-A version 1, position 1" in text


def test_replaying_a_letter_once_its_cause_is_mended_frees_its_subject(leftfold: Leftfold, stuck: str) -> None:
    letter = str(listed(leftfold, stuck)[0]["id"])
    with Worker(stuck):
        ran = called(leftfold, stuck, "replay", letter)
        assert (ran.code, ran.out) == (0, "3 dead letters handled\n")
        assert balance(leftfold, stuck, 4) == 25
    assert [one["state"] for one in listed(leftfold, stuck)] == ["skipped"]


def test_a_letter_that_fails_again_is_still_there_and_the_exit_code_is_1(leftfold: Leftfold, letters: str) -> None:
    dead, _, _, skipped = (str(one["id"]) for one in listed(leftfold, letters))
    with Worker(letters, **{BROKEN: "1"}):
        ran = called(leftfold, letters, "replay", dead)
        assert ran.code == 1
        assert "1 still there" in ran.out
        assert called(leftfold, letters, "replay", skipped).code == 1
    again = listed(leftfold, letters)
    assert [one["state"] for one in again] == ["dead", "waiting", "waiting", "skipped"]
    assert again[0]["attempts"] == 2
    assert again[0]["id"] == dead


def test_what_waits_behind_a_dropped_letter_is_handled(leftfold: Leftfold, letters: str) -> None:
    letter = str(listed(leftfold, letters)[0]["id"])
    with Worker(letters, **{BROKEN: "1"}):
        assert called(leftfold, letters, "drop", letter).out == "1 dead letter dropped, 2 that waited handled\n"
        assert balance(leftfold, letters, 4) == 12
    assert [one["state"] for one in listed(leftfold, letters)] == ["skipped"]


def test_all_letters_of_a_follower_are_dropped_or_replayed_at_once(leftfold: Leftfold, stuck: str) -> None:
    with Worker(stuck):
        ran = called(leftfold, stuck, "replay", "--all", "visits", "--json")
        assert ran.lines == [{"action": "replay", "done": 1, "waited": 0, "left": []}]
        ran = called(leftfold, stuck, "drop", "--all", "balances")
        assert (ran.code, ran.out) == (0, "3 dead letters dropped\n")
        assert balance(leftfold, stuck, 4) is None
        assert called(leftfold, stuck, "drop", "--all", "balances").out == "0 dead letters dropped\n"
    assert listed(leftfold, stuck) == []


def test_without_a_worker_nothing_is_asked(leftfold: Leftfold, letters: str) -> None:
    letter = str(listed(leftfold, letters)[0]["id"])
    for action in ("replay", "drop"):
        ran = called(leftfold, letters, action, letter)
        assert (ran.code, ran.out) == (1, "")
        assert "leftfold work" in ran.err
    with Worker(letters):
        assert balance(leftfold, letters, 4) is None
    assert len(listed(leftfold, letters)) == 4


def test_a_rebuild_leaves_the_letters_of_the_old_rows_behind(leftfold: Leftfold, letters: str) -> None:
    assert leftfold("rebuild", "balances", "--app", APP, "--store", letters).code == 0
    assert balance(leftfold, letters) == 25
    assert listed(leftfold, letters, "balances") == []


def test_what_a_rebuild_given_up_could_not_handle_does_not_hold_up_the_next(
    leftfold: Leftfold, letters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BROKEN, "1")
    rebuild = ("rebuild", "balances", "--app", APP, "--store", letters)
    assert leftfold(*rebuild, "--compare").code == 0
    assert leftfold(*rebuild, "--give-up").code == 0
    monkeypatch.delenv(BROKEN)
    assert leftfold(*rebuild).code == 0
    assert balance(leftfold, letters) == 25


def test_a_rebuild_that_cannot_fold_what_is_shown_names_its_keys_and_is_shown_when_it_can_or_must(
    leftfold: Leftfold, letters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild = ("rebuild", "balances", "--app", APP, "--store", letters)
    assert leftfold(*rebuild).code == 0
    monkeypatch.setenv(BROKEN, "1")
    refused = leftfold(*rebuild)
    assert (refused.code, refused.out) == (1, "")
    assert "('A')" in refused.err
    assert "--allow-parked" in refused.err
    assert balance(leftfold, letters) == 25
    compared = leftfold(*rebuild, "--compare")
    assert compared.code == 0
    assert "not or later: A\n" in compared.err
    for others in ("--compare", "--give-up"):
        assert leftfold(*rebuild, others, "--allow-parked").code == 2
    assert leftfold(*rebuild, "--allow-parked").code == 0
    assert balance(leftfold, letters) is None
    monkeypatch.delenv(BROKEN)
    assert leftfold(*rebuild).code == 0
    assert balance(leftfold, letters) == 25


def test_a_query_after_what_is_parked_is_told_so(leftfold: Leftfold, letters: str) -> None:
    asked = ("query", "GetBalance", '{"account": "A"}', "--app", APP, "--store", letters, "--after")
    for position in (1, 3):
        ran = leftfold(*asked, str(position))
        assert (ran.code, ran.out) == (1, "")
        assert "dead-letters list balances" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["look"],
        ["list", "nothing"],
        ["list", "--all", "balances"],
        ["show"],
        ["show", "1-abcdef01"],
        ["show", "x" * 500],
        ["show", "9" * 40 + "-1"],
        ["replay"],
        ["replay", "1-abcdef01"],
        ["replay", "1-abcdef01", "--all", "balances"],
        ["drop", "--all", "nothing"],
        ["drop", "1-x", "--timeout", "0"],
    ],
)
def test_a_wrong_command_line_is_exit_code_2(leftfold: Leftfold, sqlite: str, arguments: list[str]) -> None:
    leftfold("migrate", "--store", sqlite)
    ran = called(leftfold, sqlite, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_an_app_that_follows_nothing_has_no_letters(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    ran = leftfold("dead-letters", "list", "--app", EMPTY, "--store", sqlite)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "0 dead letters")


def test_without_an_action_those_that_there_are_are_named(leftfold: Leftfold) -> None:
    ran = leftfold("dead-letters")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("ACTION requires an argument. Give one of list, show, replay, drop.\n")
    assert leftfold("reset", "x").err.endswith("--to requires an argument. Give one of start, end.\n")
    assert leftfold("reset").err.endswith("requires an argument.\n")
