"""What follows the logs of an app, looked at by programs that do not await."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leftfold.app.background import Background
from leftfold.app.dead_letters import DeadLetters
from leftfold.app.monitoring import Monitor, StreamLag
from leftfold.projections.caching import CacheStats
from leftfold.store.events import StoredEvent
from leftfold.subscriptions.letters import DeadLetter
from leftfold.subscriptions.monitor import Lag

__all__ = ["SyncDeadLetters", "SyncMonitor"]


class SyncMonitor:
    """See `Monitor`."""

    def __init__(self, monitor: Monitor, background: Background) -> None:
        self._monitor = monitor
        self._run = background.run

    def lags(self) -> Sequence[Lag]:
        """See `Monitor.lags`."""
        return self._run(self._monitor.lags())

    def cache_stats(self) -> Mapping[str, CacheStats]:
        """See `Monitor.cache_stats`."""
        return self._monitor.cache_stats()

    def stream(self, projection: str, stream: str) -> StreamLag:
        """See `Monitor.stream`."""
        return self._run(self._monitor.stream(projection, stream))

    def wait(self, projection: str, *, position: int, timeout: float = 10.0) -> None:
        """See `Monitor.wait`."""
        self._run(self._monitor.wait(projection, position=position, timeout=timeout))

    def wait_for_cache(self, projection: str, *, position: int, timeout: float = 10.0) -> None:
        """See `Monitor.wait_for_cache`."""
        self._run(self._monitor.wait_for_cache(projection, position=position, timeout=timeout))

    def wait_for_version(self, projection: str, stream: str, version: int, *, timeout: float = 10.0) -> None:
        """See `Monitor.wait_for_version`."""
        self._run(self._monitor.wait_for_version(projection, stream, version, timeout=timeout))


class SyncDeadLetters:
    """See `DeadLetters`."""

    def __init__(self, letters: DeadLetters, background: Background) -> None:
        self._letters = letters
        self._background = background
        self._run = background.run

    def all(self, name: str | None = None) -> Iterator[DeadLetter]:
        """See `DeadLetters.all`."""
        return self._background.each(self._letters.all(name))

    def find(self, id: str) -> DeadLetter:
        """See `DeadLetters.find`."""
        return self._run(self._letters.find(id))

    def event(self, letter: DeadLetter) -> StoredEvent | None:
        """See `DeadLetters.event`."""
        return self._run(self._letters.event(letter))

    def replay(self, *letters: DeadLetter, timeout: float = 30.0) -> Sequence[DeadLetter]:
        """See `DeadLetters.replay`."""
        return self._run(self._letters.replay(*letters, timeout=timeout))

    def drop(self, *letters: DeadLetter, timeout: float = 30.0) -> None:
        """See `DeadLetters.drop`."""
        self._run(self._letters.drop(*letters, timeout=timeout))
