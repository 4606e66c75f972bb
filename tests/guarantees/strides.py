"""How many of the places where a process can be killed are tried: some in every run, each of them in the long ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

__all__ = ["every_call", "places"]

_SHARE = 5


def every_call(stride: int) -> pytest.MarkDecorator:
    """Give a test `stride`, the least distance of `places`.

    A call of a driver is two places, before it and behind it, so an odd stride tries both kinds.
    """
    every = pytest.param(1, id="every", marks=pytest.mark.long)
    return pytest.mark.parametrize("stride", [pytest.param(stride, id="some"), every])


def places(stride: int) -> Iterator[int]:
    """Steps from 1 on: every one, or some, which lie further apart the later they are."""
    step = 1
    while True:
        yield step
        step += 1 if stride == 1 else max(stride, step // _SHARE) | 1
