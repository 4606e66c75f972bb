"""Says in the log which tries of steps and undos have failed, with the ids of the request that they belong to."""

from __future__ import annotations

import logging
from typing import Final

from leftfold.handling.correlation import handling
from leftfold.messages.metadata import Metadata
from leftfold.processes.journal import StepRecord

__all__ = ["tell_failed"]

_log: Final = logging.getLogger("leftfold")


def tell_failed(
    item_id: str, record: StepRecord, number: int, metadata: Metadata, *, undo: bool, refused: bool = False
) -> None:
    """Log that a try has failed: a refusal as information, for it is an answer, and anything else as a warning.

    Args:
        record: the step as it is after the try.
        number: which try it was.
        metadata: of what the step records and sends.
        undo: whether its undo was tried.
        refused: whether the error says for certain that nothing was done.
    """
    what = "the undo of step" if undo else "step"
    when = f"tried again at {record.due.isoformat(' ', 'milliseconds')}" if record.due else "not tried again"
    with handling(metadata):
        _log.log(
            logging.INFO if refused else logging.WARNING,
            "%s %r of %.200s %s, try %d, %s: %s",
            what,
            record.name,
            item_id,
            "was refused" if refused else "failed",
            number,
            when,
            record.error,
        )
