"""Log records on standard error: text for people, JSON lines for programs."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Final

import msgspec

from leftfold.cli.text import printable

__all__ = ["log_to_stderr"]

_KNOWN: Final = ("correlation_id", "causation_id", "command_id", "actor")
_encode = msgspec.json.Encoder().encode


def log_to_stderr(*, json: bool) -> None:
    """Write everything from level INFO on to standard error.

    Args:
        json: one JSON object a line, with `time`, `level`, `logger`, `message`, the ids that a record was given by
            `extra=`, and the traceback as `error`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if json else _Text("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)


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
