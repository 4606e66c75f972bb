"""A fault, and how running code is changed: SQL and source by their text, so that a fault says what it changes."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Final

from leftfold.adapters.postgres import schema as postgres_schema
from leftfold.adapters.sqlite import schema as sqlite_schema
from leftfold.store.schema import Migration

__all__ = ["Fault", "both", "in_code", "in_postgres", "in_sqlite", "in_text", "with_changes"]

_AS_HERE: Final = annotations.compiler_flag
"""Annotations are left alone, as `from __future__ import annotations` says at the top of every file."""


@dataclass(frozen=True)
class Fault:
    """A fault that can be planted into a process.

    Args:
        plant: changes the running code.
        tests: files or tests, one of which has to go red.
        shows: what the red test has to say, so that it is red for the right reason.
        only: which of their tests are run, as pytest's `-k` reads it.
        children: whether it goes into the child processes of the tests alone, so that they judge with sound code.
    """

    plant: Callable[[], None]
    tests: tuple[str, ...]
    shows: str
    only: str = ""
    children: bool = False


def in_postgres(*changes: tuple[str, str], version: int = 1) -> Callable[[], None]:
    """Change the SQL of one version of a PostgreSQL store; every text to change has to be there."""

    def plant() -> None:
        original: Callable[[Migration, str], str] = getattr(postgres_schema, "_step")  # noqa: B009

        def changed(migration: Migration, schema: str) -> str:
            named = [tuple(text.replace(":schema", f'"{schema}"') for text in change) for change in changes]
            text = original(migration, schema)
            return with_changes(text, [(old, new) for old, new in named]) if migration.version == version else text

        setattr(postgres_schema, "_step", changed)  # noqa: B010

    return plant


def both(*plants: Callable[[], None]) -> Callable[[], None]:
    """Plant one after another."""

    def plant() -> None:
        for one in plants:
            one()

    return plant


def in_sqlite(*changes: tuple[str, str]) -> Callable[[], None]:
    """Change the SQL of the first version of an SQLite store."""

    def plant() -> None:
        original: Callable[[Migration], str] = getattr(sqlite_schema, "_text")  # noqa: B009

        def changed(migration: Migration) -> str:
            text = original(migration)
            return with_changes(text, changes) if migration.version == 1 else text

        setattr(sqlite_schema, "_text", changed)  # noqa: B010

    return plant


def in_text(owner: object, name: str, *changes: tuple[str, str]) -> Callable[[], None]:
    """Change a text that a module or class keeps under a name."""

    def plant() -> None:
        setattr(owner, name, with_changes(getattr(owner, name), changes))

    return plant


def in_code(owner: object, name: str, *changes: tuple[str, str]) -> Callable[[], None]:
    """Change the source of a function of a module or class, for everybody who has it already, too."""

    def plant() -> None:
        function: FunctionType = getattr(owner, name)
        lines, number = inspect.getsourcelines(function)
        source = "\n" * (number - 1) + with_changes(textwrap.dedent("".join(lines)), changes)
        code = compile(source, inspect.getfile(function), "exec", _AS_HERE)
        made: dict[str, FunctionType] = {}
        exec(code, function.__globals__, made)
        function.__code__ = made[function.__name__].__code__

    return plant


def with_changes(text: str, changes: Sequence[tuple[str, str]]) -> str:
    """*text* with each old part replaced by the new one; an old part that is not there is an error."""
    for old, new in changes:
        if old not in text:
            raise LookupError(f"the fault finds no {old!r} to change")
        text = text.replace(old, new)
    return text
