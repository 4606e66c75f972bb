"""How the log and its streams end, remembered for as long as nobody else has written to the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final, TypeAlias

__all__ = ["Ends", "Head", "data_version", "head_of"]

Head: TypeAlias = tuple[int, int]
"""Position and recorded time of the last event, in microseconds since 1970."""

_REMEMBERED: Final = 100_000
_WRITTEN_BY_OTHERS = "pragma data_version"
_HEAD = "select position, recorded_at from events order by position desc limit 1"


def data_version(connection: sqlite3.Connection) -> int:
    """A number that is another one once another connection has committed."""
    version: int = connection.execute(_WRITTEN_BY_OTHERS).fetchone()[0]
    return version


def head_of(connection: sqlite3.Connection) -> Head | None:
    """How the log ends, None when it is empty."""
    head: Head | None = connection.execute(_HEAD).fetchone()
    return head


class Ends:
    """What this connection's own commits left, which is what the file holds until another connection's commit.

    Args:
        connection: its own; when it wrote events elsewhere than in a batch, `forget` is to be called.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.others: int | None = None
        """The file's data version at the last look, which tells of commits of other connections."""
        self._head: Head | None = None
        self._versions: dict[str, int] = {}

    def look(self) -> Head | None:
        """How the log ends, None when it is empty; to be asked inside BEGIN IMMEDIATE, before any version is."""
        others = data_version(self._connection)
        if others != self.others:
            self.forget()
            self.others = others
        if self._head is None:
            self._head = head_of(self._connection)
        return self._head

    def version(self, stream: str) -> int | None:
        """The version of *stream*; None when it has to be looked up."""
        return self._versions.get(stream)

    def keep(self, head: Head | None, versions: Mapping[str, int]) -> None:
        """A transaction was committed that began with `look`, and left these streams so.

        Args:
            head: how the log ends now; None when it ends as before.
        """
        if len(self._versions) >= _REMEMBERED:
            self._versions.clear()
        self._head = head or self._head
        self._versions.update(versions)

    def forget(self) -> None:
        """What is in the file is not what was kept last."""
        self._head = None
        self._versions.clear()
