"""How whoever is asked says no."""

from __future__ import annotations

from leftfold import DomainError

__all__ = ["Refused"]


class Refused(DomainError):
    """It was refused: nothing is done, and nothing will be."""

    reason: str
