"""Circles in a graph: who depends on whom until it comes back."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping

__all__ = ["cycles"]


def cycles(following: Mapping[str, Collection[str]]) -> Iterator[tuple[str, ...]]:
    """A shortest circle in each part of the graph whose nodes all lead to each other, from its first node by name on.

    Args:
        following: the nodes that each leads to.
    """
    for part in _parts(following):
        start = min(part)
        if len(part) > 1 or start in following.get(start, ()):
            yield _around(start, following, part)


def _around(start: str, following: Mapping[str, Collection[str]], part: Collection[str]) -> tuple[str, ...]:
    """The shortest way from *start* back to it; there is one, as all of *part* lead to each other."""
    before: dict[str, str] = {}
    waiting = deque([start])
    while True:
        at = waiting.popleft()
        for other in sorted(one for one in following.get(at, ()) if one in part):
            if other == start:
                path = [start, at]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return tuple(reversed(path))
            if other not in before:
                before[other] = at
                waiting.append(other)


def _parts(following: Mapping[str, Collection[str]]) -> Iterator[frozenset[str]]:
    """Sets of nodes that all lead to each other.

    Source: Kosaraju's algorithm, in Sharir 1981, "A strong-connectivity algorithm".
    """
    back: dict[str, list[str]] = {}
    for name in sorted(following):
        for other in following[name]:
            back.setdefault(other, []).append(name)
    done: set[str] = set()
    order = [name for start in sorted(following) for name in _left(start, following, done)]
    seen: set[str] = set()
    for name in reversed(order):
        if name not in seen:
            yield frozenset(_left(name, back, seen))


def _left(start: str, leading: Mapping[str, Collection[str]], seen: set[str]) -> list[str]:
    """Everything that *start* leads to and was not seen, in the order in which it is left again."""
    if start in seen:
        return []
    seen.add(start)
    order: list[str] = []
    waiting = [(start, iter(leading.get(start, ())))]
    while waiting:
        name, further = waiting[-1]
        then = next((one for one in further if one not in seen), None)
        if then is None:
            order.append(name)
            waiting.pop()
        else:
            seen.add(then)
            waiting.append((then, iter(leading.get(then, ()))))
    return order
