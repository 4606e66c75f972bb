"""The processes of one context at work: what follows logs for them, and what carries their work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from leftfold.app.assembly import Assembly
from leftfold.clock import Clock
from leftfold.processes.delivering import CommandCarrier
from leftfold.processes.engine import Carrier
from leftfold.processes.expiring import MissingCarrier
from leftfold.processes.firing import TimerCarrier
from leftfold.processes.outgoing import Post
from leftfold.processes.process import Family
from leftfold.processes.processor import Processor
from leftfold.processes.running import Following, RunningProcess
from leftfold.store.port import Store
from leftfold.subscriptions.subscription import Source, Subscription
from leftfold.subscriptions.worker import Assignment, Follower

__all__ = ["Coordination"]


class Coordination:
    """What one context coordinates.

    Args:
        assembly: the context.
        store: its own.
        source: gives the log of a context, by name, as it is to be followed here.
        post: where commands go.
        contexts: names of those that handle commands.
    """

    def __init__(
        self,
        assembly: Assembly,
        store: Store,
        clock: Clock,
        source: Callable[[str], Source],
        post: Post,
        contexts: Sequence[str],
    ) -> None:
        self._context = assembly.context.name
        self._store = store
        self._clock = clock
        self._source = source
        self.processes = [
            RunningProcess(family, self._context, store, self._follows(family, assembly), post)
            for family in assembly.processes
        ]
        """Its processes."""
        self.followers: Sequence[Follower] = [
            _ProcessFollower(one, following) for one in self.processes for following in one.follows
        ]
        """What follows logs for them."""
        self.carriers: Sequence[Carrier] = (
            [
                TimerCarrier(self.processes),
                MissingCarrier(self.processes),
                CommandCarrier(store, post, contexts, self.processes),
            ]
            if self.processes
            else []
        )
        """What carries on what is due."""

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """To logs."""
        return [following.subscription for one in self.processes for following in one.follows]

    def _follows(self, family: Family, assembly: Assembly) -> list[Following]:
        by_source: dict[str, set[type]] = {}
        for cls in family.events:
            publisher = assembly.publisher(cls)
            source = self._context if publisher is None else publisher.name
            by_source.setdefault(source, set()).add(cls)
        return [self._following(family, source, frozenset(events)) for source, events in sorted(by_source.items())]

    def _following(self, family: Family, source: str, events: frozenset[type]) -> Following:
        name = f"process:{self._context}.{family.name}"
        subscription = Subscription(
            name=name if source == self._context else f"{name}<{source}",
            source=self._source(source),
            target=self._store,
            clock=self._clock,
            shards=family.newest.shards,
            policy=family.newest.policy,
        )
        return Following(source=source, events=events, subscription=subscription)


class _ProcessFollower:
    """What a worker does for one log that a process follows."""

    def __init__(self, running: RunningProcess, following: Following) -> None:
        self._running = running
        self._following = following

    async def assignments(self) -> Sequence[Assignment]:
        """See `Follower.assignments`."""
        consumer = partial(Processor, self._running, self._following)
        return [Assignment(part, consumer, _nothing) for part in self._following.subscription.parts]


async def _nothing(_position: int, _done: bool) -> bool:  # noqa: FBT001 - a callback
    """Processes have nothing to show."""
    return True
