"""Names of a room that are imported when they are asked for: most programs need few of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

__all__ = ["names_of"]


def names_of(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """What a package takes for `__getattr__` and `__dir__`, in this order.

    Args:
        package: its `__name__`.
        modules: the names that each of its modules has, by module.

    Source: PEP 562.
    """
    places = {name: module for module, names in modules.items() for name in names}

    def found(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{places[name]}"), name)

    def known() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places})

    return found, known
