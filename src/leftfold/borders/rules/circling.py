"""Cycles: partners may depend on each other, and nobody else; to listen to each other is something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from leftfold.borders.case import Case
from leftfold.borders.uses import Use
from leftfold.contexts.cycles import cycles
from leftfold.contexts.findings import Finding

__all__ = ["circling"]

_IMPORTS: Final = frozenset({"import", "types"})


def circling(case: Case) -> Iterator[Finding]:
    """*import-cycle*: contexts import each other in a circle that no partnership is a part of. *event-cycle*, a note:
    they take each other's events in one.

    Source: spring-modulith, which tells "listens to" apart from "uses".
    """
    partners = {edge.pair for edge in case.map.edges if edge.kind == "partnership"}
    uses = [use for use in case.between_contexts if use.pair not in partners]
    for circle in _circles([use for use in uses if use.kind in _IMPORTS]):
        path = " -> ".join((*(use.user for use in circle), circle[0].user))
        yield Finding(
            rule="import-cycle",
            contexts=tuple(sorted(use.user for use in circle)),
            message=f"contexts import each other in a circle: {_told(circle)}; cut it, or declare a Partnership",
            found_at=circle[0].found_at,
            subject=path,
        )
    for circle in _circles([use for use in uses if use.kind == "event"]):
        path = " -> ".join((*(use.user for use in circle), circle[0].user))
        yield Finding(
            rule="event-cycle",
            contexts=tuple(sorted(use.user for use in circle)),
            message=f"contexts listen to each other in a circle: {_told(circle)}",
            found_at=circle[0].found_at,
            subject=path,
            severity="note",
        )


def _told(circle: Sequence[Use]) -> str:
    return "; ".join(use.deed for use in circle)


def _circles(uses: Sequence[Use]) -> Iterator[tuple[Use, ...]]:
    """Of each set of contexts that lead to each other, a shortest circle through the one that sorts first, as the first
    use of each step.
    """
    steps: dict[str, dict[str, Use]] = {}
    for use in sorted(uses):
        steps.setdefault(use.user, {}).setdefault(use.used, use)
    for circle in cycles(steps):
        yield tuple(steps[user][used] for user, used in pairwise(circle))
