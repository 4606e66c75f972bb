"""Answers to commands are deleted when they were kept long enough, whatever else the app does."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from leftfold import App, Command, Context, Event
from leftfold.app import working
from leftfold.store import MemoryStore
from leftfold.testing import ManualClock

_WAIT_S = 10.0


class Greet(Command[str]):
    name: str


class Greeted(Event):
    name: str


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old answers are deleted at once."""
    monkeypatch.setattr(working, "_FIRST_PURGE_S", 0.0)


async def test_an_app_that_follows_nothing_deletes_them_too() -> None:
    desk, clock = Context("desk"), ManualClock()

    @desk.command
    async def greet(command: Greet) -> str:
        return f"hello {command.name}"

    store = MemoryStore(clock=clock)
    async with App(desk, store=store, clock=clock, workers=False) as app:
        await app.send(Greet(name="ann"), id="old")
        clock.advance(timedelta(days=31))
        await app.send(Greet(name="bob"), id="young")
    async with App(desk, store=store, clock=clock) as app, asyncio.timeout(_WAIT_S):
        while await app.running().answers.find("old"):
            await asyncio.sleep(0)
        assert (await app.send(Greet(name="bob"), id="young")).repeated


async def test_an_app_without_commands_has_none_to_delete(caplog: pytest.LogCaptureFixture) -> None:
    book = Context("book")

    @book.on()
    async def note(event: Greeted) -> None:
        assert event.name

    with caplog.at_level(logging.WARNING, "leftfold"):
        async with App(book, store="memory:") as app:
            await app.settle()
            await asyncio.sleep(0.01)
    assert not caplog.records
