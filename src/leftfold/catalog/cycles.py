"""Circles in a graph: who depends on whom until it comes back.

Source: Tarjan 1972, "Depth-first search and linear graph algorithms".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = ["cycles"]


def cycles(following: Mapping[str, Collection[str]]) -> Iterator[tuple[str, ...]]:
    """A shortest circle in each part of the graph whose nodes all lead to each other, from its first node by name on.

    Args:
        following: the nodes that each leads to.
    """
    for part in _components(following):
        start = min(part)
        if len(part) > 1 or start in following.get(start, ()):
            yield _around(start, following, part)


def _around(start: str, following: Mapping[str, Collection[str]], part: Collection[str]) -> tuple[str, ...]:
    before: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        for other in sorted(one for one in following.get(at, ()) if one in part):
            if other == start:
                path = [at]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return (*reversed(path), start)
            if other not in before:
                before[other] = at
                waiting.append(other)
    raise AssertionError(f"{start!r} was in a circle")


def _components(following: Mapping[str, Collection[str]]) -> Iterator[set[str]]:
    """Sets of nodes that all lead to each other; without recursion, for graphs may be deep."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in sorted(following):
        if root in number:
            continue
        way = [_entered(root, following, number, low, stack, on_stack)]
        while way:
            at, rest = way[-1]
            other = next(rest, None)
            if other is None:
                way.pop()
                if way:
                    low[way[-1][0]] = min(low[way[-1][0]], low[at])
                if low[at] == number[at]:
                    yield _taken(at, stack, on_stack)
            elif other not in number:
                way.append(_entered(other, following, number, low, stack, on_stack))
            elif other in on_stack:
                low[at] = min(low[at], number[other])


def _entered(
    node: str,
    following: Mapping[str, Iterable[str]],
    number: dict[str, int],
    low: dict[str, int],
    stack: list[str],
    on_stack: set[str],
) -> tuple[str, Iterator[str]]:
    number[node] = low[node] = len(number)
    stack.append(node)
    on_stack.add(node)
    return node, iter(sorted(following.get(node, ())))


def _taken(node: str, stack: list[str], on_stack: set[str]) -> set[str]:
    part: set[str] = set()
    while node not in part:
        other = stack.pop()
        on_stack.discard(other)
        part.add(other)
    return part
