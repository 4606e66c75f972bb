"""Reading what strace saw: which file was flushed, and when an acknowledgement left the process."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

__all__ = ["ACKNOWLEDGED", "flushes_before_each_acknowledgement", "strace"]

ACKNOWLEDGED: Final = r'write\(1<pipe:\[\d+\]>, "\{\\"stream\\"'
_LINE: Final = re.compile(r"(?P<pid>\d+) +(?P<text>.*)")
_FLUSH: Final = re.compile(r"f(?:data)?sync\(\d+<(?P<path>[^>]*)>(?P<rest>.*)")
_RESUMED: Final = re.compile(r"<\.\.\. f(?:data)?sync resumed>.*")


def strace(output: Path, *options: str) -> Sequence[str] | None:
    """The words before a command that trace its flushes and writes into *output*; None without strace."""
    if shutil.which("strace") is None:
        return None
    return [
        "strace",
        "-f",
        "-y",
        "-I",
        "2",
        "-s",
        "40",
        "-e",
        "trace=fsync,fdatasync,write",
        "-o",
        str(output),
        *options,
    ]


def flushes_before_each_acknowledgement(lines: Iterable[str], log: re.Pattern[str]) -> list[int]:
    """How many flushes of the log were completed between each acknowledgement and the one before it.

    Args:
        lines: of the trace, in the order things happened.
        log: what the path of the database's log file matches.
    """
    counts: list[int] = []
    begun: dict[str, bool] = {}
    flushes = 0
    for line in lines:
        found = _LINE.match(line)
        assert found, line
        pid, text = found["pid"], found["text"]
        if re.match(ACKNOWLEDGED, text):
            counts.append(flushes)
            flushes = 0
        elif flush := _FLUSH.match(text):
            begun[pid] = log.search(flush["path"]) is not None
            flushes += begun[pid] and flush["rest"].endswith("= 0")
        elif _RESUMED.match(text):
            flushes += begun[pid] and text.endswith("= 0")
    return counts
