"""Planting a named fault into this process."""

from __future__ import annotations

import os

__all__ = ["VARIABLE", "plant_from_environment"]

VARIABLE = "LEFTFOLD_FAULT"
"""Environment variable that names the fault; children of a process inherit it."""


def plant_from_environment(*, child: bool = False) -> None:
    """Plant the fault that the environment names, if any.

    Args:
        child: whether this process was started by a test.
    """
    if name := os.environ.get(VARIABLE):
        from tests.faults.catalogue import FAULTS

        if child or not FAULTS[name].children:
            FAULTS[name].plant()
