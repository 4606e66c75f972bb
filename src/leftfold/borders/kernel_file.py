"""How the lock is rewritten: one writer at a time, and never half.

    create `kernel.lock.new`, which fails while it is there -> read `kernel.lock` -> write the new one, to disk
    -> rename it to `kernel.lock`, which ends the turn

A process that is killed on its way leaves the old lock whole, and `kernel.lock.new`, which says so to the next one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from leftfold.borders.kernel_errors import KernelLockBusy

__all__ = ["rewrite"]

_PAUSE_S: Final = 0.02
_PATIENCE_S: Final = 10.0


def rewrite(path: Path, change: Callable[[], str], *, patience_s: float = _PATIENCE_S) -> None:
    """Put the text that *change* returns in the place of the file at *path*, in one step.

    Nobody else rewrites it between the begin of *change*, which reads it, and the end. When *change* raises, the file
    is as it was.

    Args:
        path: of the file, which need not be there.
        change: reads the file, and makes its new text.
        patience_s: how long to wait for others, in seconds, from 0.

    Raises:
        KernelLockBusy: another one did not end.
    """
    target = path.resolve()
    draft = target.with_name(f"{target.name}.new")
    descriptor = _created(draft, patience_s)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(change())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _created(draft: Path, patience_s: float) -> int:
    until = time.monotonic() + patience_s
    while True:
        try:
            return os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError as error:
            if time.monotonic() >= until:
                raise KernelLockBusy(str(draft), patience_s) from error
        time.sleep(_PAUSE_S)
