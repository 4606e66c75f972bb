"""Keeps the names and schemas of stored events from changing unnoticed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from leftfold.errors import DefinitionError
from leftfold.messages.lock import Difference, Lock, check_registry, differences, dump_lock, load_lock, lock_of
from leftfold.messages.registry import Registry

__all__ = ["UPDATE_VARIABLE", "check_lock"]

UPDATE_VARIABLE: Final = "LEFTFOLD_UPDATE_LOCK"
"""Environment variable: set to 1, `check_lock` writes what was added into its file."""


def check_lock(path: Path | str, *registries: Registry, update: bool = False) -> None:
    """Fail unless *registries* are exactly what the lock file at *path* says; commit that file.

    A locked event whose class was renamed or moved without `name=` or an alias, or whose schema changed without a new
    version, fails for good: events of it may be stored. New names and versions fail until they are locked, by running
    the test once with `LEFTFOLD_UPDATE_LOCK=1`. An update never takes away or changes what is locked: where no such
    event was ever stored, delete its entry from the file by hand, and lock it anew. Other registries in the file stay.

    Args:
        path: the lock file; it need not exist before the first update.
        registries: of the contexts whose events it holds.
        update: add what is new, as the environment variable does.

    Raises:
        AssertionError: they differ; the message lists every difference and what to do about it.
        DefinitionError: the file is not a lock, or what is given is no registry, or nothing.
    """
    if not registries:
        raise DefinitionError("check_lock() is given no registry, and would hold nothing; give that of each context")
    for registry in registries:
        check_registry(registry)
    file = Path(path)
    locks = load_lock(file.read_text(encoding="utf-8")) if file.exists() else {}
    found = [each for registry in registries for each in differences(locks.get(registry.name, {}), registry)]
    added = [each for each in found if each.kind == "added"]
    if added and (update or os.environ.get(UPDATE_VARIABLE) == "1"):
        for registry in registries:
            locks[registry.name] = _grown(locks.get(registry.name, {}), lock_of(registry))
        file.write_text(dump_lock(locks), encoding="utf-8")
        found = [each for each in found if each.kind != "added"]
    assert not found, _message(file, found)


def _grown(locked: Lock, now: Lock) -> Lock:
    return {name: {**now.get(name, {}), **locked.get(name, {})} for name in {*locked, *now}}


def _message(file: Path, found: list[Difference]) -> str:
    lines = [f"the events differ from the lock file {file}:", *(f"- {each}" for each in found)]
    if any(each.kind == "added" for each in found):
        lines.append(f"To lock what is new, run this test once with {UPDATE_VARIABLE}=1 and commit the file.")
    if any(each.kind != "added" for each in found):
        lines.append("If no such event was ever stored, delete its entry from the file and lock it anew.")
    return "\n".join(lines)
