"""On which line of a JSON text a place is that msgspec names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

__all__ = ["line_of"]

_STEP: Final = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<number>\d+)\]")
_GAP: Final = re.compile(r"[\s,:]*")
_DECODER: Final = json.JSONDecoder()


def line_of(data: bytes, place: str) -> int:
    """The line of *place*, counted from 1; of what is around it when it is not there, or is no place of one thing.

    Args:
        data: a whole JSON text in UTF-8.
        place: as `$.publishes[0].name`.
    """
    text = data.decode()
    at = _after_gap(text, 0)
    try:
        for step in _steps(place):
            at = _below(text, at, step)
    except (ValueError, RecursionError):  # not there, or too deep to be passed over
        pass
    return text.count("\n", 0, at) + 1


def _steps(place: str) -> Iterator[str | int]:
    at = 1
    while (step := _STEP.match(place, at)) is not None:
        yield step["key"] if step["number"] is None else int(step["number"])
        at = step.end()


def _below(text: str, at: int, step: str | int) -> int:
    """Where the value of a key, or an item, begins; raises `ValueError` when it is not there."""
    number, inside = 0, _after_gap(text, at + 1)
    while text[inside] not in "]}":
        if text[at] == "{":
            key, inside = _DECODER.raw_decode(text, inside)
            inside = _after_gap(text, inside)
        else:
            key, number = number, number + 1
        if key == step:
            return inside
        inside = _after_gap(text, _DECODER.raw_decode(text, inside)[1])
    raise ValueError(step)


def _after_gap(text: str, at: int) -> int:
    gap = _GAP.match(text, at)
    return at if gap is None else gap.end()
