"""kill -9 at every single call of the database driver while processes are carried on: events, timers, commands."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import Final

import msgspec

from tests.guarantees.children import Child
from tests.guarantees.coordinating import check_coordinated, record_watches
from tests.guarantees.nursery import Ended, Order
from tests.guarantees.places import Place
from tests.guarantees.strides import every_call, places

_RUNS: Final = 25
"""On one store: what is checked after each is all that was ever done there."""
_NEVER: Final = 10**9


@every_call(71)
async def test_processes_killed_at_any_call_of_their_driver_do_everything_once(place: Place, stride: int) -> None:
    """Transitions of events and of timers, events that wait for their instance, and commands that are sent."""
    step = 0
    with Child("nursery") as nursery:
        for run, step in enumerate(places(stride), start=1):
            await record_watches(place.url, run)
            code = await _killed(nursery, place, run, step)
            if code == 0:
                break
            if run % _RUNS == 0:
                assert await _killed(nursery, place, run, _NEVER) == 0
                place = replace(place, url=place.spare())
    assert step > 100, "the driver was not wrapped"


async def _killed(nursery: Child, place: Place, run: int, step: int) -> int:
    """Have a process go on, killed at *step* of its calls, and check what it left; returns how it ended."""
    nursery.tell(msgspec.json.encode(Order(place.url, run, step, "coordinates")).decode())
    code = nursery.hear(Ended).ended
    assert code in (0, -signal.SIGKILL)
    await place.quiet()
    await check_coordinated(place.url, done=code == 0)
    return code
