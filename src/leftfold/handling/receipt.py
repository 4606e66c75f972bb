"""What a command answers."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from msgspec import Struct

from leftfold.errors import InvalidQuery
from leftfold.store.checks import check_position

__all__ = ["Receipt", "check_receipt"]

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


def check_receipt(after: Receipt[Any] | None) -> None:
    """Raise `InvalidQuery` unless *after* is a receipt with a position, or None."""
    if after is None:
        return
    if not isinstance(after, Receipt):  # pyright: ignore[reportUnnecessaryIsInstance] - a position, mostly
        raise InvalidQuery(
            f"after={after!r:.80} is no receipt; give what `send` returned, or Receipt(result=None, position=...)"
        )
    check_position(after.position)
