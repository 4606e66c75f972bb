"""How far read models and reactions are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from leftfold.app.running import Running
from leftfold.clock import Clock
from leftfold.errors import InvalidQuery, NotCaughtUp
from leftfold.messages.given import is_count
from leftfold.projections.caching import CacheStats
from leftfold.projections.projection import Projection
from leftfold.store.checks import check_position, check_timeout
from leftfold.store.port import Store
from leftfold.subscriptions.monitor import Lag, State, lag_of

__all__ = ["Monitor", "StreamLag"]


class StreamLag(Struct, frozen=True, kw_only=True):
    """How much of one stream a read model shows.

    Args:
        version: of the stream's last event.
        visible: the last version that the read model shows.
    """

    stream: str
    version: int
    visible: int

    @property
    def behind(self) -> int:
        """Events of the stream that it does not show yet."""
        return self.version - self.visible


class Monitor:
    """Looks at what follows the logs of an open app, whoever runs it.

    A projection is called by its name, with its context before it where several have one of that name: `bank/balances`.

    Args:
        running: the contexts, by name.
    """

    def __init__(self, running: Mapping[str, Running], clock: Clock) -> None:
        self._running = running
        self._clock = clock

    async def lags(self) -> Sequence[Lag]:
        """How far every projection and reaction is; one that is being built beside the shown one is told apart."""
        found: list[Lag] = []
        for running in self._running.values():
            for follower in running.followers.values():
                known = await follower.generations.all()
                for generation in known:
                    inline = generation.state == "active" and generation.is_inline(unless_noted=follower.inline)
                    if generation.state != "retired" and not inline:
                        source = follower.source.store
                        name, parts = generation.subscription, generation.checkpoints
                        lag = await lag_of(name, parts, source, running.store, self._clock)
                        building = generation.state == "building"
                        kept = lag.state is State.STOPPED and not follower.generations.is_expected(generation, known)
                        state = State.KEPT if kept else lag.state
                        found.append(msgspec.structs.replace(lag, context=running.name, building=building, state=state))
            for subscription in running.reactions:
                parts = tuple(part.checkpoint for part in subscription.parts)
                name, source = subscription.name, subscription.source.store
                lag = await lag_of(name, parts, source, running.store, self._clock)
                found.append(msgspec.structs.replace(lag, context=running.name))
        return found

    def cache_stats(self) -> Mapping[str, CacheStats]:
        """What was asked of kept answers in this process since the app was opened, and what was a hit, by context."""
        return {name: running.cached.stats for name, running in self._running.items()}

    async def stream(self, projection: str, stream: str) -> StreamLag:
        """How much of *stream* the rows of *projection* show, or keep as letters because it could not be folded.

        Raises:
            InvalidQuery: there is no such projection.
        """
        running, known = self._find(projection)
        source = running.followers[known.name].source.store
        return StreamLag(
            stream=stream,
            version=await _version(source, stream),
            visible=await source.version_at(stream, await self._position(running, known)),
        )

    async def wait(self, projection: str, *, position: int, timeout: float = 10.0) -> None:
        """Wait until the rows of *projection* show everything up to *position* that is not parked.

        Raises:
            NotCaughtUp, NoWorker: see `App.ask`.
            InvalidQuery: there is no such projection, *position* is no whole number, or *timeout* is no number.
        """
        check_position(position)
        check_timeout(timeout)
        running, known = self._find(projection)
        await running.caught_up(known, position, timeout)

    async def wait_for_cache(self, projection: str, *, position: int, timeout: float = 10.0) -> None:
        """Wait until no answer that this process keeps comes from rows of *projection* older than *position*.

        Raises:
            TimeoutError: it was not so when the time was over.
            InvalidQuery: there is no such projection, *position* is no whole number, or *timeout* is no number.
        """
        check_position(position)
        check_timeout(timeout)
        running, known = self._find(projection)
        await running.noticed(known.name, position, timeout)

    async def wait_for_version(self, projection: str, stream: str, version: int, *, timeout: float = 10.0) -> None:
        """Wait until the rows of *projection* show version *version* of *stream*, which need not be stored yet.

        Args:
            version: from 1.

        Raises:
            NotCaughtUp: it was not visible when the time was over; it names projection, wanted and reached version.
            KeyParked: that version could not be folded, or waits behind one that could not.
            NoWorker: nobody follows the log for it.
            InvalidQuery: there is no such projection, *version* is no number from 1, or *timeout* is no number.
        """
        check_timeout(timeout)
        if not is_count(version):
            raise InvalidQuery(f"version={version!r:.80}: the versions of a stream count from 1")
        running, known = self._find(projection)
        source = running.followers[known.name].source.store
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        try:
            head = await source.head()  # before the look: what comes between the two wakes
            while not (found := await source.read_stream(stream, after=version - 1, limit=1)):
                if (left := end - loop.time()) <= 0:
                    raise NotCaughtUp(projection, version, 0)
                head = await source.wake(head, left)
            await running.caught_up(known, found[0].position, max(end - loop.time(), 0.0), event=True)
        except NotCaughtUp:
            lag = await self.stream(projection, stream)
            raise NotCaughtUp(projection, version, lag.visible, stream) from None

    def _find(self, projection: object) -> tuple[Running, Projection[Any]]:
        known = [
            (running, follower.projection)
            for running in self._running.values()
            for follower in running.followers.values()
        ]
        names = [f"{running.name}/{one.name}" if len(self._running) > 1 else one.name for running, one in known]
        found = [
            at for at, (running, one) in enumerate(known) if projection in (one.name, f"{running.name}/{one.name}")
        ]
        if len(found) > 1:
            titles = ", ".join(names[at] for at in found)
            raise InvalidQuery(f"{projection!r:.80} is in several contexts; give one of {titles}")
        if not found:
            raise InvalidQuery(f"there is no projection {projection!r:.80}; there is {', '.join(names) or 'none'}")
        return known[found[0]]

    async def _position(self, running: Running, projection: Projection[Any]) -> int:
        follower = running.followers[projection.name]
        generations = follower.generations
        while (shown := await generations.active()) is not None:
            if shown.is_inline(unless_noted=follower.inline):
                return await running.store.head()
            reached = min(await generations.reached(shown))
            if await generations.shows(shown):  # a retired one may go on for a while
                return reached
        return 0


async def _version(source: Store, stream: str) -> int:
    last = await source.read_stream(stream, backward=True, limit=1)
    return last[0].version if last else 0
