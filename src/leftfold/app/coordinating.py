"""What one context coordinates, at work: what follows logs for it, and what carries its work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from leftfold.app.assembly import Assembly
from leftfold.app.conduct import Conduct
from leftfold.handling.loading import Loader
from leftfold.ids import new_id
from leftfold.processes.beginning import Beginning, Begun
from leftfold.processes.delivering import CommandCarrier
from leftfold.processes.engine import Carrier
from leftfold.processes.expecting import ExpectationCarrier
from leftfold.processes.expiring import MissingCarrier
from leftfold.processes.firing import TimerCarrier
from leftfold.processes.outgoing import Post
from leftfold.processes.process import Family
from leftfold.processes.processor import Processor
from leftfold.processes.reacting import CommandReaction, responding
from leftfold.processes.resharding import reshard
from leftfold.processes.running import Following, RunningProcess
from leftfold.processes.starting import SagaStart, starting
from leftfold.subscriptions.admitting import admitting
from leftfold.subscriptions.subscription import Source, Subscription
from leftfold.subscriptions.worker import SubscriptionFollower

__all__ = ["Coordination"]


class Coordination:
    """What one context coordinates.

    Args:
        assembly: the context.
        loader: of its store.
        conduct: how it is run.
        source: gives the log of a context, by name, as events of these classes are followed here.
        post: where commands go.
        contexts: names of those that handle commands.
    """

    def __init__(
        self,
        assembly: Assembly,
        loader: Loader,
        conduct: Conduct,
        source: Callable[[str, frozenset[type]], Source],
        post: Post,
        contexts: Sequence[str],
    ) -> None:
        self._context = assembly.context.name
        self._store = store = loader.store
        self._clock = conduct.clock
        self._source = source
        self.processes: list[RunningProcess] = [
            RunningProcess(family, self._context, store, self._follows(family, assembly), post, conduct.measuring)
            for family in assembly.processes
        ]
        """Its processes."""
        sagas = {definition.cls: definition for definition in assembly.sagas.values()}
        reactions, starts = assembly.context.command_reactions, assembly.context.saga_starts
        self.followers: list[SubscriptionFollower] = [
            *(_handing(one, following) for one in self.processes for following in one.follows),
            *(self._beginning(one, responding(one, self._context, post), assembly) for one in reactions),
            *(self._beginning(one, starting(one, sagas), assembly) for one in starts),
        ]
        """What follows logs for them."""
        self.carriers: list[Carrier] = []
        """What carries on what is due."""
        if self.processes:
            self.carriers += [TimerCarrier(self.processes), MissingCarrier(self.processes)]
        if self.processes or reactions:
            self.carriers.append(CommandCarrier(store, post, contexts, self.processes, conduct.measuring))
        if expecting := [f"{self._context}.{one.name}" for one in reactions if one.within is not None]:
            self.carriers.append(ExpectationCarrier(expecting, store, loader.events, post))

    async def prepare(self) -> None:
        """See that events are handed in once, also when a process is followed in another number of parts than before.

        Raises:
            DefinitionError: see `reshard`.
        """
        for one in self.processes:
            for following in one.follows:
                await reshard(following.subscription, f"reshard {new_id()}")

    def _beginning(self, one: CommandReaction | SagaStart, begun: Begun, assembly: Assembly) -> SubscriptionFollower:
        """What a worker does for one function that begins work."""
        source = self._source(assembly.sources.get(one.name, assembly.context).name, one.events)
        subscription = Subscription(
            name=one.name, source=source, target=self._store, clock=self._clock, policy=one.policy
        )
        make = partial(Beginning, one.events, begun, one.policy.failing)
        return SubscriptionFollower(subscription, admitting(make, one.events, one.policy, keyed=False))

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
            source=self._source(source, events),
            target=self._store,
            clock=self._clock,
            shards=family.newest.shards,
            policy=family.newest.policy,
        )
        return Following(source=source, events=events, subscription=subscription)


def _handing(running: RunningProcess, following: Following) -> SubscriptionFollower:
    """What a worker does for one log that a process follows."""
    make, subscription = partial(Processor, running, following), following.subscription
    return SubscriptionFollower(subscription, admitting(make, following.events, subscription.policy, keyed=True))
