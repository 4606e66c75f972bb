"""Faults by name: what each changes in the running code, and which tests have to notice."""

from __future__ import annotations

from typing import Final

from tests.faults import following, languages, moving, processes, sagas, storing, time_and_change
from tests.faults.changes import Fault

__all__ = ["FAULTS"]

FAULTS: Final[dict[str, Fault]] = {
    **storing.FAULTS,
    **time_and_change.FAULTS,
    **following.FAULTS,
    **processes.FAULTS,
    **sagas.FAULTS,
    **languages.FAULTS,
    **moving.FAULTS,
}
