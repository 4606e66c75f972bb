"""Copies of SQLite files that others have open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["copied"]


def copied(source: Path, target: Path) -> None:
    """As `.backup` and `.restore` of SQLite's own program do it."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as two:
        one.backup(two)
