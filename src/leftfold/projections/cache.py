"""Where answers are kept: for a time, those used last, until what they come from changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from time import monotonic
from typing import Protocol, TypeAlias

__all__ = ["Cache", "Dependency", "LocalCache", "affects"]

Dependency: TypeAlias = tuple[str, str | None]
"""A projection's name, and the key of one of its rows, or None for any of them."""


class Cache(Protocol):
    """Keeps answers; one in this process is `LocalCache`, and one that processes share may stand in for it."""

    def get(self, key: Hashable) -> bytes | None:
        """What is kept under *key*; None when nothing is, or it is too old."""
        ...

    def put(self, key: Hashable, answer: bytes, ttl_s: float, depends_on: Iterable[Dependency]) -> None:
        """Keep an answer, as JSON text, for *ttl_s* seconds at most."""
        ...

    def drop(self, changed: Iterable[Dependency]) -> int:
        """Forget what depends on any of *changed*, and return how many that were."""
        ...


class LocalCache:
    """See `Cache`; in this process.

    Args:
        size: how many answers are kept at most; those used last stay.
        now: seconds on a clock that only goes forward.
    """

    def __init__(self, size: int = 10_000, now: Callable[[], float] = monotonic) -> None:
        self._size = size
        self._now = now
        self._kept: OrderedDict[Hashable, tuple[float, bytes, tuple[Dependency, ...]]] = OrderedDict()
        self._dependents: dict[Dependency, set[Hashable]] = {}

    def get(self, key: Hashable) -> bytes | None:
        """See `Cache.get`."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] <= self._now():
            self._remove(key)
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(self, key: Hashable, answer: bytes, ttl_s: float, depends_on: Iterable[Dependency]) -> None:
        """See `Cache.put`."""
        self._remove(key)
        dependencies = tuple(depends_on)
        self._kept[key] = self._now() + ttl_s, answer, dependencies
        for dependency in dependencies:
            self._dependents.setdefault(dependency, set()).add(key)
        while len(self._kept) > self._size:
            self._remove(next(iter(self._kept)))

    def drop(self, changed: Iterable[Dependency]) -> int:
        """See `Cache.drop`."""
        keys: set[Hashable] = set()
        for name, key in changed:
            if key is None:
                keys |= {one for known, ones in self._dependents.items() if known[0] == name for one in ones}
            else:
                keys |= self._dependents.get((name, key), set()) | self._dependents.get((name, None), set())
        for one in keys:
            self._remove(one)
        return len(keys)

    def _remove(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        if found is None:
            return
        for dependency in found[2]:
            dependents = self._dependents[dependency]
            dependents.discard(key)
            if not dependents:
                del self._dependents[dependency]


def affects(changed: Iterable[Dependency], depends_on: Iterable[Dependency]) -> bool:
    """Whether what depends on *depends_on* is wrong once *changed* has."""
    known = set(depends_on)
    names = {name for name, _ in known}
    return any(name in names if key is None else (name, key) in known or (name, None) in known for name, key in changed)
