"""What an event or a timer leads to is written in one transaction; a command goes when it has been carried out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from leftfold import App
from leftfold.store import Begin, End, MemoryStore, Revise
from leftfold.store.events import Appended
from leftfold.store.transaction import Advance, Insert, Transaction, Write
from leftfold.testing import ManualClock
from tests.processes.test_timers import STAYING, Bell
from tests.processes.watches import Poke, Wait, watching


class Recording(MemoryStore):
    """Remembers what it was told to write."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock=clock)
        self.told: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()

    async def next(self) -> tuple[str, ...]:
        """What it was told next."""
        async with asyncio.timeout(5):
            return await self.told.get()

    def unremember(self) -> None:
        """Forget what it was told so far."""
        while not self.told.empty():
            self.told.get_nowait()

    async def transact(self, transaction: Transaction) -> Appended | None:
        """See `Transacting.transact`."""
        self.told.put_nowait(tuple(filter(None, map(_word, transaction.writes))))
        return await super().transact(transaction)


def _word(write: Write) -> str:
    match write:
        case Begin(id=id) | Revise(id=id) | End(id=id):
            return f"{type(write).__name__.lower()} {id.partition('/')[0]}"
        case Advance(name=name):
            return f"advance {name.partition(':')[0]}"
        case Insert():
            return "carry out"
        case _:
            return ""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def recording(clock: ManualClock) -> AsyncIterator[tuple[App, Recording]]:
    store = Recording(clock)
    async with App(watching(Bell()), store=store, clock=clock, workers=STAYING) as app:
        yield app, store


CARRIED_OUT = [("carry out",), ("end command",), ("advance process",)]


async def test_an_event_its_instance_its_commands_and_the_checkpoint_are_one_transaction(
    recording: tuple[App, Recording],
) -> None:
    app, store = recording
    await app.send(Wait(id="w"))
    await app.settle()
    store.unremember()
    await app.send(Poke(id="w", what="tea"))
    assert sorted(await store.next()) == ["advance process", "begin command", "revise process"], "at another moment"
    assert [await store.next() for _ in CARRIED_OUT] == CARRIED_OUT


async def test_a_timer_its_instance_and_its_commands_are_one_transaction(
    recording: tuple[App, Recording], clock: ManualClock
) -> None:
    app, store = recording
    await app.send(Wait(id="w", timers={"tea": 5.0}))
    await app.settle()
    store.unremember()
    clock.advance(timedelta(seconds=6))
    assert sorted(await store.next()) == ["begin command", "revise process"], "a command may be lost"
    assert [await store.next() for _ in CARRIED_OUT] == CARRIED_OUT
