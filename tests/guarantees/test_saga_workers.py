"""G9: what a worker left is carried on by another in time; one that comes back is refused, and undoes nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from leftfold import App
from leftfold.processes import SagaView
from leftfold.store.work import WorkItem
from tests.guarantees.children import Child
from tests.guarantees.kept_up import opened
from tests.guarantees.ledger import acts_in
from tests.guarantees.places import Place
from tests.guarantees.saga_worker import LEASE_S, POLL_S, Held, working_app

_WAIT_S = 60.0
_SLACK_S = 3.0
_SLOW_S = 1.5


@asynccontextmanager
async def _looking(place: Place, ledger: str) -> AsyncGenerator[App]:
    """An app that begins and looks, and carries nothing on."""
    async with opened(place.url) as store, working_app(store, ledger, workers=False) as app:
        yield app


def _worker(place: Place, ledger: str) -> Child:
    child = Child("saga_worker", place.url, ledger)
    child.hear(dict[str, Any])
    return child


async def _ended(app: App, id: str) -> SagaView:
    return await app.sagas.ended(Held, id, timeout=_WAIT_S)


async def _item(app: App, id: str) -> WorkItem:
    key = f"saga/working.Held/{id}"
    return (await app.store.work([key]))[key]


async def _stopped(workers: Sequence[Child]) -> Child:
    """Wait until one of them stands still."""
    async with asyncio.timeout(_WAIT_S):
        while True:
            for worker in workers:
                pid, status = os.waitpid(worker.process.pid, os.WUNTRACED | os.WNOHANG)  # noqa: ASYNC222 - it does not block
                if pid:
                    assert os.WIFSTOPPED(status)
                    return worker
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("held", ["do", "commit", "undo"])
async def test_a_worker_that_stood_still_beyond_its_lease_is_refused_all_that_it_writes_afterwards(
    place: Place, tmp_path: Path, held: str, record_property: Callable[[str, object], None]
) -> None:
    """It stands still in the midst of a step, a commit, or an undo; another carries the saga on; then it goes on."""
    ledger = str(tmp_path / "ledger")
    async with _looking(place, ledger) as app:
        with _worker(place, ledger) as one, _worker(place, ledger) as two:
            await app.start(Held(id="1", held=held, fails=held == "undo"), id="1")
            first = await _stopped([one, two])
            stood = perf_counter()
            view = await _ended(app, "1")
            took_s = perf_counter() - stood
            (two if first is one else one).kill()
            before = await _item(app, "1")
            first.process.send_signal(signal.SIGCONT)
            await app.start(Held(id="2"), id="2")  # nobody else is there: it works again, and has tried to write
            assert (await _ended(app, "2")).status == "completed"
            async with asyncio.timeout(_WAIT_S):
                while held != "commit" and len({act.pid for act in acts_in(ledger, "1") if _is(act.key, held)}) < 2:
                    await asyncio.sleep(0.01)
            assert await _item(app, "1") == before
        events = await app.store.read_stream("seat-1")
    acts = acts_in(ledger, "1")
    assert view.status == ("compensated" if held == "undo" else "completed")
    assert len(events) == 1, "a commit happened twice"
    assert {act.key for act in acts} <= {f"saga/working.Held/1/{name}" for name in ("one/do", "one/undo", "three/do")}
    record_property("takeover_s", took_s)
    print(f"taken over and ended after {took_s:.2f} s, with a lease of {LEASE_S} s and a look each {POLL_S} s")
    assert took_s < LEASE_S + POLL_S + _SLACK_S


def _is(key: str, held: str) -> bool:
    return key.endswith(f"one/{held}")


async def test_a_step_that_takes_longer_than_a_lease_is_taken_over_by_nobody_while_its_worker_lives(
    place: Place, tmp_path: Path
) -> None:
    ledger = str(tmp_path / "ledger")
    async with _looking(place, ledger) as app:
        with _worker(place, ledger), _worker(place, ledger):
            await app.start(Held(id="1", slow_s=3 * LEASE_S), id="1")
            view = await _ended(app, "1")
    assert (view.status, [one.tries for one in view.steps]) == ("completed", [1, 1, 1])
    assert Counter(act.key for act in acts_in(ledger, "1")).most_common(1)[0][1] == 1


async def test_everything_that_a_killed_worker_was_in_the_midst_of_is_carried_on_within_a_lease_and_a_look(
    place: Place, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    ledger, ids = str(tmp_path / "ledger"), [f"{number}" for number in range(20)]
    async with _looking(place, ledger) as app:
        with _worker(place, ledger) as one, _worker(place, ledger) as two:
            for id in ids:
                await app.start(Held(id=id, slow_s=_SLOW_S), id=id)
            async with asyncio.timeout(_WAIT_S):
                while not all(acts_in(ledger, id) for id in ids):
                    await asyncio.sleep(0.005)
            mine = [id for id in ids if acts_in(ledger, id)[-1].pid == one.process.pid]
            (one if len(mine) > len(ids) // 2 else two).kill()
            died = perf_counter()
            views = [await _ended(app, id) for id in ids]
            took_s = perf_counter() - died
        events = [len(await app.store.read_stream(f"seat-{id}")) for id in ids]
    assert {view.status for view in views} == {"completed"}
    assert events == [1] * len(ids)
    tries = [one.tries for view in views for one in view.steps]
    assert max(tries) == 2, "nobody was in the midst of anything"
    record_property("takeover_s", took_s)
    print(f"{len(ids)} sagas ended {took_s:.2f} s after their worker was killed, with a lease of {LEASE_S} s")
    assert took_s < LEASE_S + POLL_S + _SLOW_S + _SLACK_S
