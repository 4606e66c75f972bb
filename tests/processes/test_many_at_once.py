"""An engine goes on, however many instances are begun at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from leftfold import App, Attempt, Context, Saga, step
from tests.processes.grounds import WAIT_S, World

MANY = 300
"""More than an engine carries on at a time."""


class Wait(Saga):
    @step(undoable=False)
    async def wait(self, world: World, attempt: Attempt) -> None:
        await world.call("wait", attempt)


@pytest.mark.parametrize("each_url", ["sqlite"], indirect=True)
async def test_more_sagas_begun_at_once_than_an_engine_carries_on_all_end_and_so_do_later_ones(each_url: str) -> None:
    waiting, gate = Context("waiting"), asyncio.Event()
    waiting.saga(Wait)
    world = World(wait=[gate] * (MANY + 1))
    async with App(waiting, store=each_url, provide={World: world}) as app:
        await asyncio.gather(*(app.start(Wait(), id=f"{n}") for n in range(MANY)))
        await world.arrived("wait", MANY)
        await app.start(Wait(), id="later")  # it is due at once, and nobody has a hand free
        await asyncio.sleep(0)
        gate.set()
        for id in ("later", *map(str, range(MANY))):
            assert (await app.sagas.ended(Wait, id, timeout=WAIT_S / 10)).status == "completed"
