from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from leftfold.flow import TraceEntry
from tests.cli.command import Leftfold, event, record
from tests.cli.trading import traded
from tests.flow.market import APP


@pytest.fixture
def market(tmp_path: Path) -> str:
    return traded(f"sqlite:///{tmp_path}/{{context}}.db")


def traced(leftfold: Leftfold, correlation: str, *arguments: str) -> list[TraceEntry]:
    ran = leftfold("trace", correlation, "--json", *arguments)
    assert ran.code == 0, ran.err
    return [msgspec.json.decode(line, type=TraceEntry) for line in ran.out.splitlines()]


def outline(entries: list[TraceEntry]) -> list[str]:
    return [f"{'  ' * entry.depth}{entry.kind} {entry.name}" for entry in entries]


def test_a_conversation_is_shown_with_what_led_to_what(leftfold: Leftfold, market: str) -> None:
    assert outline(traced(leftfold, "visit A", "--app", APP, "--store", market)) == [
        "command Place",
        "  event Placed",
        "    command Open",
        "      event Opened",
        "        process billing.dunning/A",
        "saga market.Deliver/A",
        "  step hold",
        "    command Reserve",
        "      event Reserved",
        "  step confirm",
        "    event Confirmed",
        "  step thank",
    ]


def test_a_timer_and_what_it_led_to_are_part_of_it(leftfold: Leftfold, market: str) -> None:
    lines = outline(traced(leftfold, "visit C", "--app", APP, "--store", market))
    assert "          timer due" in lines
    assert "        command Remind" in lines
    assert "          event Reminded" in lines


def test_what_is_older_than_asked_for_is_left_out(leftfold: Leftfold, market: str) -> None:
    where = ("--app", APP, "--store", market)
    late = ["process billing.dunning/C", "  timer due", "command Remind", "  event Reminded"]
    assert outline(traced(leftfold, "visit C", *where, "--since", "2026-03-15T00:00:00Z")) == late
    assert outline(traced(leftfold, "visit C", *where, "--since", "2026-03-02")) == late
    assert len(traced(leftfold, "visit C", *where, "--since", "2026-03-01")) == 8
    nothing = leftfold("trace", "visit C", *where, "--since", "2026-03-16")
    assert (nothing.code, "nothing belongs to" in nothing.out) == (1, True)
    wrong = leftfold("trace", "visit C", *where, "--since", "then")
    assert (wrong.code, "is no time" in wrong.err) == (2, True)


def test_a_saga_stands_below_the_event_that_started_it(leftfold: Leftfold, market: str) -> None:
    lines = outline(traced(leftfold, "visit D", "--app", APP, "--store", market))
    assert next(line for line in lines if "saga" in line).startswith("    saga market.Deliver/")
    assert lines[:2] == ["command Place", "  event Placed"]
    assert "      step hold" in lines


def test_a_saga_is_a_conversation_by_itself_with_what_was_undone(leftfold: Leftfold, market: str) -> None:
    entries = traced(leftfold, "saga/market.Deliver/B", "--app", APP, "--store", market)
    assert outline(entries) == [
        "saga market.Deliver/B",
        "  step hold",
        "    command Reserve",
        "      event Reserved",
        "    command Release",
        "      event Released",
        "  step confirm",
    ]
    assert [entry.status for entry in entries if entry.kind in ("saga", "step")] == [
        "compensated",
        "undone",
        "refused",
    ]


def test_people_see_times_places_and_what_went_wrong(leftfold: Leftfold, market: str) -> None:
    ran = leftfold("trace", "saga/market.Deliver/B", "--app", APP, "--store", market)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith(
        "2026-03-01 00:00:00.000  saga market.Deliver/B  compensated  step 'confirm' was refused"
    )
    assert "event Reserved  (stock-tea " in lines[3]
    assert "step confirm  refused  NotWanted: " in lines[6]


def test_one_log_is_traced_without_an_app(leftfold: Leftfold, market: str) -> None:
    one = market.replace("{context}", "billing")
    assert outline(traced(leftfold, "visit B", "--store", one))[:2] == ["command Open", "  event Opened"]


def test_an_event_without_a_correlation_begins_a_conversation_of_its_own(leftfold: Leftfold, sqlite: str) -> None:
    first = event("First")
    then = event("Then", metadata=f'{{"correlation_id":"{first.id}","causation_id":"{first.id}"}}')
    record(sqlite, ("a", [first]), ("b", [then, event("Other")]))
    assert outline(traced(leftfold, str(first.id), "--store", sqlite)) == ["event First", "  event Then"]


def test_a_cause_that_names_itself_is_none(leftfold: Leftfold, sqlite: str) -> None:
    one = event("Odd", metadata='{"correlation_id":"r","causation_id":"c","command_id":"c"}')
    record(sqlite, ("a", [one]))
    assert outline(traced(leftfold, "r", "--store", sqlite)) == ["command a command", "  event Odd"]


def test_events_that_name_each_other_as_their_cause_are_all_shown(leftfold: Leftfold, sqlite: str) -> None:
    told = [
        ("a", [event("Start", metadata='{"correlation_id":"r","command_id":"x","causation_id":"y"}')]),
        ("b", [event("End", metadata='{"correlation_id":"r","command_id":"y","causation_id":"x"}')]),
    ]
    record(sqlite, *told)
    assert sorted(line.strip() for line in outline(traced(leftfold, "r", "--store", sqlite))) == [
        "command a command",
        "command a command",
        "event End",
        "event Start",
    ]


def test_what_nobody_knows_of_is_exit_code_1(leftfold: Leftfold, market: str) -> None:
    ran = leftfold("trace", "visit Z", "--app", APP, "--store", market)
    assert (ran.code, ran.out) == (1, "nothing belongs to 'visit Z'\n")


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--app", "nothing"], ["a", "--app", APP]])
def test_a_wrong_command_line_is_exit_code_2(leftfold: Leftfold, sqlite: str, arguments: list[str]) -> None:
    ran = leftfold("trace", *arguments, "--store", sqlite)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1


def test_the_stores_of_several_contexts_are_not_guessed(leftfold: Leftfold, market: str) -> None:
    ran = leftfold("trace", "visit A", "--store", market)
    assert ran.code == 2
    assert "--app" in ran.err
