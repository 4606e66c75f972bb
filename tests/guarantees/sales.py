"""One saga in a process that is killed, and the same saga carried on by another."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Struct

from leftfold import App
from leftfold.errors import NotPossible
from leftfold.processes import SagaView
from leftfold.store.port import Store
from leftfold.subscriptions import Timing
from tests.guarantees.children import Child, say
from tests.guarantees.ledger import Hand, acts_in
from tests.guarantees.places import open_place
from tests.guarantees.selling import CASES, Case, check_saga, items_of, saga_of, selling

__all__ = ["LEASE_S", "POLL_S", "Outcome", "Sale", "SaleOrder", "sell"]

LEASE_S: Final = 1.0
POLL_S: Final = 0.02
_TIMING: Final = Timing(lease_s=LEASE_S, poll_s=POLL_S, grace_s=2.0)
_WAIT_S: Final = 60.0
_NEVER: Final = 10**9
_CASE: Final = 100_000


class SaleOrder(Struct, frozen=True):
    """A saga for a child.

    Args:
        url: of the store.
        run: its id.
        case: what becomes of it, as JSON text.
        ledger: where it acts.
    """

    url: str
    run: int
    case: str
    ledger: str


class Steps(Struct, frozen=True):
    """How many calls of its driver a child has made: until it began the saga, or until it had ended."""

    steps: int


class Outcome(Struct, frozen=True):
    """How one run ended.

    Args:
        kills: how many processes were killed before the saga had ended.
        status: of the saga.
        resumed_s: from the kill to the end of the saga; None when its lease was not waited for.
    """

    kills: int
    status: str
    resumed_s: float | None


def _app(store: Store, ledger: str) -> App:
    return App(selling, store=store, provide={Hand: Hand(ledger)}, workers=_TIMING)


async def sell(order: SaleOrder, taken: Callable[[], int]) -> None:
    """Begin a saga, see it end, and end this process in the midst of everything."""
    case = msgspec.json.decode(order.case, type=Case)
    async with _app(await open_place(order.url), order.ledger) as app:
        saga, id = saga_of(case, f"{order.run}"), f"{order.run}"
        say(Steps(taken()))
        await app.start(saga, id=id)
        await app.sagas.ended(type(saga), id, timeout=_WAIT_S)
        say(Steps(taken()))
        os._exit(0)


class Sale:
    """One case on one store, run again and again with a kill at another call.

    Args:
        nursery: raises the processes.
        url: of the store.
        ledger: a file.
    """

    _made: ClassVar = set[str]()

    def __init__(self, nursery: Child, url: str, ledger: str, case: Case) -> None:
        self.case = case
        self._nursery = nursery
        self._url = url
        self._ledger = ledger
        self._runs = (CASES.index(case) + 1) * _CASE

    def calls(self) -> range:
        """The steps at which there is a saga to be killed; the process is not, this time."""
        if self._url not in self._made:  # to make a store takes calls that no later process makes
            self._made.add(self._url)
            self.calls()
        self._runs += 1
        steps = self._raise(_NEVER)
        assert len(steps) == 2, "the saga has not ended"
        return range(steps[0] + 1, steps[1] + 1)

    async def run(self, *kills: int, patient: bool = False) -> Outcome:
        """Begin one more saga in a process that is killed at a step, carry it on in others, and check it at its end.

        Args:
            kills: one step for each process that is killed, one after another.
            patient: wait for the lease of the dead one, and measure it.
        """
        self._runs += 1
        killed = [len(self._raise(kill)) < 2 for kill in kills]
        began = perf_counter()
        store = await open_place(self._url)
        try:
            view = await self._carried_on(store, patient=patient)
            events = [one.type for one in await store.read_stream(f"seat-{view.id}")]
            try:
                check_saga(self.case, view, acts_in(self._ledger, view.id, f"{view.id}/b"), events)
            except AssertionError as error:
                error.add_note(f"{self.case.shape}: {self.case}; killed at {kills}: {view}; {events}")
                raise
        finally:
            await store.close()
        return Outcome(sum(killed), view.status, perf_counter() - began if patient and any(killed) else None)

    async def _carried_on(self, store: Store, *, patient: bool) -> SagaView:
        id = f"{self._runs}"
        saga = saga_of(self.case, id)
        async with _app(store, self._ledger).with_settings(workers=False) as app:
            await app.start(saga, id=id)
            for item, found in (await store.work(items_of(self.case, id))).items():
                if found.owner is not None and not patient:
                    await store.extend({item: 1}, found.owner, 0.000_001)
            if self.case.aborted:
                with suppress(NotPossible):
                    await app.sagas.abort(type(saga), id, who="the test", why="after a crash")
            await app.running("selling").work()
            return await app.sagas.ended(type(saga), id, timeout=_WAIT_S)

    def _raise(self, kill: int) -> list[int]:
        """Raise a process that is killed at a step; returns what it said of its steps."""
        order = {"url": self._url, "run": self._runs, "step": kill, "work": "sells", "also": _dumped(self.case)}
        self._nursery.tell(msgspec.json.encode({**order, "mailed": self._ledger}).decode())
        said: list[int] = []
        while True:
            match self._nursery.hear(dict[str, Any]):
                case {"ended": int(code)}:
                    assert code in (0, -signal.SIGKILL), f"the child ended with {code}"
                    return said
                case {"steps": int(steps)}:
                    said.append(steps)
                case other:
                    raise AssertionError(f"the child said {other}")


def _dumped(case: Case) -> str:
    return msgspec.json.encode(case).decode()
