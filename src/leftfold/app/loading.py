"""Imports what an app is opened with before its first call does, in whichever thread.

A process that forks while a thread imports leaves its child with a lock of that import that nobody releases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from leftfold.contexts.context import Context
from leftfold.store.port import Store

__all__ = ["load"]

_SAGAS: Final = ("app.settling", "app.sync_sagas", "processes.engine", "processes.saga_carrier")
_PROCESSES: Final = ("app.coordinating", "app.posting", "app.settling", "app.sync_processes", "processes.engine")


def load(contexts: Collection[Context], stores: Iterable[str | Store]) -> None:
    """Import what *contexts* need on *stores*, open ones or their URLs."""
    if any(one.sagas for one in contexts):
        _import(*_SAGAS)
    if any(one.processes or one.command_reactions or one.saga_starts for one in contexts):
        _import(*_PROCESSES)
    schemes = {one.partition(":")[0] for one in stores if isinstance(one, str)}
    if "sqlite" in schemes:
        _import("adapters.sqlite")
        import_module("importlib.readers")  # of the statements that make a new file
    if schemes & {"postgresql", "postgres"} and find_spec("asyncpg") is not None:
        _import("adapters.postgres")


def _import(*names: str) -> None:
    for name in names:
        import_module(f"leftfold.{name}")
