"""What goes wrong again and again, said as often as it helps."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Final

__all__ = ["Trouble"]

_log: Final = logging.getLogger("leftfold")
_AGAIN_S: Final = 60.0


class Trouble:
    """Warns of an error when it is another than before, or a minute after the last warning; and tells when it is over.

    Args:
        what: goes wrong, as `worker A cannot look for work`.
        over: is said when it no longer does, as `worker A looks for work again`.
        now: tells seconds.
    """

    def __init__(self, what: str, over: str, now: Callable[[], float] = monotonic) -> None:
        self._what = what
        self._over = over
        self._now = now
        self._said: str | None = None
        self._said_at = 0.0

    def met(self, error: Exception) -> None:
        """It went wrong, because of *error*."""
        text, now = str(error), self._now()
        if text != self._said or now - self._said_at >= _AGAIN_S:
            self._said, self._said_at = text, now
            _log.warning("%s: %s", self._what, text)

    def over(self) -> None:
        """It went well."""
        if self._said is not None:
            self._said = None
            _log.info("%s", self._over)
