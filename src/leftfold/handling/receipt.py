"""What a command answers."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

__all__ = ["Receipt"]

R_co = TypeVar("R_co", covariant=True)


class Receipt(Struct, Generic[R_co], frozen=True, kw_only=True):
    """What carrying out a decision came to.

    Args:
        result: what the decision returned.
        position: of the last event it recorded; of the store's last event when it recorded none. Whoever has seen the
            log up to here has seen the decision's effect.
        repeated: True when the same events were stored before and nothing was stored now.
        context: name of the context whose log the position is of; empty when nobody said.
    """

    result: R_co
    position: int
    repeated: bool = False
    context: str = ""
