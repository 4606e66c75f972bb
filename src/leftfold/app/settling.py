"""Waiting until nothing goes on any more: tests wait for it instead of sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from leftfold.app.monitoring import Monitor
from leftfold.app.running import Running
from leftfold.errors import NotSettled
from leftfold.subscriptions.monitor import State

__all__ = ["settled"]


async def settled(contexts: Mapping[str, Running], timeout_s: float) -> None:
    """Wait until followers have handled every event, and no work is due.

    Raises:
        NotSettled: it was not so when the time was over; it says what is stopped and why, or that no worker follows.
    """
    try:
        async with asyncio.timeout(timeout_s):
            before: object = None
            while (now := await _seen(contexts)) != before:
                before = now
                for running in contexts.values():
                    await running.keep_up()
    except TimeoutError as error:
        raise await _unsettled(contexts, timeout_s) from error


async def _seen(contexts: Mapping[str, Running]) -> tuple[int, ...]:
    """What has changed when anything has gone on."""
    heads = [await running.store.head() for running in contexts.values()]
    return (*heads, *[await running.idle() for running in contexts.values()])


async def _unsettled(contexts: Mapping[str, Running], timeout_s: float) -> NotSettled:
    """What has not kept up, and why; the advice is about what no waiting helps, if there is any."""
    clock = next(iter(contexts.values())).clock
    behind = [lag for lag in await Monitor(contexts, clock).lags() if lag.behind and lag.state is not State.KEPT]
    if failed := [lag for lag in behind if lag.notes]:
        said = "; ".join(f"{lag.name} is stopped: {', '.join(lag.notes)}" for lag in failed)
        return NotSettled(said, timeout_s, "mend what it says, and settle again")
    if left := [lag.name for lag in behind if lag.state is State.STOPPED]:
        reason = f"no worker follows for {', '.join(left)}"
        return NotSettled(reason, timeout_s, "run `leftfold work`, or App(workers=True)")
    names = ", ".join(lag.name for lag in behind)
    return NotSettled(f"{names} had not kept up" if behind else "work was still due", timeout_s)
