"""Events that followers could not handle, of a whole app."""

from __future__ import annotations

from collections.abc import Mapping

from leftfold.app.running import Running

__all__ = ["DeadLetters"]


class DeadLetters:
    """x"""

    def __init__(self, running: Mapping[str, Running]) -> None:
        self._running = running
