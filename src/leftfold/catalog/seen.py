"""What logs show that contexts take of events that are published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from leftfold.borders.observed import Observed
from leftfold.catalog.descriptor import Consumption, range_read

__all__ = ["Seen", "last_seen", "seen_takers", "unsaid"]

Seen: TypeAlias = Mapping[tuple[str, str], Mapping[int, datetime]]
"""By who took it and the name of the event: when each version was seen last."""


def seen_takers(observed: Iterable[Observed], publishers: Mapping[str, Collection[str]]) -> Seen:
    """Who was seen taking which events of others that these publish; what a log keeps for itself is not among them.

    Args:
        publishers: of each event, by its name.
    """
    found: dict[tuple[str, str], dict[int, datetime]] = {}
    for one in observed:
        if one.kind == "event" and one.source != one.consumer and one.source in publishers.get(one.type, ()):
            versions = found.setdefault((one.consumer, one.type), {})
            versions[one.version] = max(versions.get(one.version, one.last), one.last)
    return found


def last_seen(seen: Seen, context: str, consumption: Consumption) -> str:
    """When it was seen last that *context* takes this, as ISO 8601 in UTC; empty when it was not."""
    versions = seen.get((context, consumption.event), {})
    return max((_written(last) for version, last in versions.items() if _reads(consumption, version)), default="")


def unsaid(seen: Seen, said: Iterable[tuple[str, Consumption]]) -> Iterator[tuple[str, str, str, str]]:
    """What was seen and nobody says: context, event, version, and when it was seen last as ISO 8601; in order."""
    known: dict[tuple[str, str], list[Consumption]] = {}
    for context, consumption in said:
        known.setdefault((context, consumption.event), []).append(consumption)
    for context, event in sorted(seen):
        for version, last in sorted(seen[context, event].items()):
            if not any(_reads(one, version) for one in known.get((context, event), ())):
                yield context, event, str(version), _written(last)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _reads(consumption: Consumption, version: int) -> bool:
    return not consumption.versions or version in range_read(consumption.versions)
