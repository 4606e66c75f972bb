"""`leftfold audit` and `leftfold schema check`."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path

from leftfold import App, Envelope, Event, Expected, Metadata
from leftfold.app import open_store
from leftfold.messages.codec import Codec
from leftfold.messages.registry import Registry
from leftfold.store import EventStore
from tests.cli.command import Leftfold
from tests.cli.test_verify import APP, Paid, Till, filled


class Refunded(Event, name="verify.Refunded"):
    amount: Decimal


def refunded(store: str) -> str:
    """Adds what the app of the tests does not know, by somebody."""

    async def add() -> None:
        opened = await open_store(store)
        events = EventStore(opened, Codec(Registry("newer", Paid, Refunded)))
        who = Metadata(actor="ann", command_id="c-7", extra={"ticket": "42"})
        await events.append("till-2", Envelope(event=Paid(amount=Decimal(9)), metadata=who), expected=Expected.ANY)
        await events.append("till-3", Refunded(amount=Decimal(1)), Refunded(amount=Decimal(2)), expected=Expected.ANY)
        await opened.close()

    asyncio.run(add())
    return store


def test_the_trail_says_who_when_why_and_what_changed(leftfold: Leftfold, tmp_path: Path) -> None:
    store = refunded(filled(tmp_path))
    ran = leftfold("audit", "till-2", "--store", store, "--app", APP, "--json")
    assert ran.code == 0
    entry = json.loads(ran.out)
    assert entry["metadata"] == {"command_id": "c-7", "actor": "ann", "extra": {"ticket": "42"}}
    assert entry["event"] == {"amount": "9"}
    assert entry["changed"] == {"total": {"before": None, "after": "9"}}
    told = leftfold("audit", "till-2", "--store", store, "--app", APP).out
    for part in ("1  verify.Paid  by ann", "command c-7", "ticket 42", "total: None -> 9", "recorded"):
        assert part in told
    assert "->" not in leftfold("audit", "till-2", "--store", store).out
    assert leftfold("audit", "till-9", "--store", store).code == 1


def test_each_kind_of_event_is_counted_and_what_is_not_read_has_an_example(leftfold: Leftfold, tmp_path: Path) -> None:
    store = filled(tmp_path)
    assert leftfold("schema", "check", "--store", store, "--app", APP).code == 0
    ran = leftfold("schema", "check", "--store", refunded(store), "--app", APP, "--json")
    assert ran.code == 1
    paid, unknown = (json.loads(line) for line in ran.out.splitlines())
    assert (paid["type"], paid["events"], paid["unreadable"]) == ("verify.Paid", 5, 0)
    assert (unknown["type"], unknown["events"], unknown["unreadable"]) == ("verify.Refunded", 2, 2)
    assert (unknown["example"]["stream"], unknown["example"]["error"]) == ("till-3", "UnknownEventType")
    told = leftfold("schema", "check", "--store", store, "--app", APP)
    assert "2 kinds of event, 1 not read" in told.out
    assert leftfold("schema", "check", "--store", store).code == 2


def test_what_an_upcast_makes_of_it_is_told(leftfold: Leftfold, tmp_path: Path) -> None:
    store = refunded(filled(tmp_path))
    ran = leftfold("schema", "check", "--store", store, "--app", "tests.cli.test_audit_and_schema:upcasting")
    assert (ran.code, "verify.Paid" in ran.out) == (0, True)


def as_payment(old: Refunded) -> Paid:
    return Paid(amount=-old.amount)


def upcasting() -> App:
    return App(Till, store="memory:", upcasts=[as_payment])
