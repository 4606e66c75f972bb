"""A process that carries on sagas until it is killed: `python -m tests.guarantees.saga_worker URL LEDGER`.

It says `{}` once it is at work.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from leftfold import Aggregate, App, Attempt, Context, Event, Outcome, Repository, Retry, Saga, applies, step
from leftfold.store.port import Store
from leftfold.subscriptions import Timing
from tests.guarantees.children import begin_child, say
from tests.guarantees.ledger import Hand
from tests.guarantees.places import open_place

__all__ = ["LEASE_S", "POLL_S", "Held", "working_app"]

LEASE_S: Final = 0.6
POLL_S: Final = 0.05
_TIMING: Final = Timing(lease_s=LEASE_S, poll_s=POLL_S, grace_s=1.0)
_RETRY: Final = Retry(attempts=3, first=timedelta(milliseconds=5))


class Booked(Event):
    saga: str


class Seat(Aggregate[Booked], category="seat"):
    """Booked by commits."""

    def book(self, saga: str) -> None:
        self.record(Booked(saga=saga))

    @applies
    def _booked(self, event: Booked) -> None:
        pass


class Brake:
    """Stops this process, once for all processes, with the signal that nothing can catch.

    Args:
        path: where it leaves a mark that it has.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def stop(self, what: str) -> None:
        """Stand still until continued."""
        mark = Path(f"{self._path}.{what}")
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGSTOP)


working: Final = Context("working")


@working.saga
class Held(Saga):
    """Its process stops at a place that it names, or takes its time.

    Args:
        held: `do`, `commit` or `undo`.
    """

    id: str
    held: str = ""
    slow_s: float = 0.0
    fails: bool = False

    @step(retry=_RETRY)
    async def one(self, hand: Hand, brake: Brake, attempt: Attempt) -> None:
        if self.held == "do":
            brake.stop(self.id)
        hand.act(attempt)
        await asyncio.sleep(self.slow_s)

    @one.undo(retry=_RETRY)
    async def unone(self, was: Outcome[None], hand: Hand, brake: Brake, attempt: Attempt) -> None:
        if self.held == "undo":
            brake.stop(self.id)
        hand.act(attempt)

    @step(undoable=False)
    async def two(self, seats: Repository[Seat], brake: Brake) -> None:
        seat = await seats.find(self.id) or seats.new(self.id)
        seat.book(self.id)
        if self.held == "commit":
            brake.stop(self.id)

    @step(undoable=False, retry=_RETRY)
    async def three(self, hand: Hand, attempt: Attempt) -> None:
        hand.act(attempt, "refused" if self.fails else "")


def working_app(store: Store, ledger: str, *, workers: bool = True) -> App:
    """An app for these sagas."""
    provide: dict[type, object] = {Hand: Hand(ledger), Brake: Brake(ledger)}
    return App(working, store=store, provide=provide, workers=_TIMING if workers else False)


async def main(url: str, ledger: str) -> None:
    """Carry on what there is."""
    begin_child()
    store = await open_place(url)
    async with working_app(store, ledger):
        say({})
        await asyncio.to_thread(sys.stdin.readline)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
