from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from leftfold import Context
from leftfold.errors import DefinitionError
from leftfold.messages import Event, Registry
from leftfold.messages.lock import lock_of
from leftfold.testing import check_lock
from leftfold.testing.lock import UPDATE_VARIABLE


class Opened(Event):
    owner: str


class Deposited(Event):
    amount: Decimal


class DepositedNow(Event, name="Deposited"):
    amount: int


BANK = Registry("bank", Opened, Deposited)
SHOP = Registry("shop", DepositedNow)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "events.lock.json"
    check_lock(path, BANK, SHOP, update=True)
    return path


def test_what_is_locked_passes_and_the_file_stays(lock: Path) -> None:
    before = lock.read_text()
    check_lock(lock, BANK, SHOP)
    check_lock(lock, BANK, update=True)
    assert lock.read_text() == before
    assert list(json.loads(before)) == ["bank", "shop"]


def test_without_a_file_everything_is_new_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.lock.json"
    with pytest.raises(AssertionError, match=rf"'Opened' v1 is not locked yet[\s\S]*{UPDATE_VARIABLE}=1"):
        check_lock(path, BANK)
    assert not path.exists()


def test_a_new_event_fails_until_the_environment_says_to_lock_it(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grown = Registry("bank", Opened, Deposited, type("Closed", (Event,), {}))
    with pytest.raises(AssertionError, match="'Closed' v1 is not locked yet"):
        check_lock(lock, grown)
    monkeypatch.setenv(UPDATE_VARIABLE, "1")
    check_lock(lock, grown)
    monkeypatch.delenv(UPDATE_VARIABLE)
    check_lock(lock, grown, SHOP)


def test_an_update_never_forgets_or_changes_what_is_locked(lock: Path) -> None:
    before = json.loads(lock.read_text())
    changed = Registry("bank", DepositedNow, type("Closed", (Event,), {}))
    with pytest.raises(AssertionError) as caught:
        check_lock(lock, changed, update=True)
    said = str(caught.value)
    assert "bank: event 'Deposited' v1 has another schema" in said
    assert "bank: event 'Opened' v1 is locked, but no class" in said
    assert "Closed" not in said
    assert "delete its entry" in said
    after = json.loads(lock.read_text())
    assert after["bank"].pop("Closed")
    assert after == before


def test_a_broken_file_is_a_definition_error(lock: Path) -> None:
    lock.write_text("<<<<<<< HEAD\n" + lock.read_text())
    with pytest.raises(DefinitionError, match="committed"):
        check_lock(lock, BANK)


@pytest.mark.parametrize("wrong", [None, Context("bank"), Opened, Registry])
def test_only_a_registry_is_held_to_a_lock(lock: Path, wrong: object) -> None:
    for asked in (partial(check_lock, lock, BANK), lock_of):
        with pytest.raises(DefinitionError, match=r"is no Registry; give that of a context, as App\(context"):
            asked(cast("Registry", wrong))


def test_a_lock_that_nothing_is_held_to_does_not_pass(lock: Path) -> None:
    with pytest.raises(DefinitionError, match="is given no registry, and would hold nothing"):
        check_lock(lock)


class OpenedBefore(Event, name="Opening"):
    name: str


class OpenedChanged(Event, name="Opening"):
    name: str
    why: str


def opening_is_opened(old: OpenedBefore) -> Opened:
    return Opened(owner=old.name)


def changed_is_opened(old: OpenedChanged) -> Opened:
    return Opened(owner=old.name)


def test_a_class_that_only_an_upcast_knows_stays_locked(lock: Path) -> None:
    upcasting = Registry("bank", Opened, Deposited, upcasts=[opening_is_opened])
    with pytest.raises(AssertionError, match="'Opening' v1 is not locked yet"):
        check_lock(lock, upcasting)
    check_lock(lock, upcasting, update=True)
    check_lock(lock, upcasting)
    with pytest.raises(AssertionError, match="'Opening' v1 is locked, but no class stands for it"):
        check_lock(lock, BANK)
    with pytest.raises(AssertionError, match="'Opening' v1 has another schema"):
        check_lock(lock, Registry("bank", Opened, Deposited, upcasts=[changed_is_opened]))
