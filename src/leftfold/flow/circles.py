"""Circles: events that lead to themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

__all__ = ["Leap", "circles"]


class Leap(Struct, frozen=True):
    """From one event to another.

    Args:
        over: ids of the nodes between the two.
        target: id of the event that it leads to.
    """

    over: tuple[str, ...]
    target: str


def circles(leaps: Mapping[str, Sequence[Leap]]) -> Iterator[tuple[str, ...]]:
    """A shortest circle through each event that is in one, each circle once, as the ids of its nodes.

    Args:
        leaps: by the event that they begin at.
    """
    known: set[frozenset[str]] = set()
    for event in leaps:
        path = _back_to(event, leaps)
        if path is not None and frozenset(path) not in known:
            known.add(frozenset(path))
            yield path


def _back_to(event: str, leaps: Mapping[str, Sequence[Leap]]) -> tuple[str, ...] | None:
    paths: dict[str, tuple[str, ...]] = {}
    waiting: deque[tuple[str, tuple[str, ...]]] = deque([(event, (event,))])
    while waiting:
        at, path = waiting.popleft()
        for leap in leaps.get(at, ()):
            further = (*path, *leap.over, leap.target)
            if leap.target == event:
                return further
            if leap.target not in paths:
                paths[leap.target] = further
                waiting.append((leap.target, further))
    return None
