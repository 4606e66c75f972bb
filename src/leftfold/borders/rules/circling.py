"""Cycles: partners may depend on each other, and nobody else; to listen to each other is something else."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from leftfold.borders.case import Case
from leftfold.borders.uses import Use
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
        steps.setdefault(use.used, {})
    for group in _knots(steps):
        yield _back_to(min(group), steps, group)


def _back_to(name: str, steps: Mapping[str, Mapping[str, Use]], group: frozenset[str]) -> tuple[Use, ...]:
    """The shortest way from *name* back to it; there is one, as all of *group* lead to each other."""
    ways: dict[str, tuple[Use, ...]] = {name: ()}
    waiting = deque([name])
    while True:
        at = waiting.popleft()
        for then, use in steps[at].items():
            if then == name:
                return (*ways[at], use)
            if then in group and then not in ways:
                ways[then] = (*ways[at], use)
                waiting.append(then)


def _knots(steps: Mapping[str, Mapping[str, Use]]) -> Iterator[frozenset[str]]:
    """Sets of two or more that all lead to each other.

    Source: Kosaraju's algorithm, in Sharir 1981, "A strong-connectivity algorithm".
    """
    back: dict[str, list[str]] = {name: [] for name in steps}
    for name, others in steps.items():
        for other in others:
            back[other].append(name)
    done: set[str] = set()
    order: list[str] = []
    for name in steps:
        order += _left(name, steps, done)
    seen: set[str] = set()
    for name in reversed(order):
        group = frozenset(_left(name, back, seen))
        if len(group) > 1:
            yield group


def _left(start: str, leading: Mapping[str, Mapping[str, Use] | Sequence[str]], seen: set[str]) -> list[str]:
    """Everything that *start* leads to and was not seen, in the order in which it is left again."""
    if start in seen:
        return []
    seen.add(start)
    order: list[str] = []
    waiting = [(start, iter(leading[start]))]
    while waiting:
        name, further = waiting[-1]
        then = next((one for one in further if one not in seen), None)
        if then is None:
            order.append(name)
            waiting.pop()
        else:
            seen.add(then)
            waiting.append((then, iter(leading[then])))
    return order
