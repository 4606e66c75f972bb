"""A clock that a test moves, and that a schema of PostgreSQL goes by, too."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from leftfold.testing import ManualClock
from tests.adapters.postgres.opened import rows

__all__ = ["SharedClock"]


class SharedClock(ManualClock):
    """Writes its time to a file at each move; a server that it was told to `lead` reads it there.

    Args:
        path: of the file, which the server may read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._told()

    async def lead(self, url: str) -> None:
        """Have the schema of *url* tell this time from now on."""
        time = f"select pg_catalog.pg_read_file('{self._path}')::pg_catalog.timestamptz"
        sql = f"create or replace function :schema.now_v1() returns timestamptz language sql volatile as $${time}$$"
        await rows(url, sql)

    def advance(self, by: timedelta) -> datetime:
        """See `ManualClock.advance`."""
        now = super().advance(by)
        self._told()
        return now

    def set(self, to: datetime) -> None:
        """See `ManualClock.set`."""
        super().set(to)
        self._told()

    def _told(self) -> None:
        beside = self._path.with_suffix(".next")
        beside.write_text(self.now().isoformat())
        beside.rename(self._path)
