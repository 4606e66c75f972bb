"""Whose a module is: each context and each shared kernel has a package, and what is in none is nobody's."""

from __future__ import annotations

from collections.abc import Sequence

from leftfold.borders.uses import KERNEL
from leftfold.contexts.context import Context
from leftfold.contexts.relations import SharedKernel

__all__ = ["Territory", "is_inside", "is_published"]


class Territory:
    """Finds the owner of a module.

    Args:
        contexts: those with a package own what is in it.
        kernels: likewise.
    """

    def __init__(self, contexts: Sequence[Context], kernels: Sequence[SharedKernel] = ()) -> None:
        self.packages: dict[str, str] = {one.package: one.name for one in contexts if one.package}
        """Owners by package."""
        self.packages |= {kernel.package: f"{KERNEL}{kernel.kernel}" for kernel in kernels}
        self._known: dict[str, str] = {}

    def owner(self, module: str) -> str:
        """Name of the context whose *module* is, `kernel/NAME` for a kernel's; empty when it is nobody's."""
        found = self._known.get(module)
        if found is None:
            found = self.packages.get(module)
            if found is None:
                above = module.rpartition(".")[0]
                found = self.owner(above) if above else ""
            self._known[module] = found
        return found


def is_inside(module: str, package: str) -> bool:
    """Whether *module* is *package* or in it."""
    return module == package or module.startswith(f"{package}.")


def is_published(context: Context, module: str) -> bool:
    """Whether others may import *module* of *context*: it says so, or it is in a package that says so.

    Publishing the context's own package publishes what that itself holds, and no module below it.
    """
    return any(module == one or (one != context.package and module.startswith(f"{one}.")) for one in context.published)
