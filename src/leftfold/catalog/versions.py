"""Which published versions somebody reads."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from leftfold.catalog.descriptor import Consumption, Published
from leftfold.messages.version_range import VersionRange, version_range

__all__ = ["range_read", "versions_read"]

_MOST_KEPT = 1_000


@lru_cache(maxsize=_MOST_KEPT)
def range_read(text: str) -> VersionRange:
    """See `version_range`; a company writes the same few ranges again and again."""
    return version_range(text)


def versions_read(consumption: Consumption, published: Iterable[Published]) -> list[Published]:
    """Those of *published* that are read."""
    if not consumption.versions:
        return list(published)
    versions = range_read(consumption.versions)
    return [one for one in published if one.version in versions]
