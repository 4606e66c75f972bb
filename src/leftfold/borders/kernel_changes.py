"""How two states of a shared kernel differ, element by element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from msgspec import Struct

from leftfold.borders.kernel_code import ORDER
from leftfold.borders.kernel_contents import SCHEMA

__all__ = ["KernelChange", "in_words", "kernel_changes"]

_MOST: Final = 8


class KernelChange(Struct, frozen=True, order=True):
    """An element that two states have differently.

    Args:
        element: its name, as in `KernelContents.elements`.
        kind: what became of it.
    """

    element: str
    kind: Literal["added", "changed", "removed"]

    def __str__(self) -> str:
        for ending, what in ((ORDER, "the order in"), (SCHEMA, "the schema of")):
            if self.element.endswith(ending):
                return f"{self.kind} {what} {self.element.removesuffix(ending).rstrip(':.')}"
        return f"{self.kind} {self.element}"


def kernel_changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[KernelChange, ...]:
    """What is different in *new*, by name.

    Of a class or module that was added or removed, only itself is told. A change of order is told where no member was
    added or removed.

    Args:
        old: digests by name of element.
        new: likewise.
    """
    added, removed = new.keys() - old.keys(), old.keys() - new.keys()
    changed = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    told = {name for group in (added, removed) for name in group if not set(_owners(name)) & group}
    resized = {_owner(name) for name in told if not name.endswith(ORDER)} | changed
    return tuple(
        KernelChange(name, "changed" if name in changed else "added" if name in added else "removed")
        for name in sorted(told | changed)
        if not (name.endswith(ORDER) and _owner(name) in resized)
    )


def in_words(changes: Iterable[KernelChange], most: int = _MOST) -> str:
    """Changes in one sentence, at most *most* of them by name."""
    said = [str(change) for change in changes]
    return ", ".join(said[:most]) + (f", and {len(said) - most} more" if len(said) > most else "")


def _owner(name: str) -> str:
    """What defines an element: a class, a module, or nothing."""
    outer, dot, _ = name.rpartition(".")
    if ":" in outer:
        return outer
    module, colon, _ = name.rpartition(":")
    return module if colon else outer if dot and "/" not in name else ""


def _owners(name: str) -> Iterable[str]:
    while name := _owner(name):
        yield name
