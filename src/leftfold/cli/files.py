"""Files that are whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import BinaryIO, Final

from leftfold.cli.errors import UsageError

__all__ = ["put_aside", "written_beside"]

_NO_ROOM: Final = (ENOSPC, EDQUOT, EFBIG)


@contextmanager
def written_beside(file: Path) -> Generator[BinaryIO]:
    """A new file that takes the name of *file* at the end, on disk; when that is not reached, it is gone.

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
        with beside.open("wb") as out:
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
