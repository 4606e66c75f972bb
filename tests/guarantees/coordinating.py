"""A process with timers and commands, in a child that is killed at any call of its driver, and what has to be left."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from leftfold import App
from leftfold.processes import ProcessView
from leftfold.processes.missing import load_missing
from leftfold.processes.outgoing import load_outgoing
from leftfold.store.port import Store
from tests.guarantees.counting import QUICK
from tests.guarantees.places import open_place
from tests.processes.watches import Mark, Poke, Wait, Watched, watching

__all__ = ["check_coordinated", "coordinate", "coordinating", "record_watches"]

_WAIT_S: Final = 60.0
_TIMERS: Final = {"tea": 0.0, "milk": 0.0}


class _Silent:
    def ring(self, name: str) -> None:
        pass


@asynccontextmanager
async def coordinating(url: str, *, workers: bool) -> AsyncGenerator[App]:
    """The context at work on its store."""
    store = await open_place(url)
    try:
        async with App(watching(_Silent()), store=store, workers=QUICK if workers else False) as app:
            yield app
    finally:
        await store.close()


async def coordinate(url: str, then: Callable[[], None]) -> None:
    """Follow, fire, and send until nothing goes on any more."""
    async with coordinating(url, workers=True) as app:
        await app.settle(timeout=_WAIT_S)
        then()


async def record_watches(url: str, run: int) -> None:
    """Events of one instance that begins at once, and of one that begins a run after its first event."""
    async with coordinating(url, workers=False) as app:
        await app.send(Wait(id=f"w{run}", timers=_TIMERS))
        await app.send(Poke(id=f"w{run}", what=f"poke{run}"))
        await app.send(Poke(id=f"late{run}", what=f"early{run}"))
        await app.send(Wait(id=f"late{run - 1}", timers={"tea": 0.0}))


class _Event(msgspec.Struct):
    id: str
    what: str = ""
    name: str = ""
    timers: dict[str, float] = {}


async def check_coordinated(url: str, *, done: bool) -> None:
    """Checkpoint, instances, timers and commands are of one moment, and every command was carried out at most once.

    Args:
        done: whether everything has to be through.
    """
    async with coordinating(url, workers=False) as app:
        store = app.store
        log = await _events(store)
        about: dict[str, list[tuple[str, _Event, int]]] = {}
        for one in log:
            event = msgspec.json.decode(one.data, type=_Event)
            about.setdefault(event.id, []).append((one.type, event, one.position))
        position = min((one.position for one in await store.checkpoints("process:")), default=0)
        assert not done or position == len(log), "an event was not handed in"
        views = {view.key: view async for view in app.processes.find()}
        missing = [load_missing(item.state) for item in await store.find_work(queues="missing/", limit=10_000)]
        outgoing = [load_outgoing(item.state) for item in await store.find_work(queues="command/", limit=10_000)]
        for key in {key for key, events in about.items() if events[0][2] <= position} | set(views):
            handed = [(type, event) for type, event, at in about.get(key, ()) if at <= position]
            pokes = [event.what for type, event in handed if type == "Poked"]
            wanted = [event for type, event in handed if type == "Waited"]
            waits = [event.position for event in missing if event.key == key]
            if not wanted:
                assert (views[key].status, len(waits)) == ("missing", len(pokes)), "parked at another moment"
                continue
            assert waits == [], "an event still waits for an instance that has begun"
            seen = _seen(views[key], pokes, set(wanted[0].timers))
            assert not done or not views[key].timers, "a timer is left"
            marks = Counter(event.name for type, event, _ in about.get(key, ()) if type == "Marked")
            sent = [msgspec.json.decode(one.payload, type=Mark).name for one in outgoing if one.origin.key == key]
            assert max(marks.values(), default=0) <= 1, "a command was carried out twice"
            assert set(marks) <= set(seen), "a command was carried out that nobody decided on"
            assert set(marks) | set(sent) == set(seen), "a command is lost, or of another moment"
        assert not done or not outgoing, "a command is left"


def _seen(view: ProcessView, pokes: Sequence[str], timers: set[str]) -> Sequence[str]:
    """What the state says was handed in: each event up to the checkpoint, and each timer that is not set any more."""
    state = msgspec.json.decode(view.state, type=Watched)
    assert sorted(state.seen) == sorted([*pokes, *(timers - set(view.timers))]), "a state of another moment"
    assert view.transitions == 1 + len(state.seen), "transitions of another moment"
    return state.seen


async def _events(store: Store) -> list[_Stored]:
    after, events = 0, list[_Stored]()
    while (page := await store.read_log(after=after)).position > after:
        events += [_Stored(one.type, one.data, one.position) for one in page.events]
        after = page.position
    return events


class _Stored(msgspec.Struct, frozen=True):
    type: str
    data: bytes
    position: int
