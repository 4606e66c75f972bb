"""`leftfold work`: a process that follows the log for an app, and carries on its sagas and processes."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from leftfold.app.composition import App
from leftfold.cli.errors import UsageError
from leftfold.cli.logs import logging_to_stderr
from leftfold.cli.options import NOTHING_GIVEN, AtLeastOne, Source
from leftfold.cli.output import write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.serving import touching, under_observation
from leftfold.errors import StoreUnavailable
from leftfold.handling.within import NoAnswer, within
from leftfold.subscriptions.monitor import Lag
from leftfold.subscriptions.worker import Timing

__all__ = ["Health", "work"]

_log: Final = logging.getLogger("leftfold")
_REACH_S: Final = 1.0
_MOST_SECONDS: Final = 86_400.0
_MOST_PORT: Final = 65_535
_LOOPBACK: Final = "127.0.0.1"
_Seconds = Annotated[float, Parameter(validator=Number(gt=0, lte=_MOST_SECONDS))]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Health:
    """How others see that the worker is well."""

    health_file: Annotated[Path | None, Parameter(help="File to touch every poll period.")] = None
    health_port: Annotated[
        Annotated[AtLeastOne, Parameter(validator=Number(gt=0, lte=_MOST_PORT))] | None,
        Parameter(
            help="Port that answers 200 with the lags as JSON; 503 when a follower is stopped, or a store gives no "
            "answer within a second."
        ),
    ] = None
    health_host: Annotated[
        str | None, Parameter(help="Address of the health port, 127.0.0.1 when left out; 0.0.0.0 for all of them.")
    ] = None


_UNSEEN: Final = Health()


async def work(
    *,
    lease: _Seconds = 15.0,
    poll: _Seconds = 1.0,
    health: Health = _UNSEEN,
    json_logs: Annotated[bool, Parameter(show_default=False)] = False,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Follow the log for an app's projections, reactions and processes, and carry on its sagas.

    It works until told to stop, and says that it is ready once others see it. Any number of workers share the work, and
    take over from each other. SIGTERM or Ctrl-C ends the batches under way, releases what is held, and exits with 0,
    after at most some twelve seconds even when the store is out of reach; a second one ends at once. With 3 the store
    was out of reach at the start.

    Args:
        lease: Seconds after which others take over from a worker that gives no sign of life; at least twice --poll.
        poll: Seconds between two looks for work that nobody does.
        json_logs: Log as JSON, an object a line, on standard error.
    """
    if lease < 2 * poll:
        raise UsageError(f"--lease {lease:g} has to be at least twice --poll {poll:g}, or it runs out in between")
    if health.health_host is not None and health.health_port is None:
        raise UsageError("--health-host is where --health-port listens; give that too")
    app = named_app(source)
    followed = _Followed.of(app)
    timing = Timing(lease_s=lease, poll_s=poll)
    with logging_to_stderr(json=json_logs):
        stop = _stop_on_signals()
        async with opened_app(app, source, workers=timing) as opened, _observed(opened, health, poll):
            try:
                await _until(opened, stop, partial(followed.say_ready, json=source.json))
            except Exception:  # noqa: BLE001 - whatever it is, it is told with all that is known, and what is held is released
                _log.exception("following ended by an unexpected error")
                return 1
    return 0


@dataclass(frozen=True)
class _Followed:
    projections: int
    reactions: int
    sagas: int
    processes: int

    @classmethod
    def of(cls, app: App) -> _Followed:
        found = cls(
            sum(len(context.projections) for context in app.contexts),
            sum(len(context.reactions) + len(context.command_reactions) for context in app.contexts),
            sum(len(context.sagas) for context in app.contexts),
            sum(len(context.processes) for context in app.contexts),
        )
        if not any(count for count, *_ in found.counted):
            raise UsageError("this app has no projections, reactions, sagas or processes, so there is nothing to do")
        return found

    @property
    def counted(self) -> list[tuple[int, str, str]]:
        return [
            (self.projections, "projection", "projections"),
            (self.reactions, "reaction", "reactions"),
            (self.sagas, "saga", "sagas"),
            (self.processes, "process", "processes"),
        ]

    def say_ready(self, *, json: bool) -> None:
        pid = os.getpid()
        if json:
            write_json({"ready": True, **{many: count for count, _, many in self.counted}, "pid": pid})
        else:
            what = ", ".join(f"{count} {many if count > 1 else one}" for count, one, many in self.counted if count)
            print(f"leftfold work: ready, following {what} (pid {pid})")
        sys.stdout.flush()


def _stop_on_signals() -> asyncio.Event:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def told(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)  # the next one ends it at once

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)
    return stop


@asynccontextmanager
async def _observed(app: App, health: Health, poll_s: float) -> AsyncGenerator[None]:
    async def lags() -> list[Lag]:
        await asyncio.gather(*(_check_reach(app, context.name) for context in app.contexts))
        return [*await app.monitor.lags()]

    host = health.health_host or _LOOPBACK
    async with AsyncExitStack() as stack:
        if health.health_file is not None:
            await stack.enter_async_context(touching(health.health_file, poll_s))
        if health.health_port is not None:
            await stack.enter_async_context(under_observation(host, health.health_port, lags))
        yield


async def _check_reach(app: App, context: str) -> None:
    """Raise `StoreUnavailable` soon where a store is away; reading the lags would wait for it until its deadline."""
    try:
        await within(_REACH_S, app.running(context).store.head())
    except NoAnswer as error:
        raise StoreUnavailable(f"the store of {context} gave {error}; see that its server runs") from error


async def _until(app: App, stop: asyncio.Event, say_ready: Callable[[], None]) -> None:
    """Wait for *stop*, and *say_ready* as soon as others see that it works; raise what ended following before."""
    ready, stopped, following = (asyncio.create_task(one) for one in (app.ready(), stop.wait(), app.followed()))
    try:
        await asyncio.wait([ready, stopped, following], return_when=asyncio.FIRST_COMPLETED)
        if ready.done() and ready.exception() is None:
            say_ready()
        await asyncio.wait([stopped, following], return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()
    finally:
        for task in (ready, stopped, following):
            task.cancel()
        await asyncio.gather(ready, stopped, following, return_exceptions=True)
