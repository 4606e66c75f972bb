"""Versions such as `1.4.0`, which others count by, as the whole numbers that a catalog counts by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["ordered_versions", "range_of"]

_NUMBERS: Final = re.compile(r"\d+")


def ordered_versions(labels: Sequence[str]) -> dict[str, int]:
    """Each label with its place among all of them, the lowest is 1."""
    return {label: place for place, label in enumerate(sorted(set(labels), key=_order), 1)}


def range_of(wanted: str, versions: dict[str, int]) -> str:
    """Which places are meant by a version, `latest`, `^1.2`, `~1.2`, `1.x`, or nothing for the last.

    Args:
        versions: see `ordered_versions`.

    Returns:
        A range that has exactly those that there are; `wanted` is taken as one past the last when there is none of it.
    """
    if not versions:
        return ""
    if wanted in ("", "latest"):
        return str(max(versions.values()))
    found = sorted(place for label, place in versions.items() if _meets(label, wanted))
    if not found:
        return str(max(versions.values()) + 1)
    return str(found[0]) if len(found) == 1 else f">={found[0]},<{found[-1] + 1}"


def _meets(label: str, wanted: str) -> bool:
    if label == wanted:
        return True
    have = _numbers(label)
    want = _numbers(wanted.partition("x")[0].partition("*")[0])
    if wanted.startswith("^"):
        kept = next((at for at, number in enumerate(want) if number), len(want) - 1) + 1
        return have[:kept] == want[:kept] and have >= want
    if wanted.startswith("~"):
        return have[: min(len(want), 2)] == want[:2] and have >= want
    if "x" in wanted or "*" in wanted:
        return have[: len(want)] == want
    return have == want


def _order(label: str) -> tuple[tuple[int, ...], bool, str]:
    numbers, _, early = label.partition("-")
    return _numbers(numbers), not early, label


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in _NUMBERS.findall(text))
