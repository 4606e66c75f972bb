"""How the contexts of an app are run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from leftfold.app.guarding import Guarding
from leftfold.clock import Clock
from leftfold.handling.keeping import Snapshots
from leftfold.handling.middleware import Middleware
from leftfold.processes.sending import Send
from leftfold.subscriptions.worker import Timing

if TYPE_CHECKING:
    from leftfold.app.telemetry import Telemetry
    from leftfold.processes.measuring import Measuring

__all__ = ["Conduct"]


class Conduct(Struct, frozen=True, kw_only=True):
    """How contexts are run.

    Args:
        clock: of the app.
        middleware: around every command and query.
        snapshots: how states are kept.
        timing: of workers.
        send: carries out commands in whichever context handles them.
        telemetry: what measures; None measures nothing.
        guarding: holds what contexts send to a map; None without one.
    """

    clock: Clock
    middleware: Sequence[Middleware]
    snapshots: Snapshots
    timing: Timing
    send: Send
    telemetry: Telemetry | None = None
    guarding: Guarding | None = None

    @property
    def measuring(self) -> Measuring | None:
        """What measures sagas and processes."""
        return None if self.telemetry is None else self.telemetry.work
