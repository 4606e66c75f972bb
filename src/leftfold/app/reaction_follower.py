"""What a worker does for one reaction: hands it each event, with what it names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, get_origin

from leftfold.contexts.reactions import Reaction
from leftfold.handling.correlation import handling as belonging
from leftfold.handling.injection import Handling
from leftfold.messages.recorded import RecordedEvent
from leftfold.processes.sending import Sender
from leftfold.subscriptions.admitting import admitting
from leftfold.subscriptions.reaction import Attempt, Reacting
from leftfold.subscriptions.subscription import Source, Subscription
from leftfold.subscriptions.worker import Assignment

if TYPE_CHECKING:
    from leftfold.app.running import Running

__all__ = ["ReactionFollower"]


class ReactionFollower:
    """What a worker does for one reaction.

    Args:
        running: the context that it is of.
        source: the log that it follows.
    """

    def __init__(self, reaction: Reaction, running: Running, source: Source) -> None:
        self.reaction = reaction
        self._running = running
        self._name = f"{running.name}.{reaction.name}"
        self.subscription = Subscription(
            name=reaction.name,
            source=source,
            target=running.store,
            clock=running.clock,
            policy=reaction.policy,
            acts=True,
        )

    async def assignments(self) -> Sequence[Assignment]:
        """See `Follower.assignments`."""
        name, events, policy = self._name, self.reaction.events, self.reaction.policy
        consumer = admitting(partial(Reacting, name, events, self._react, policy.failing), events, policy, keyed=False)
        return [Assignment(part, consumer) for part in self.subscription.parts]

    async def _react(self, recorded: RecordedEvent[object], attempt: Attempt) -> None:
        caused = recorded.metadata.caused_by(str(recorded.id), via=f"reaction/{self._name}")
        handling = Handling(self._running.loader, caused)
        given: dict[str, object] = {self.reaction.message: recorded.event}
        for name, hint in self.reaction.needs.items():
            if hint is Attempt:
                given[name] = attempt
            elif hint is Sender:
                given[name] = Sender(self._running.send, caused)
            elif get_origin(hint) is RecordedEvent or hint is RecordedEvent:
                given[name] = recorded
            elif (supply := self._running.assembly.scope.resolve(hint)) is not None:
                given[name] = supply(handling)
        with belonging(recorded.metadata):
            await self.reaction.function(**given)
