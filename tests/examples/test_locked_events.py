"""The examples' events keep their names and schemas: what is stored must stay readable."""

from __future__ import annotations

from pathlib import Path

from examples.bank.account import AccountEvent
from leftfold.messages import Registry
from leftfold.testing import check_lock

LOCK = Path(__file__).parents[2] / "examples" / "bank" / "events.lock.json"


def test_no_event_of_the_bank_was_renamed_moved_or_changed_unnoticed() -> None:
    check_lock(LOCK, Registry("bank", AccountEvent))
