"""Answers that are loaded once, however many ask, and kept until an event makes them wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import ContextVar
from typing import Final, TypeAlias

from msgspec import Struct

from leftfold.projections.cache import Cache, Dependency, affects

__all__ = ["TOUCHED", "CacheStats", "CachedAnswers"]

TOUCHED: Final[ContextVar[set[Dependency] | None]] = ContextVar("leftfold_touched", default=None)
"""What the query that runs now has read; None while nobody wants to know."""

_Load: TypeAlias = Callable[[], Awaitable[bytes]]


class CacheStats(Struct, frozen=True, kw_only=True):
    """What was asked for so far, and what became of it.

    Args:
        hits: answers that were kept.
        joined: answers that waited for a load under way.
        misses: answers that were loaded.
        dropped: kept answers that an event made wrong.
    """

    hits: int
    joined: int
    misses: int
    dropped: int

    @property
    def hit_ratio(self) -> float:
        """The part of all reads that were spared a load, 0 to 1; 0 before the first."""
        reads = self.hits + self.joined + self.misses
        return (self.hits + self.joined) / reads if reads else 0.0


class _Loading:
    def __init__(self) -> None:
        self.depends_on: set[Dependency] = set()
        self.stale = False
        self.task: asyncio.Task[bytes] | None = None


class CachedAnswers:
    """Keeps answers in *cache*; see `Keeping`.

    An answer whose load began before one of its rows changed goes to those who wait for it and is not kept; who asks
    after the change does not wait for it. While it is paused, nothing is kept.
    """

    def __init__(self, cache: Cache) -> None:
        self.paused = False
        self._cache = cache
        self._loading: dict[Hashable, _Loading] = {}
        self._under_way: set[_Loading] = set()
        self._hits = self._joined = self._misses = self._dropped = 0

    @property
    def stats(self) -> CacheStats:
        """What it did so far."""
        return CacheStats(hits=self._hits, joined=self._joined, misses=self._misses, dropped=self._dropped)

    def kept(self, key: Hashable) -> bytes | None:
        """See `Keeping.kept`."""
        kept = self._cache.get(key)
        if kept is not None:
            self._hits += 1
        return kept

    async def answer(self, key: Hashable, ttl_s: float, load: _Load, *, fresh: bool = False) -> bytes:
        """See `Keeping.answer`; a fresh load is one that others who ask meanwhile wait for."""
        if not fresh:
            kept = self.kept(key)
            if kept is not None:
                return kept
            under_way = self._loading.get(key)
            if under_way is not None and under_way.task is not None:
                self._joined += 1
                return await asyncio.shield(under_way.task)
        self._misses += 1
        loading = self._loading[key] = _Loading()
        self._under_way.add(loading)
        loading.task = asyncio.create_task(self._load(key, ttl_s, load, loading))
        return await asyncio.shield(loading.task)

    def drop(self, changed: Sequence[Dependency]) -> None:
        """Forget every answer that depends on one of *changed*, and keep none of those that are being loaded."""
        self._dropped += self._cache.drop(changed)
        for loading in self._under_way:
            loading.stale = loading.stale or affects(changed, loading.depends_on)
        for key in [key for key, loading in self._loading.items() if loading.stale]:
            del self._loading[key]

    async def _load(self, key: Hashable, ttl_s: float, load: _Load, loading: _Loading) -> bytes:
        TOUCHED.set(loading.depends_on)
        try:
            answer = await load()
            if not (loading.stale or self.paused):
                self._cache.put(key, answer, ttl_s, loading.depends_on)
            return answer
        finally:
            self._under_way.discard(loading)
            if self._loading.get(key) is loading:
                del self._loading[key]
