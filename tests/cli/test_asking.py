from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.chain import ALONE
from tests.cli.command import Leftfold, Ran, run_apart, stored
from tests.cli.savings import APP, UNRATED, balance, sent
from tests.conftest import ROOT
from tests.flow.market import APP as MARKET


def called(leftfold: Leftfold, url: str, *arguments: str) -> Ran:
    return leftfold(*arguments, "--app", APP, "--store", url)


def test_a_command_is_sent_by_name_and_the_receipt_printed_as_json(leftfold: Leftfold, url: str) -> None:
    ran = called(leftfold, url, "send", "Deposit", '{"account": "A", "cents": 5}', "--actor", "ada")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == {"result": None, "position": 1, "repeated": False, "context": "savings"}
    [event] = stored(url)
    assert json.loads(event.data) == {"account": "A", "cents": 5}
    assert json.loads(event.metadata)["actor"] == "ada"


def test_a_command_sent_again_with_its_id_does_nothing_twice(leftfold: Leftfold, url: str) -> None:
    again = ("send", "Deposit", '{"account": "A", "cents": 5}', "--id", "one", "--json")
    assert [called(leftfold, url, *again).lines[0]["repeated"] for _ in range(2)] == [False, True]
    assert len(stored(url)) == 1
    ran = called(leftfold, url, "send", "Deposit", '{"account": "A", "cents": 6}', "--id", "one")
    assert ran.code == 1
    assert "other content" in ran.err


def test_what_the_domain_refuses_is_its_text_and_exit_code_4(leftfold: Leftfold, url: str) -> None:
    ran = called(leftfold, url, "send", "Deposit", '{"account": "A", "cents": -5}')
    assert ran == (4, "", "leftfold: The account has not got so much. (cents=5)\n")
    assert stored(url) == []


def test_what_the_domain_does_not_find_is_refused_with_exit_code_4_as_well(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    ran = leftfold("send", "Return", '{"item": "pen"}', "--app", ALONE, "--store", sqlite)
    assert (ran.code, ran.out) == (4, "")
    assert "pen" in ran.err
    assert leftfold("show", "shelf-pen", "--store", sqlite).code == 1
    ran = leftfold("query", "HowMany", '{"item": "pen"}', "--app", ALONE, "--store", sqlite)
    assert (ran.code, ran.out) == (4, "")


def test_a_query_is_answered_as_json_after_the_position_that_was_given(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    asked = ("query", "GetBalance", '{"account": "A"}', "--json")
    assert called(leftfold, sqlite, *asked).out == "null\n"
    position = sent(leftfold, sqlite)
    ran = called(leftfold, sqlite, *asked, "--after", str(position))
    assert ran.code == 1
    assert "leftfold work" in ran.err
    assert called(leftfold, sqlite, "rebuild", "balances").code == 0
    assert balance(leftfold, sqlite, position) == 5


def test_an_answer_that_json_has_no_text_for_is_not_shown_as_null(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    ran = leftfold("query", "GetRate", "--app", UNRATED, "--store", sqlite)
    assert (ran.code, ran.out) == (1, "")
    assert "'GetRate' returned holds NaN or an infinity" in ran.err


def test_what_a_command_begins_and_is_there_already_is_refused_with_exit_code_4(
    leftfold: Leftfold, tmp_path: Path
) -> None:
    for name in ("market", "billing"):
        leftfold("migrate", "--store", f"sqlite:///{tmp_path}/{name}.db")
    where = ("--app", MARKET, "--store", f"sqlite:///{tmp_path}/{{context}}.db")
    assert leftfold("send", "Place", '{"order": "A"}', *where).code == 0
    ran = leftfold("send", "Place", '{"order": "A"}', *where)
    assert (ran.code, ran.out) == (4, "")
    assert "stream 'order-A' is there already" in ran.err


def test_fields_are_read_from_standard_input(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    given = b'{"account": "A", "cents": 5}'
    ran = run_apart("send", "Deposit", "-", "--app", APP, "--store", sqlite, "--json", cwd=ROOT, stdin=given)
    assert ran.lines[0]["position"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["send"], ""),
        (["send", "Depsit", "{}"], "'Deposit'"),
        (["query", "GetBalances", "{}"], "'GetBalance'"),
        (["send", "GetBalance", "{}"], "command"),
        (["send", "Deposit", "{"], "not a JSON object"),
        (["send", "Deposit", "[]"], "not a JSON object"),
        (["send", "Deposit", '{"account": "A"}'], "cents"),
        (["send", "Deposit", '{"account": "A", "cents": "5"}'], "'cents'"),
        (["send", "Deposit", '{"account": "A", "cents": 5, "cent": 1}'], "'cents'"),
        (["query", "GetBalance", '{"account": 1}'], "'account'"),
        (["query", "GetBalance", '{"account": "A", "account": "B"}'], "names its member 'account' twice"),
        (["query", "GetBalance", '{"account": "A"}', "--after", "-1"], "--after"),
    ],
)
def test_what_cannot_be_sent_or_asked_is_one_message_and_exit_code_2(
    leftfold: Leftfold, sqlite: str, arguments: list[str], said: str
) -> None:
    leftfold("migrate", "--store", sqlite)
    ran = called(leftfold, sqlite, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert said in ran.err


def test_without_an_app_the_command_says_how_to_name_one(leftfold: Leftfold, sqlite: str) -> None:
    leftfold("migrate", "--store", sqlite)
    for verb in (["work"], ["projections"], ["rebuild", "x"], ["dead-letters", "list"], ["query", "x"], ["send", "x"]):
        ran = leftfold(*verb, "--store", sqlite)
        assert (ran.code, ran.out) == (2, "")
        assert "LEFTFOLD_APP" in ran.err


def test_an_app_is_not_opened_on_a_store_that_is_not_there(leftfold: Leftfold, sqlite: str) -> None:
    for verb in (["projections"], ["rebuild", "x"], ["dead-letters", "list"], ["query", "x"], ["send", "x"]):
        ran = called(leftfold, sqlite, *verb)
        assert (ran.code, ran.out) == (1, "")
        assert "leftfold migrate" in ran.err
