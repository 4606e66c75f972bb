"""`leftfold reset NAME`: where a reaction or process goes on."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final, Literal

from leftfold.app.composition import App
from leftfold.app.follower_names import called, named_followers, those_called
from leftfold.app.running import Running
from leftfold.cli.errors import UsageError
from leftfold.cli.options import NOTHING_GIVEN, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.subscriptions.resetting import reset as go_on
from leftfold.subscriptions.subscription import Subscription

__all__ = ["reset"]

_AT: Final[Mapping[str, str]] = {
    "start": "begins again with the first event",
    "end": "goes on with the events after position",
}


async def reset(name: str, /, *, to: Literal["start", "end"], source: Source = NOTHING_GIVEN) -> int:
    """Say where a reaction or process goes on, when the log is not the one that it followed.

    It is the way out of a CheckpointMismatch: a log that was restored from an older copy does not hold what was
    handled. With `--to end` nothing that is there now is handled; with `--to start` a reaction is run for every event
    again, and has its effect again. Stop the workers first. Dead letters stay.

    Args:
        name: Name of the reaction or process, as `leftfold projections` shows it or shorter.
        to: Where it goes on.
    """
    async with opened_app(named_app(source), source) as app:
        running, subscription = await _found(app, name)
        reactions = {one.name for one in running.assembly.context.reactions}
        if to == "start" and subscription.name not in reactions:
            raise UsageError(
                f"{subscription.name} is no reaction but sends commands, which would be sent again; use --to end"
            )
        position = await go_on(subscription, to, f"{socket.gethostname()}:{os.getpid()}")
    if source.json:
        write_json({"name": subscription.name, "context": running.name, "position": position})
    else:
        console().print(f"{subscription.name} {_AT[to]}{f' {position:,}' if to == 'end' else ''}")
    return 0


async def _found(app: App, name: str) -> tuple[Running, Subscription]:
    known = await named_followers({context.name: app.running(context.name) for context in app.contexts})
    others = [one for one in known if not one.projection]
    if called(name, known) and not called(name, others):
        raise UsageError(f"{name} is a projection; build its rows anew: leftfold rebuild {name}")
    found = those_called(name, others, "reaction or process")
    if len(found) > 1:
        raise UsageError(f"{name} follows several logs; give one of {', '.join(one.name for one in found)}")
    [subscription] = [one for one in found[0].running.reactions if one.name == found[0].name]
    return found[0].running, subscription
