from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.conftest import ROOT
from tests.examples.commands import python

FIGURES = [
    {
        "pattern": 61,
        "ok": True,
        "shown": {
            "balance": "1300",
            "version": 3,
            "overdraw": "refused",
            "conflict": {"expected": 0, "actual": 3},
        },
    },
    {
        "pattern": 62,
        "ok": True,
        "shown": {
            "one_by_one": {"snapshot": 200, "replayed": 50},
            "at_once": {"snapshot": 250, "replayed": 0},
            "balance": "3490",
            "version": 250,
        },
    },
    {
        "pattern": 63,
        "ok": True,
        "shown": {
            "as_of": "1500",
            "now": "1300",
            "history": ["1000", "1500", "1300"],
            "late_range_starts_at": "1500",
            "known_then": "1500",
            "known_now": "1400",
        },
    },
    {
        "pattern": 64,
        "ok": True,
        "shown": {"USD": "1000", "EUR": "500", "chain": 3, "stored_bytes_unchanged": True},
    },
    {
        "pattern": 65,
        "ok": True,
        "shown": {
            "summary": {"deposits": "1500", "withdrawals": "200", "balance": "1300", "transactions": 3},
            "volume": {"deposits": "3800", "withdrawals": "200"},
            "active": 2,
            "rebuilt_equal": True,
        },
    },
    {
        "pattern": 66,
        "ok": True,
        "shown": {"balance": "1500", "owner_accounts": 1, "unknown_command": "UnknownCommand"},
    },
    {
        "pattern": 67,
        "ok": True,
        "shown": {"stale_first": True, "caught_up": True, "timeout_names_version": True},
    },
    {
        "pattern": 68,
        "ok": True,
        "shown": {
            "list_balance": "20000",
            "search_hits": 1,
            "tags": ["active", "high-balance", "new-account"],
            "tags_after_withdrawal": ["active", "new-account"],
        },
    },
    {"pattern": 69, "ok": True, "shown": {"pending_before": 1, "pending_after": 0}},
    {
        "pattern": 70,
        "ok": True,
        "shown": {
            "reads": ["miss", "hit", "invalidated", "miss", "hit"],
            "balances": ["1000", "1000", "1500", "1500"],
        },
    },
    {
        "pattern": 71,
        "ok": True,
        "shown": {
            "completed": ["Reserve Inventory", "Process Payment", "Ship Order"],
            "compensated_in": ["Process Payment", "Reserve Inventory"],
            "in_doubt_undone_first": "Ship Order",
            "parked": 1,
            "others_undone": True,
        },
    },
    {
        "pattern": 72,
        "ok": True,
        "shown": {
            "flow": ["OrderPlaced", "InventoryReserved", "PaymentProcessed", "OrderShipped", "OrderCompleted"],
            "cancelled_flow": [
                "OrderPlaced",
                "InventoryReserved",
                "PaymentFailed",
                "OrderCancelled",
                "InventoryReleased",
            ],
        },
    },
    {
        "pattern": 73,
        "ok": True,
        "shown": {
            "executions": 1,
            "attempts": 3,
            "killed_after": "Reserve Inventory",
            "resumed_from": "Process Payment",
        },
    },
    {
        "pattern": 74,
        "ok": True,
        "shown": {
            "status": "completed",
            "ignored": 1,
            "payment_attempts": 3,
            "amounts": ["100", "100", "100"],
            "final": "failed",
            "refunded_when_cancelled_after_payment": True,
            "branch": "alternate warehouse",
        },
    },
    {"pattern": 75, "ok": True, "shown": {"status": "payment_pending", "version": 1, "conflict": True}},
    {"pattern": 76, "ok": True, "shown": {"payment_timeout": True, "fired": 1, "cancelled_timer_fired": 0}},
    {
        "pattern": 77,
        "ok": True,
        "shown": {
            "conformist_cents": 9999,
            "translated_cents": 9999,
            "order_placed": True,
            "partner_informed": True,
            "violations": [{"rule": "no-relation", "file": "shipping.py"}],
        },
    },
    {
        "pattern": 78,
        "ok": True,
        "shown": {
            "total": "USD 200",
            "negative": "refused",
            "bad_id": "refused",
            "mixed_currencies": "refused",
            "unapproved_change": "found",
        },
    },
    {
        "pattern": 79,
        "ok": True,
        "shown": {
            "consumed": "ORDER-001",
            "unsupported_version": [1, 2],
            "cloudevent_valid": True,
            "breaking": {
                "rule": "required-property-removed",
                "path": "/currency",
                "witness": {"order": "", "placed_at": "2000-01-01T00:00:00Z", "country": "AA", "total_cents": 0},
            },
        },
    },
    {
        "pattern": 80,
        "ok": True,
        "shown": {
            "direct": ["Sales", "Support", "Marketing"],
            "registered": ["Sales"],
            "affected_named": 6,
            "affected_registered": 2,
            "sales_dependencies": ["Customer", "Inventory"],
            "one_sided": ["Billing -> Customer"],
        },
    },
]


def lines(stdout: str) -> list[object]:
    return [json.loads(line) for line in stdout.splitlines()]


def test_every_pattern_comes_to_its_figures_and_does_so_again_on_the_same_store(store: str) -> None:
    for _ in range(2):
        ran = python("-m", "examples.tour", "--json", "--store", store)
        assert ran.returncode == 0, ran.stderr
        assert lines(ran.stdout) == FIGURES


def test_files_that_an_older_release_has_made_are_brought_up_to_date(tmp_path: Path) -> None:
    for name in ("tour", "tour_sales"):
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as connection:
            connection.executescript((ROOT / "tests" / "golden" / "sqlite_1.sql").read_text("utf-8"))
    ran = python("-m", "examples.tour", "61", "69", "--json", "--store", f"sqlite:///{tmp_path}/tour.db")
    assert lines(ran.stdout) == [each for each in FIGURES if each["pattern"] in (61, 69)], ran.stderr


def test_a_pattern_can_be_chosen_and_the_store_come_from_the_environment(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/chosen.db"
    ran = python("-m", "examples.tour", "61", "--json", store=store)
    assert lines(ran.stdout) == FIGURES[:1], ran.stderr
    assert ran.stderr.strip() == f"store: {store}"
    assert (tmp_path / "chosen.db").exists()


def test_a_person_reads_what_it_does_what_came_out_and_where_to_read_on(tmp_path: Path) -> None:
    ran = python("-m", "examples.tour", "61", "62", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("store: sqlite:///var/tour.db\n")
    assert (tmp_path / "var" / "tour.db").exists()
    for word in (
        "61  Event store",
        "folded",
        "balance",
        '"1300"',
        "should be",
        "examples/tour/event_store.py, ",
        " ms",
    ):
        assert word in ran.stdout


def test_a_pattern_that_misses_its_figures_is_not_ok_and_fails_the_run(tmp_path: Path) -> None:
    missed = (
        "from examples.tour import __main__, event_store\n"
        "event_store.FIGURES = {**event_store.FIGURES, 'version': 4}\n"
        f"__main__.cli(['61', '62', '--json', '--store', 'sqlite:///{tmp_path}/missed.db'])"
    )
    ran = python("-c", missed)
    assert ran.returncode == 1
    assert lines(ran.stdout) == [{**FIGURES[0], "ok": False}, FIGURES[1]]


def test_an_unknown_pattern_and_a_wrong_store_are_told_in_one_line() -> None:
    unknown = python("-m", "examples.tour", "7", "--json")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    numbers = ", ".join(str(figure["pattern"]) for figure in FIGURES)
    assert unknown.stderr == f"there is no pattern 7 here; there are {numbers}\n"
    wrong = python("-m", "examples.tour", "--json", "--store", "sqlit:///x.db")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "store URL 'sqlit:///x.db'" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_tour_that_nobody_reads_ends_quietly(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    store = f"sqlite:///{tmp_path}/tour.db"
    for form in ([], ["--json"]):
        command = [sys.executable, "-m", "examples.tour", "61", "--store", store, *form]
        ran = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
        assert ran.returncode == 0
        assert "Error" not in ran.stderr
    os.close(writing)
