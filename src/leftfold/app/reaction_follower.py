"""What a worker does for one reaction: hands it each event, with what it names."""

from __future__ import annotations

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
from leftfold.subscriptions.worker import SubscriptionFollower

if TYPE_CHECKING:
    from leftfold.app.running import Running

__all__ = ["reaction_follower"]


def reaction_follower(reaction: Reaction, running: Running, source: Source) -> SubscriptionFollower:
    """What a worker does for one reaction.

    Args:
        running: the context that it is of.
        source: the log that it follows.
    """
    events, policy = reaction.events, reaction.policy
    name = f"{running.name}.{reaction.name}"
    subscription = Subscription(
        name=reaction.name, source=source, target=running.store, clock=running.clock, policy=policy, acts=True
    )

    async def react(recorded: RecordedEvent[object], attempt: Attempt) -> None:
        caused = recorded.metadata.caused_by(str(recorded.id), via=f"reaction/{name}")
        handling = Handling(running.loader, caused)
        given: dict[str, object] = {reaction.message: recorded.event}
        for parameter, hint in reaction.needs.items():
            if hint is Attempt:
                given[parameter] = attempt
            elif hint is Sender:
                given[parameter] = Sender(running.send, caused)
            elif get_origin(hint) is RecordedEvent or hint is RecordedEvent:
                given[parameter] = recorded
            elif (supply := running.assembly.scope.resolve(hint)) is not None:
                given[parameter] = supply(handling)
        with belonging(recorded.metadata):
            await reaction.function(**given)

    make = partial(Reacting, name, events, react, policy.failing)
    return SubscriptionFollower(subscription, admitting(make, events, policy, keyed=False))
