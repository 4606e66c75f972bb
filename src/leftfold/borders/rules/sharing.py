"""Shared kernels: they know no context, only those who share them know them, and they are small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leftfold.borders.case import Case
from leftfold.borders.uses import KERNEL
from leftfold.contexts.findings import Finding

__all__ = ["LARGEST_KERNEL", "sharing"]

LARGEST_KERNEL: Final = 500
"""Lines of code of a shared kernel, above which there is a warning; empty lines and comments are not counted."""


def sharing(case: Case) -> Iterator[Finding]:
    """*kernel-imports-context*: a kernel imports a context. *kernel-outsider*: a context imports a kernel that it does
    not share. *kernel-size*, a warning: a kernel has more than `LARGEST_KERNEL` lines of code. *kernel-unused*, a
    warning: who shares it does not import it.

    Source: Evans 2003, "Domain-Driven Design", chapter 14, "Shared Kernel".
    """
    kernels = {f"{KERNEL}{one.kernel}": one for one in case.map.kernels}
    importing: set[tuple[str, str]] = set()
    for use in case.uses:
        if use.user in kernels and use.used in case.contexts:
            kernel = kernels[use.user]
            yield Finding(
                rule="kernel-imports-context",
                contexts=tuple(sorted({use.used, *(one.name for one in kernel.contexts)})),
                message=f"{use.deed}: kernel {kernel.kernel!r} knows no context; move what it needs into it",
                declared_at=kernel.place,
                found_at=use.found_at,
                subject=use.key,
            )
        elif use.used in kernels:
            kernel = kernels[use.used]
            importing.add((use.user, use.used))
            if use.user in case.contexts and use.user not in {one.name for one in kernel.contexts}:
                yield Finding(
                    rule="kernel-outsider",
                    contexts=(use.user,),
                    message=f"{use.deed}, and does not share kernel {kernel.kernel!r}; take part in it, or leave it",
                    declared_at=kernel.place,
                    found_at=use.found_at,
                    subject=use.key,
                )
    if "static" in case.evidence.origins:
        yield from _measured(case, importing)


def _measured(case: Case, importing: set[tuple[str, str]]) -> Iterator[Finding]:
    for kernel in case.map.kernels:
        names = tuple(sorted(one.name for one in kernel.contexts))
        lines = case.evidence.kernel_lines.get(kernel.kernel)
        if lines is None:
            continue
        if lines > LARGEST_KERNEL:
            yield Finding(
                rule="kernel-size",
                contexts=names,
                message=(
                    f"kernel {kernel.kernel!r} has {lines:,} lines of code, more than {LARGEST_KERNEL}: each change "
                    "needs everybody; share less"
                ),
                declared_at=kernel.place,
                subject=kernel.kernel,
                severity="warning",
            )
        for one in kernel.contexts:
            if one.package and (one.name, f"{KERNEL}{kernel.kernel}") not in importing:
                yield Finding(
                    rule="kernel-unused",
                    contexts=(one.name,),
                    message=f"{one.name} shares kernel {kernel.kernel!r} and imports nothing of it; let it go",
                    declared_at=kernel.place,
                    subject=kernel.kernel,
                    severity="warning",
                )
