"""`leftfold audit` and `leftfold schema check`."""

from __future__ import annotations

import asyncio
import sqlite3
from decimal import Decimal

import pytest

from leftfold import App, Envelope, Event, Expected, Metadata
from leftfold.app import open_store
from leftfold.messages.codec import Codec
from leftfold.messages.registry import Registry
from leftfold.store import EventStore
from tests.cli.command import Leftfold, event, record, stored
from tests.cli.tills import APP, Paid, Till, day, fill, told_late

UPCASTING = "tests.cli.test_audit_and_schema:upcasting"
AUDIT = ("audit", "till-2", "--store")


class Refunded(Event, name="verify.Refunded"):
    amount: Decimal


class Opened(Event, name="verify.Opened"):
    pass


def as_payment(old: Refunded) -> Paid | tuple[Paid, Paid]:
    paid = Paid(amount=-old.amount)
    return paid if old.amount == 1 else (paid, paid)


def dropped(_old: Opened) -> None:
    return None


def upcasting() -> App:
    return App(Till, store="memory:", upcasts=[as_payment, dropped])


def refunded(store: str) -> str:
    """Adds what the app of the tests does not know, by somebody."""

    async def add() -> None:
        opened = await open_store(store)
        events = EventStore(opened, Codec(Registry("newer", Paid, Refunded)))
        who = Metadata(actor="ann", command_id="c-7", causation_id="m-1", correlation_id="r-9", extra={"ticket": "42"})
        await events.append("till-2", Envelope(event=Paid(amount=Decimal(9)), metadata=who), expected=Expected.ANY)
        await events.append("till-2", Paid(amount=Decimal(2)), expected=Expected.ANY)
        await events.append("till-3", Refunded(amount=Decimal(1)), Refunded(amount=Decimal(2)), expected=Expected.ANY)
        await opened.close()

    asyncio.run(add())
    return store


def test_a_fold_that_raises_ends_the_trail_with_its_event(leftfold: Leftfold, sqlite: str) -> None:
    ran = leftfold("audit", "till-1", "--store", fill(sqlite), "--app", "tests.cli.tills:raising")
    said = "stream 'till-1' version 1: the fold tests.cli.tills:Raising._paid raised KeyError: 'lost'. Mend the fold\n"
    assert ran == (1, "", f"leftfold: {said}")


def test_the_trail_says_who_when_why_and_what_changed(leftfold: Leftfold, url: str) -> None:
    store = refunded(fill(url))
    first, second = leftfold(*AUDIT, store, "--app", APP, "--json").lines
    log = {each.version: each for each in stored(store) if each.stream == "till-2"}
    assert first["metadata"] == {
        "command_id": "c-7",
        "causation_id": "m-1",
        "correlation_id": "r-9",
        "actor": "ann",
        "extra": {"ticket": "42"},
    }
    assert (first["version"], first["id"], first["type"]) == (1, str(log[1].id), "verify.Paid")
    assert (first["event"], first["changed"]) == ({"amount": "9"}, {"total": {"before": None, "after": "9"}})
    assert (second["metadata"], second["changed"]) == ({}, {"total": {"before": "9", "after": "11"}})
    told = leftfold(*AUDIT, store, "--app", APP)
    assert told.code == 0
    for part in (
        "1  verify.Paid  by ann",
        f"id {log[1].id}",
        "command c-7",
        "caused by m-1",
        "correlation r-9",
        "ticket 42",
        '{"amount":"9"}',
        'total: null -> "9"',
        "2  verify.Paid  by nobody named",
        'total: "9" -> "11"',
    ):
        assert part in told.out


def test_without_an_app_the_trail_says_all_but_what_changed(leftfold: Leftfold, url: str) -> None:
    store = refunded(fill(url))
    first, second = leftfold(*AUDIT, store, "--json").lines
    assert (first["data"], "event" in first, "changed" in first) == ({"amount": "9"}, False, False)
    assert second["version"] == 2
    assert "->" not in leftfold(*AUDIT, store).out


def test_when_it_happened_is_told_beside_when_it_was_recorded(leftfold: Leftfold, sqlite: str) -> None:
    _, late, _ = leftfold("audit", "till-1", "--store", told_late(sqlite), "--json").lines
    assert (late["recorded_at"], late["occurred_at"]) == ("2026-03-20T12:00:00Z", "2026-03-10T12:00:00Z")
    told = leftfold("audit", "till-1", "--store", sqlite).out
    assert f"recorded {day(20):%Y-%m-%d %H:%M}:00.000 UTC, happened {day(10):%Y-%m-%d %H:%M}:00.000 UTC" in told


def test_the_trail_of_a_range_of_times_says_what_changed_since_the_first_event(leftfold: Leftfold, sqlite: str) -> None:
    audit = (
        "audit",
        "till-1",
        "--store",
        told_late(sqlite),
        "--json",
        "--since",
        "2026-03-20",
        "--until",
        "2026-03-24",
    )
    (late,) = leftfold(*audit, "--app", APP).lines
    assert (late["version"], late["changed"]) == (2, {"total": {"before": "100", "after": "107"}})
    assert [each["version"] for each in leftfold(*audit).lines] == [2]
    assert leftfold("audit", "till-1", "--store", sqlite, "--since", "2026-03-26") == (0, "", "")


def test_what_upcasts_make_of_an_event_changes_the_state(leftfold: Leftfold, sqlite: str) -> None:
    audit = ("audit", "till-3", "--store", refunded(fill(sqlite)), "--app", UPCASTING)
    one, two = leftfold(*audit, "--json").lines
    assert (one["type"], one["data"], one["event"]) == ("verify.Refunded", {"amount": "1"}, {"amount": "-1"})
    assert one["changed"] == {"total": {"before": None, "after": "-1"}}
    assert two["events"] == [{"type": "verify.Paid", "schema_version": 1, "event": {"amount": "-2"}}] * 2
    assert two["changed"] == {"total": {"before": "-1", "after": "-5"}}
    assert 'read as verify.Paid {"amount":"-1"}' in leftfold(*audit).out


def test_the_trail_ends_at_an_event_that_the_app_cannot_read(leftfold: Leftfold, url: str) -> None:
    store = refunded(fill(url))
    record(store, ("till-2", [event("verify.Refunded", '{"amount":"1"}'), event("verify.Paid", '{"amount":"1"}')]))
    ran = leftfold(*AUDIT, store, "--app", APP, "--json")
    assert (ran.code, [each["version"] for each in ran.lines]) == (1, [1, 2])
    assert "stream 'till-2' version 3" in ran.err
    assert [each["version"] for each in leftfold(*AUDIT, store, "--json").lines] == [1, 2, 3, 4]


def test_a_payload_that_is_damaged_is_told_and_fails_the_trail(leftfold: Leftfold, sqlite: str) -> None:
    fill(sqlite)
    with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as raw:
        raw.execute("drop trigger events_no_update")
        raw.execute("update events set data = '{' where version = 2")
    raw.close()
    ran = leftfold("audit", "till-1", "--store", sqlite, "--json")
    assert (ran.code, ["unreadable" in each for each in ran.lines]) == (1, [False, True, False, False])
    assert "DamagedPayload" in leftfold("audit", "till-1", "--store", sqlite).out


@pytest.mark.parametrize(
    ("stream", "app", "said", "code"),
    [
        ("till-9", [], "'till-9' has no events", 1),
        ("till-9", ["--app", APP], "'till-9' has no events", 1),
        ("other-1", ["--app", APP], "it has box, till", 2),
        ("", [], "stream name", 2),
        ("till-1", ["--app", "tests.cli.tills:nothing"], "could not be loaded", 2),
        ("till-1", ["--app", "sys:exit"], "could not be loaded: SystemExit", 2),
        ("till-1", ["--app", "tests.cli.tills:in_sync"], "is a SyncApp; name the App whose sync() made it", 2),
        (
            "till-1",
            ["--app", "tests.cli.tills:Till"],
            "is the class Till; name an App, or a function that makes one",
            2,
        ),
    ],
)
def test_a_stream_that_has_no_trail_is_told(
    leftfold: Leftfold, sqlite: str, stream: str, app: list[str], said: str, code: int
) -> None:
    ran = leftfold("audit", stream, "--store", fill(sqlite), *app)
    assert (ran.code, said in ran.err, ran.out) == (code, True, "")


def test_each_kind_of_event_is_counted_and_what_is_not_read_has_an_example(leftfold: Leftfold, url: str) -> None:
    check = ("schema", "check", "--store", fill(url), "--app", APP)
    assert leftfold(*check, "--json").lines == [
        {
            "type": "verify.Paid",
            "schema_version": 1,
            "events": 4,
            "unreadable": 0,
            "dropped": 0,
            "read_as": ["verify.Paid"],
        }
    ]
    assert leftfold(*check).code == 0
    refunded(url)
    ran = leftfold(*check, "--json")
    assert ran.code == 1
    paid, unknown = ran.lines
    assert (paid["type"], paid["events"], paid["unreadable"]) == ("verify.Paid", 6, 0)
    assert (unknown["type"], unknown["events"], unknown["unreadable"]) == ("verify.Refunded", 2, 2)
    assert isinstance(example := unknown["example"], dict)
    assert (example["stream"], example["version"], example["error"]) == ("till-3", 1, "UnknownEventType")
    assert "Register its class" in example["reason"]
    told = leftfold(*check)
    assert "till-3 version 1: UnknownEventType" in told.out
    assert told.out.endswith("2 kinds of event, 1 not read\n")


def test_a_kind_that_is_read_but_for_one_event_is_not_read(leftfold: Leftfold, url: str) -> None:
    record(url, ("till-1", [event("verify.Paid", '{"amount":"1"}'), event("verify.Paid", '{"amount":"x"}')]))
    (kind,) = leftfold("schema", "check", "--store", url, "--app", APP, "--json").lines
    assert (kind["events"], kind["unreadable"], kind["read_as"]) == (2, 1, ["verify.Paid"])
    assert isinstance(example := kind["example"], dict)
    assert (example["version"], example["error"]) == (2, "DamagedPayload")


def test_versions_of_one_type_are_kinds_of_their_own(leftfold: Leftfold, sqlite: str) -> None:
    async def newer() -> None:
        class PaidV2(Event, name="verify.Paid", version=2):
            cents: int

        store = await open_store(sqlite)
        await EventStore(store, Codec(Registry("newer", PaidV2))).append(
            "till-1", PaidV2(cents=1), expected=Expected.ANY
        )
        await store.close()

    fill(sqlite)
    asyncio.run(newer())
    ran = leftfold("schema", "check", "--store", sqlite, "--app", APP, "--json")
    assert [(each["schema_version"], each["unreadable"]) for each in ran.lines] == [(1, 0), (2, 1)]
    assert isinstance(example := ran.lines[1]["example"], dict)
    assert example["error"] == "UnknownSchemaVersion"


def test_what_upcasts_make_of_a_kind_is_told(leftfold: Leftfold, url: str) -> None:
    refunded(fill(url))
    record(url, ("till-4", [event("verify.Opened")]))
    check = ("schema", "check", "--store", url, "--app", UPCASTING)
    ran = leftfold(*check, "--json")
    assert ran.code == 0
    assert [(each["type"], each["read_as"], each["dropped"]) for each in ran.lines] == [
        ("verify.Opened", [], 1),
        ("verify.Paid", ["verify.Paid"], 0),
        ("verify.Refunded", ["verify.Paid"], 0),
    ]
    assert "nothing: an upcast drops it" in leftfold(*check).out


def test_an_empty_store_has_no_kinds(leftfold: Leftfold, url: str) -> None:
    ran = leftfold("schema", "check", "--store", url, "--app", APP)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "0 kinds of event, 0 not read")


@pytest.mark.parametrize(
    ("arguments", "said"), [(["check"], "--app"), ([], "ACTION"), (["frob", "--app", APP], "frob")]
)
def test_a_check_that_cannot_be_made_is_refused(
    leftfold: Leftfold, sqlite: str, arguments: list[str], said: str
) -> None:
    ran = leftfold("schema", *arguments, "--store", fill(sqlite))
    assert (ran.code, said in ran.err, ran.out) == (2, True, "")
