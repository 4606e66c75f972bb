"""Commands of sagas that were refused: sent anew once a person retries, and what was carried out stays as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from leftfold import (
    Aggregate,
    App,
    Attempt,
    Command,
    Context,
    DomainError,
    Done,
    Event,
    Outcome,
    Retry,
    Saga,
    Sender,
    Steps,
    applies,
    step,
)

_TWICE: Final = Retry(attempts=2, first=timedelta(milliseconds=5))
_BY: Final = {"who": "ann", "why": "there is one again"}


class Filled(Event):
    id: str


class Taken(Event):
    id: str


class Empty(DomainError):
    """Nothing is there."""


class Shelf(Aggregate[Filled | Taken]):
    left: int = 0

    @applies
    def _filled(self, event: Filled) -> None:
        self.left += 1

    @applies
    def _taken(self, event: Taken) -> None:
        self.left -= 1


class Fill(Command):
    id: str


class Take(Command):
    id: str


class Fetch(Saga):
    """Takes from two shelves once there is no way back."""

    @step(pivot=True)
    async def pay(self, attempt: Attempt) -> None: ...

    @step(retry=Retry(attempts=1))
    async def fetch(self, sender: Sender, attempt: Attempt) -> None:
        await _take_both(sender, attempt)


class Lend(Saga):
    """Takes from two shelves to undo what it did."""

    @step
    async def lend(self, attempt: Attempt) -> None: ...

    @lend.undo(retry=_TWICE)
    async def take_back(self, was: Outcome[None], sender: Sender, attempt: Attempt) -> None:
        await _take_both(sender, attempt)

    @step(undoable=False)
    async def fail(self, attempt: Attempt) -> None:
        raise Empty


class LendGuided(Saga):
    """Likewise."""

    async def run(self, steps: Steps, sender: Sender) -> None:
        async def lend(attempt: Attempt) -> None: ...

        async def take_back(was: Outcome[None], attempt: Attempt) -> None:
            assert was == Done(None)
            await _take_both(sender, attempt)

        await steps.do("lend", lend, undo=take_back, undo_retry=_TWICE)
        raise Empty


async def _take_both(sender: Sender, attempt: Attempt) -> None:
    await sender.send(Take(id="full"), id=f"{attempt.key}/full")
    await sender.send(Take(id="empty"), id=f"{attempt.key}/empty")


def _house(asked: list[str]) -> Context:
    house = Context("house")
    for saga in (Fetch, Lend, LendGuided):
        house.saga(saga)

    @house.decides(Shelf, id="id")
    def fill(_command: Fill, shelf: Shelf) -> None:
        shelf.record(Filled(id=shelf.id))

    @house.decides(Shelf, id="id")
    def take(command: Take, shelf: Shelf) -> None:
        asked.append(command.id)
        if not shelf.left:
            raise Empty
        shelf.record(Taken(id=shelf.id))

    return house


@pytest.mark.parametrize(
    ("saga", "ends"), [(Fetch(), "completed"), (Lend(), "compensated"), (LendGuided(), "compensated")]
)
async def test_a_refused_command_is_sent_anew_at_the_retry_of_a_person_and_never_before(
    saga: Saga, ends: str, each_url: str
) -> None:
    asked: list[str] = []
    async with App(_house(asked), store=each_url) as app:
        for _ in range(2):
            await app.send(Fill(id="full"))
        await app.start(saga, id="1")
        assert (await app.sagas.ended(type(saga), "1", timeout=20)).status == "stuck"
        assert asked == ["full", "empty"]
        await app.sagas.retry(type(saga), "1", **_BY)
        assert (await app.sagas.ended(type(saga), "1", timeout=20)).status == "stuck"
        assert asked == ["full", "empty", "empty"]
        await app.send(Fill(id="empty"))
        await app.sagas.retry(type(saga), "1", **_BY)
        view = await app.sagas.ended(type(saga), "1", timeout=20)
    assert (view.status, asked) == (ends, ["full", "empty", "empty", "empty"])
