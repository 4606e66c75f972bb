"""Log records on standard error: text for people, JSON lines for programs."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import msgspec

from leftfold.cli.text import printable
from leftfold.handling.correlation import CorrelationFilter

__all__ = ["logging_to_stderr"]

_KNOWN: Final = ("correlation_id", "causation_id", "command_id", "actor")
_encode = msgspec.json.Encoder().encode


@contextmanager
def logging_to_stderr(*, json: bool) -> Generator[None]:
    """Write everything from level INFO on to standard error, until the block ends.

    Args:
        json: one JSON object a line, with `time`, `level`, `logger`, `message`, the ids of what is handled, or those
            that a record was given by `extra=`, and the traceback as `error`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(CorrelationFilter())
    handler.setFormatter(_Json() if json else _Text("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


class _Text(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - a method of logging
        return printable(super().formatMessage(record), keep="\n")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().encode("utf-8", "backslashreplace").decode(),
        }
        line |= {name: str(value) for name in _KNOWN if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info).encode("utf-8", "backslashreplace").decode()
        return _encode(line).decode()
