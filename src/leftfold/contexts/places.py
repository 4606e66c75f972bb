"""Where something was declared, so that a finding can point at it."""

from __future__ import annotations

import inspect
from types import FrameType

__all__ = ["caller", "place_in", "place_under"]


def caller(depth: int) -> FrameType | None:
    """The frame *depth* calls above whoever asks, counted from 1; None beyond the first call of the program."""
    frame = inspect.currentframe()
    for _ in range(depth + 1):
        frame = frame.f_back if frame else None
    return frame


def place_in(frame: FrameType | None) -> str:
    """The file and line that *frame* is at, as `path:line`, the path as it was imported; empty without a frame."""
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def place_under(place: str, root: str) -> str:
    """*place* with its path from the folder *root*, with `/` between folders; as it is when it is elsewhere."""
    if not root:
        return place
    folder = root.replace("\\", "/").rstrip("/")
    return place.replace("\\", "/").removeprefix(f"{folder}/")
