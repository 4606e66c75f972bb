"""How far followers are: lag in events and seconds, and waiting for one to get somewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from typing import Final

from msgspec import Struct

from leftfold.clock import Clock
from leftfold.errors import NotCaughtUp, NoWorker, TableMissing
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.port import Store
from leftfold.store.tables import Table
from leftfold.subscriptions.parking import LETTERS, PARKED
from leftfold.subscriptions.presence import PRESENCE

__all__ = ["Lag", "State", "check_followed", "lag_of", "wait_for"]

_LOOK_S: Final = 0.5
_LOOKS: Final = (1, 100, 10_000)
"""How many rows are looked at to count some: mostly there are none, and the last is the most that are counted."""


class State(Enum):
    """What a follower is doing; `KEPT` are rows that a rebuild has built, and that nobody goes on building."""

    RUNNING = "running"
    CATCHING_UP = "catching up"
    STOPPED = "stopped"
    KEPT = "kept"


class Lag(Struct, frozen=True, kw_only=True):
    """How far one subscription is.

    Args:
        position: everything up to here is done, in every part.
        head: the last position of the log.
        behind: events between the two.
        seconds: how long ago the first event that is not done was recorded; 0 when there is none.
        owners: who follows each part, None where nobody does.
        parked: subjects that wait behind an event that failed.
        letters: events that are not done for a subject; like *parked*, at most 10,000 are counted.
        notes: why parts were let go, those that gave a reason.
        context: the name of the context that it belongs to.
        building: whether it builds rows that are not shown yet.
    """

    name: str
    position: int
    head: int
    behind: int
    seconds: float
    state: State
    owners: Sequence[str | None]
    parked: int
    letters: int
    notes: Sequence[str]
    context: str = ""
    building: bool = False


async def lag_of(name: str, parts: Sequence[str], source: Store, target: Store, clock: Clock) -> Lag:
    """How far the subscription *name* is, whose checkpoints are *parts*; before each of many the loop has a turn."""
    await asyncio.sleep(0)
    known = {one.name: one for one in await target.checkpoints(f"{name}/")}
    at = [known.get(part) for part in parts]
    position, head = min((one.position if one else 0 for one in at), default=0), await source.head()
    held = [one is not None and one.held for one in at]
    state = State.STOPPED if not all(held) else State.RUNNING if position >= head else State.CATCHING_UP
    return Lag(
        name=name,
        position=position,
        head=head,
        behind=max(head - position, 0),
        seconds=await _seconds_behind(source, position, clock),
        state=state,
        owners=[one.owner if one and one.held else None for one in at],
        parked=await _count(target, PARKED, name),
        letters=await _count(target, LETTERS, name),
        notes=[one.note for one in at if one and one.note],
    )


async def wait_for(
    name: str, parts: Sequence[str], position: int, target: Store, timeout_s: float, *, followed_here: bool = False
) -> None:
    """Wait until every part of a subscription has passed *position*, woken when one moves.

    Args:
        name: of the projection, for errors.
        parts: its checkpoints.
        followed_here: whether a worker of this process follows, which need not be looked up.

    Raises:
        NotCaughtUp: it had not when the time was over.
        NoWorker: nobody follows; at once.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    for part in parts:
        wait_s = min(timeout_s, _LOOK_S) if followed_here else 0.0
        while (reached := await target.reached(part, position, wait_s)) < position:
            if not followed_here:
                await check_followed(name, part, target)
            if (left := end - loop.time()) <= 0:
                raise NotCaughtUp(name, position, reached)
            wait_s = min(left, _LOOK_S)


async def check_followed(name: str, part: str, target: Store) -> None:
    """Raise `NoWorker` when nobody follows the checkpoint *part*, and nobody is about to.

    Args:
        name: of the projection or reaction, for the error.
    """
    checkpoints = {one.name: one for one in await target.checkpoints()}
    ours: Checkpoint | None = checkpoints.get(part)
    if ours is not None and ours.held:
        return
    alive = any(one.held for name, one in checkpoints.items() if name.startswith(PRESENCE))
    if not alive or (ours is not None and ours.note is not None):
        raise NoWorker(name, ours.note if ours is not None else None)


async def _seconds_behind(source: Store, position: int, clock: Clock) -> float:
    page = await source.read_log(after=position, limit=1)
    return max((clock.now() - page.events[0].recorded_at) / timedelta(seconds=1), 0.0) if page.events else 0.0


async def _count(target: Store, table: Table, name: str) -> int:
    """How many rows of *table* there are of a subscription, with which their keys begin: few others are looked at."""
    begin, found = f"{name}/", 0
    try:
        for most in _LOOKS:
            page = await target.scan(table, after=begin, limit=most)
            found = sum(key.startswith(begin) for key, _ in page)
            if found < most:
                break
    except TableMissing:  # no worker has been here yet
        return 0
    return found
