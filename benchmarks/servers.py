"""Places for fresh stores: a directory on a real disk, a private PostgreSQL, started when first asked for."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from leftfold.testing.postgres import PostgresServer, postgres_server

__all__ = ["Servers", "servers"]

_SLOW_FLUSH = "alter database slow set commit_delay = 2000; alter database slow set commit_siblings = 0"
_FLUSHES = 200


class Servers:
    """Gives out places that nobody used before. Made by `servers`."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self._directory = directory
        self._stack = stack
        self._numbers = count(1)
        self._postgres: PostgresServer | None = None
        self.flush_ms = _flush_ms(directory)
        """Milliseconds that flushing a small write takes where the stores are, the median."""

    def path(self, suffix: str) -> Path:
        """A path at which there is nothing."""
        return self._directory / f"{next(self._numbers)}{suffix}"

    def postgres(self, *, slow_flush: bool) -> str:
        """A PostgreSQL URL with `?schema=`, of a schema that is not there.

        Args:
            slow_flush: in a database whose sessions wait 2 ms before each flush (`commit_delay`).
        """
        if self._postgres is None:
            self._postgres = self._stack.enter_context(postgres_server(settings={"max_connections": "200"}))
            self._postgres.create_database("usual")
            self._postgres.create_database("slow")
            self._postgres.execute(_SLOW_FLUSH)
        return f"{self._postgres.url('slow' if slow_flush else 'usual')}?schema=s{next(self._numbers)}"


@contextmanager
def servers() -> Generator[Servers]:
    """Places for the time of a `with` block; servers end and files go with it."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="leftfold-benchmarks-"))
        yield Servers(Path(directory), stack)


def _flush_ms(directory: Path) -> float:
    times: list[float] = []
    with (directory / "flush").open("wb", buffering=0) as file:
        for _ in range(_FLUSHES):
            file.write(b"x" * 4096)
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - start)
    return round(sorted(times)[_FLUSHES // 2] * 1000, 3)
