"""Files that are whole or not there."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from types import FrameType
from typing import BinaryIO, Final

from leftfold.cli.errors import UsageError

__all__ = ["put_aside", "written_beside"]

_NO_ROOM: Final = (ENOSPC, EDQUOT, EFBIG)
_ENDS: Final = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def written_beside(file: Path) -> Generator[BinaryIO]:
    """A new file that takes the name of *file* at the end, on disk; when that is not reached, it is gone.

    So it is when the process is told to end by a signal that ends it.

    Whoever reads *file* meanwhile reads what it was before. A link stays one: what it leads to is written anew.

    Raises:
        UsageError: *file* is a folder, a device or the like.
        OSError: the folder cannot be written to, or the disk is full; it names the file.
    """
    if file.exists() and not file.is_file():
        raise UsageError(f"{file} is no regular file; give the name of a file")
    place = file.resolve()
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with _gone_when_ended(beside), beside.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        beside.replace(place)
    except OSError as error:
        if error.filename == str(beside) or (error.filename is None and error.errno in _NO_ROOM):
            error.filename = str(file)  # the one that was asked for
        raise
    finally:
        with suppress(NotADirectoryError):
            beside.unlink(missing_ok=True)


@contextmanager
def _gone_when_ended(file: Path) -> Generator[None]:
    """Delete *file* when a signal ends the process, unless that signal means something else here."""

    def end(number: int, _frame: FrameType | None) -> None:
        file.unlink(missing_ok=True)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    main = threading.current_thread() is threading.main_thread()
    numbers = [one for one in _ENDS if main and signal.getsignal(one) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def put_aside(pipe: BinaryIO, file: BinaryIO) -> None:
    """Put all that comes over *pipe* into *file*, a temporary one.

    Raises:
        OSError: the disk is full; it names the folder of temporary files.
    """
    try:
        shutil.copyfileobj(pipe, file)
        file.flush()
    except OSError as error:
        if error.filename is None and error.errno in _NO_ROOM:
            error.filename = tempfile.gettempdir()
        raise
