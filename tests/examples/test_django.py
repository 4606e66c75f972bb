"""The bank behind Django, asked through Django's own test client."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings

from examples.web.django_bank import bank_app
from tests.conftest import ROOT

_JSON = "application/json"


@contextmanager
def served(store: str, *, workers: bool = True, patience_s: float = 10.0) -> Generator[Client]:
    with override_settings(BANK_STORE=store, BANK_WORKERS=workers, BANK_PATIENCE_S=patience_s):
        bank_app.cache_clear()
        app = bank_app()
        try:
            client = Client()
            assert client.post("/accounts", {"account": "A", "owner": "ann"}, _JSON).status_code == 201
            yield client
        finally:
            app.close()
            bank_app.cache_clear()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bank.db"


@pytest.fixture
def client(url: str) -> Generator[Client]:
    with served(url) as client:
        yield client


def deposit(client: Client, cents: int, *, account: str = "A", key: str | None = None) -> HttpResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = client.post(f"/accounts/{account}/deposits", {"cents": cents}, _JSON, headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_deposit_is_seen_by_who_hands_its_position_back(client: Client) -> None:
    made = deposit(client, 500)
    assert (made.status_code, made.content) == (201, b'{"account": "A", "cents": 500}')
    shown = client.get("/accounts/A", {"after": made.headers["Leftfold-Position"]})
    assert (shown.status_code, shown.json()) == (200, {"account": "A", "owner": "ann", "cents": 500})


def test_a_request_sent_twice_with_one_key_is_carried_out_once(client: Client) -> None:
    first, second = deposit(client, 5, key="k-1"), deposit(client, 5, key="k-1")
    assert first.headers["Leftfold-Position"] == second.headers["Leftfold-Position"]
    assert first.content == second.content
    assert deposit(client, 6, key="k-1").status_code == 422


def test_errors_are_answered_by_what_they_are(client: Client) -> None:
    assert deposit(client, 0).status_code == 409
    assert deposit(client, 5, account="B").status_code == 404
    assert deposit(client, 5, key="k" * 513).status_code == 422
    assert client.get("/accounts/B").status_code == 404
    assert client.get("/accounts/A", {"after": "soon"}).status_code == 400
    assert client.post("/accounts", {"account": "A"}, _JSON).status_code == 422
    assert client.post("/accounts", {"account": "A", "owner": "bob"}, _JSON).status_code == 409
    assert client.get("/accounts").status_code == 405


def test_rows_that_are_not_there_yet_may_be_asked_for_again(url: str) -> None:
    with served(url, patience_s=0.05) as client:
        asked = client.get("/accounts/A", {"after": 99})
    assert (asked.status_code, asked.headers["Retry-After"]) == (503, "1")


def test_rows_that_nobody_follows_for_are_not_to_be_had_at_all(url: str) -> None:
    with served(url, workers=False) as client:
        asked = client.get("/accounts/A", {"after": 1})
    assert (asked.status_code, asked.headers.get("Retry-After")) == (503, None)


def test_a_store_that_is_held_may_be_tried_again_and_where_it_is_is_nobodys_business(tmp_path: Path) -> None:
    with served(f"sqlite:///{tmp_path}/bank.db?deadline_s=0.1", workers=False) as client:
        with closing(sqlite3.connect(tmp_path / "bank.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            refused = deposit(client, 5)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert str(tmp_path) not in refused.content.decode()
        assert deposit(client, 5).status_code == 201


def test_requests_of_many_threads_are_all_carried_out(client: Client) -> None:
    statuses = list[int]()
    threads = [Thread(target=lambda: statuses.append(deposit(client, 1).status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 8
    assert deposit(client, 1).content == b'{"account": "A", "cents": 9}'


def test_djangos_own_check_of_the_program_finds_nothing(url: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "examples.web.django_bank", "check"],
        cwd=ROOT,
        env={**os.environ, "BANK_STORE": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "no issues" in ran.stdout
