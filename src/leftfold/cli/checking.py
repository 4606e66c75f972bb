"""Whether a file is an exported log, whole and sound, before anything of it is stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from msgspec.structs import replace

from leftfold.cli.errors import InvalidLogFile, LogFileChanged
from leftfold.cli.logfile import MAX_LINE_BYTES, Header, read_header, read_line
from leftfold.cli.progress import progress
from leftfold.cli.text import counted, printable
from leftfold.errors import LeftfoldError
from leftfold.store.events import StoredEvent
from leftfold.store.restoring import check_continues

__all__ = ["checked_header", "events_in"]

_MOST_FINDINGS: Final = 20
_SHOW_EVERY: Final = 1000


def checked_header(log: BinaryIO, name: str) -> Header:
    """Check every line of *log*.

    Args:
        name: of the file, for the error.

    Raises:
        InvalidLogFile: it is no exported log, or is cut off, or lines in it are bad; it lists them by number.
    """
    log.seek(0)
    check = _Check()
    try:
        header = read_header(log.readline(MAX_LINE_BYTES))
    except ValueError as error:
        raise InvalidLogFile(name, f"line 1: not the header of an exported log: {_said(error)}") from error
    with progress("checking bytes", os.fstat(log.fileno()).st_size) as show:
        for number, line in enumerate(_lines(log), start=2):
            check.line(number, line)
            if number % _SHOW_EVERY == 0:
                show(log.tell())
    check.end(header)
    if check.findings:
        raise InvalidLogFile(name, *check.findings, *([f"and {check.more:,} more"] if check.more else []))
    return header


def events_in(log: BinaryIO) -> Iterator[StoredEvent]:
    """The events of a file that was checked, in order; raises `LogFileChanged` when it was changed since."""
    log.seek(0)
    log.readline()
    for number, line in enumerate(log, start=2):
        try:
            yield read_line(line)
        except ValueError as error:
            raise LogFileChanged(number) from error


def _lines(log: BinaryIO) -> Iterator[bytes]:
    while line := log.readline(MAX_LINE_BYTES):
        yield line


class _Check:
    """Goes along the lines and collects what is wrong; whether a line continues the others is open after a bad one."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.more = 0
        self._count = 0
        self._last: StoredEvent | None = None
        self._versions: dict[str, int] = {}

    def line(self, number: int, line: bytes) -> None:
        self._count += 1
        try:
            event = read_line(line)
            self._check(event, number - 1)
        except (ValueError, LeftfoldError) as error:
            self._found(f"line {number:,}: {_said(error)}")
        else:
            self._last = event
            self._versions[event.stream] = event.version

    def end(self, header: Header) -> None:
        if self._count != header.events:
            promised, lines = counted(header.events, "event"), counted(self._count, "line")
            self._found(f"the header promises {promised}; {lines} {'follows' if self._count == 1 else 'follow'} it")
        elif self._last is not None and self._last.id != header.last_id and not self.findings:
            self._found(f"the header says that the last event is {header.last_id}; it is {self._last.id}")

    def _check(self, event: StoredEvent, position: int) -> None:
        if event.position != position:
            raise ValueError(f"this is the line of position {position:,}; position {event.position:,} is on it")
        last, version = self._last, self._versions.get(event.stream, 0)
        if self.findings:
            last, version = (replace(event, position=position - 1) if position > 1 else None), event.version - 1
        check_continues([event], {}, last, lambda _: version)

    def _found(self, finding: str) -> None:
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append(finding)
        else:
            self.more += 1


def _said(error: Exception) -> str:
    return printable(str(error))
