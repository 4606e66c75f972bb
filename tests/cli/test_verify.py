"""`leftfold verify` finds what is wrong, and nothing where nothing is."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from leftfold import App, Event, applies
from leftfold.domain import Aggregate
from leftfold.store import Snapshot, digest_of
from tests.cli.command import Leftfold

APP = "tests.cli.test_verify:make"


class Paid(Event, name="verify.Paid"):
    amount: Decimal


class Till(Aggregate[Paid], category="till", snapshot_every=3):
    total: Decimal = Decimal(0)

    def pay(self, amount: Decimal) -> None:
        self.record(Paid(amount=amount))

    @applies
    def _paid(self, event: Paid) -> None:
        self.total += event.amount


def make() -> App:
    return App(Till, store="memory:")


def filled(directory: Path, then: Callable[[Snapshot], Snapshot] | None = None) -> str:
    """A store with one till of four events and a snapshot at 3, which *then* may change."""
    store = f"sqlite:///{directory}/tills.db"

    async def fill() -> None:
        async with App(Till, store=store) as app:
            for amount in range(4):
                await app.repository(Till).edit("1", Till.pay, Decimal(amount))
        async with App(Till, store=store) as app:
            (snapshot,) = await app.store.read_snapshots()
            if then is not None:
                await app.store.save_snapshot(then(snapshot))

    asyncio.run(fill())
    return store


def test_a_sound_store_has_no_findings(leftfold: Leftfold, tmp_path: Path) -> None:
    store = filled(tmp_path)
    ran = leftfold("verify", "--store", store, "--app", APP, "--snapshots")
    assert (ran.code, ran.out) == (0, "4 events read, 0 findings\n")
    assert leftfold("verify", "--store", store, "--json").out == ""


def test_events_that_cannot_be_read_are_named(leftfold: Leftfold, tmp_path: Path) -> None:
    store = filled(tmp_path)
    with sqlite3.connect(tmp_path / "tills.db") as raw:
        raw.execute("drop trigger events_no_update")
        raw.execute("""update events set data = '{"amount":"much"}' where version = 2""")
        raw.execute("update events set recorded_at = recorded_at - 1000000000 where version = 4")
    raw.close()
    ran = leftfold("verify", "--store", store, "--app", APP, "--json")
    assert ran.code == 1
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [(each["stream"], each["version"]) for each in found] == [("till-1", 2), ("till-1", 4)]
    assert "DamagedPayload" in found[0]["finding"]
    assert "before the event that it follows" in found[1]["finding"]
    assert leftfold("verify", "--store", store).code == 1


def test_a_snapshot_that_folding_does_not_come_to_is_named_with_what_differs(
    leftfold: Leftfold, tmp_path: Path
) -> None:
    def wrong(snapshot: Snapshot) -> Snapshot:
        state = b'{"total":"7"}'
        return Snapshot(snapshot.key, state, digest_of(snapshot.key, state))

    ran = leftfold("verify", "--store", filled(tmp_path, wrong), "--app", APP, "--snapshots")
    assert ran.code == 1
    assert "till-1 version 3: snapshot: folding again differs in 'total': '7' is '3'" in " ".join(ran.out.split())


def test_a_damaged_snapshot_is_named(leftfold: Leftfold, tmp_path: Path) -> None:
    def damaged(snapshot: Snapshot) -> Snapshot:
        return Snapshot(snapshot.key, b'{"total":"7"}', snapshot.digest)

    ran = leftfold("verify", "--store", filled(tmp_path, damaged), "--app", APP, "--snapshots", "--json")
    assert (ran.code, "is damaged" in json.loads(ran.out)["finding"]) == (1, True)


def test_snapshots_need_the_code_that_folds(leftfold: Leftfold, tmp_path: Path) -> None:
    ran = leftfold("verify", "--store", filled(tmp_path), "--snapshots")
    assert (ran.code, "--app" in ran.err) == (2, True)
