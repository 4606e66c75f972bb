"""How many of the places where a process can be killed are tried: some in every run, each of them in the long ones."""

from __future__ import annotations

import pytest

__all__ = ["every_call"]


def every_call(stride: int) -> pytest.MarkDecorator:
    """Give a test `stride`, the steps from one place to the next.

    A call of a driver is two places, before it and behind it, so an odd stride tries both kinds.
    """
    every = pytest.param(1, id="every", marks=pytest.mark.long)
    return pytest.mark.parametrize("stride", [pytest.param(stride, id="some"), every])
