"""Timers: never early, once, in order, after whatever was recorded before; on stores whose clock a test can move."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import msgspec
import pytest

from leftfold import App
from leftfold.adapters.postgres import open_postgres
from leftfold.adapters.sqlite import open_sqlite
from leftfold.errors import NotPossible
from leftfold.processes.engine import Engine
from leftfold.processes.instance import dump_instance, load_instance
from leftfold.store import MemoryStore
from leftfold.store.port import Store
from leftfold.store.tables import Table
from leftfold.store.transaction import Transaction
from leftfold.store.work import Revise
from leftfold.subscriptions.parking import PARKED
from leftfold.subscriptions.worker import Timing
from leftfold.testing import ManualClock
from tests.processes.shared_clock import SharedClock
from tests.processes.watches import Fire, Marked, Poke, Poked, Wait, Waited, Watched, watching

STAYING = Timing(lease_s=1_000_000.0)
"""Nobody's lease ends because a test moves the clock."""


class Bell:
    def __init__(self) -> None:
        self.rung: list[str] = []
        self.broken: set[str] = set()
        self.heals: set[str] = set()

    def ring(self, name: str) -> None:
        self.rung.append(name)
        if name in self.broken:
            self.broken -= self.heals
            raise Fire(name)


@pytest.fixture
def clock() -> Iterator[SharedClock]:
    with TemporaryDirectory() as name:  # those of a test are closed to a server that runs under another account
        directory = Path(name)
        directory.chmod(0o755)
        yield SharedClock(directory / "time")


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
async def store(each_url: str, clock: SharedClock) -> AsyncIterator[Store]:
    """A store that tests close after the apps on it, and whose clock they move."""
    opened: Store
    if each_url == "memory:":
        opened = MemoryStore(clock=clock)
    elif each_url.startswith("sqlite:"):
        opened = await open_sqlite(each_url, clock=clock)
    else:
        await clock.lead(each_url)
        opened = await open_postgres(each_url)
    yield opened
    await opened.close()


@pytest.fixture
async def app(store: Store, clock: ManualClock, bell: Bell) -> AsyncIterator[App]:
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        yield app


async def marks(app: App, id: str = "w") -> list[str]:
    events = [recorded.event for recorded in (await app.events.read_log()).events]
    return [event.name for event in events if isinstance(event, Marked) and event.id == id]


async def seen(app: App, id: str = "w") -> tuple[str, ...]:
    view = await app.processes.show("watch", id)
    return msgspec.json.decode(view.state, type=Watched).seen


@asynccontextmanager
async def engine_alone(app: App) -> AsyncGenerator[Engine]:
    """What carries work on, without anybody who follows the log."""
    running = app.running()
    assert running.coordination is not None
    engine = Engine(running.store, running.coordination.carriers, "alone")
    task = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        engine.stop()
        await task


async def test_a_timer_is_never_early(app: App, clock: ManualClock) -> None:
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.settle()
    clock.advance(timedelta(seconds=30) - timedelta(microseconds=1))
    await app.settle()
    assert await marks(app) == []
    clock.advance(timedelta(microseconds=1))
    await app.settle()
    assert await marks(app) == ["tea"]


async def test_a_timer_fires_once(app: App, clock: ManualClock) -> None:
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.settle()
    for _ in range(5):
        clock.advance(timedelta(hours=1))
        await app.settle()
    assert (await marks(app), await seen(app)) == (["tea"], ("tea",))


async def test_a_cancelled_timer_never_fires(app: App, clock: ManualClock) -> None:
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.send(Poke(id="w", what="cancel tea"))
    await app.settle()
    clock.advance(timedelta(days=1))
    await app.settle()
    assert (await marks(app), await seen(app)) == ([], ("cancel tea",))


async def test_a_timer_that_is_set_anew_fires_at_its_new_time_alone(app: App, clock: ManualClock) -> None:
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.settle()
    clock.advance(timedelta(seconds=20))
    await app.send(Poke(id="w", what="reset tea"))
    await app.settle()
    clock.advance(timedelta(seconds=99))
    await app.settle()
    assert await marks(app) == []
    clock.advance(timedelta(seconds=1))
    await app.settle()
    clock.advance(timedelta(days=1))
    await app.settle()
    assert await marks(app) == ["tea"]


async def test_a_timer_that_is_set_again_for_the_same_moment_sends_its_command_again(
    app: App, clock: ManualClock
) -> None:
    noon = Poke(id="w", what=f"set tea {(clock.now() + timedelta(seconds=30)).isoformat()}")
    await app.send(Wait(id="w"))
    await app.send(noon)
    await app.settle()
    clock.advance(timedelta(minutes=1))
    await app.settle()
    await app.send(noon)
    await app.settle()
    assert await marks(app) == ["tea", "tea"]


async def test_timers_fire_at_their_moments_though_the_clocks_of_their_zone_are_set_back_between(
    app: App, clock: ManualClock
) -> None:
    await app.send(Wait(id="w"))
    await app.send(Poke(id="w", what="fall 2026-03-01T03:00"))
    await app.settle()
    fired = list[Sequence[str]]()
    for time in ("02:29:30.999999", "02:29:31", "03:14:59.999999", "03:15:00"):
        clock.set(datetime.fromisoformat(f"2026-03-01T{time}+00:00"))
        await app.settle()
        fired.append(await marks(app))
    assert fired == [[], ["sooner"], ["sooner"], ["sooner", "later"]]


async def test_the_timers_of_an_ended_process_are_gone(app: App, clock: ManualClock) -> None:
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.send(Poke(id="w", what="end"))
    await app.settle()
    assert [timer async for timer in app.processes.timers()] == []
    clock.advance(timedelta(days=1))
    await app.settle()
    assert await marks(app) == []


async def test_timers_that_are_due_at_once_fire_in_the_order_of_their_times_each_by_itself(
    app: App, clock: ManualClock
) -> None:
    await app.send(Wait(id="w", timers={"a": 30, "b": 10, "c": 20}))
    await app.settle()
    clock.advance(timedelta(minutes=1))
    await app.settle()
    assert await seen(app) == ("b", "c", "a")
    assert (await app.processes.show("watch", "w")).transitions == 4
    assert sorted(await marks(app)) == ["a", "b", "c"]


async def test_a_timer_that_was_due_while_nobody_was_there_fires_afterwards(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w", timers={"tea": 30}))
        await app.settle()
    clock.advance(timedelta(hours=1))
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        assert await marks(app) == ["tea"]


async def test_two_workers_fire_each_timer_once(store: Store, clock: ManualClock, bell: Bell) -> None:
    ids = [f"w{number}" for number in range(40)]
    async with (
        App(watching(bell), store=store, clock=clock, workers=STAYING) as one,
        App(watching(bell), store=store, clock=clock, workers=STAYING) as two,
    ):
        for id in ids:
            await one.send(Wait(id=id, timers={"tea": 30, "milk": 31}))
        await one.settle()
        clock.advance(timedelta(minutes=1))
        await asyncio.gather(one.settle(), two.settle())
        await asyncio.gather(one.settle(), two.settle())
        assert {id: sorted(await marks(one, id)) for id in ids} == {id: ["milk", "tea"] for id in ids}


async def test_what_was_recorded_before_a_timer_was_due_is_handed_in_before_it(
    store: Store, clock: ManualClock, bell: Bell, caplog: pytest.LogCaptureFixture
) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w", timers={"tea": 30}))
        await app.settle()
    async with App(watching(bell), store=store, clock=clock, workers=False) as app:
        clock.advance(timedelta(seconds=20))
        await app.send(Poke(id="w", what="cancel tea"))
        clock.advance(timedelta(minutes=1))
        with caplog.at_level(logging.INFO, "leftfold"):
            async with engine_alone(app) as engine:
                await engine.idle()
        assert (await app.processes.show("watch", "w")).transitions == 1
        assert "wait for the events before them" in caplog.text
    clock.advance(timedelta(minutes=1))
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        assert (await marks(app), await seen(app)) == ([], ("cancel tea",))


async def test_a_timer_that_is_cancelled_while_it_is_about_to_fire_does_not_fire(
    store: Store, clock: ManualClock, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else writes the instance behind the last look of whoever fires the timer, and before the write."""
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w", timers={"tea": 30}))
        await app.settle()
        look, looked = store.get, list[str]()

        async def get(table: Table, keys: Sequence[str], *, generation: int | None = None) -> Mapping[str, bytes]:
            found = await look(table, keys, generation=generation)
            (item,) = await store.find_work(queues="process/")
            if table is PARKED and item.owner is not None and not looked:
                looked.append(item.id)
                state = dump_instance(load_instance(item.state).with_timer("tea", None))
                revise = Revise(id=item.id, token=item.token, status=item.status, state=state, wake=None)
                await store.transact(Transaction(writes=[revise]))
            return found

        monkeypatch.setattr(store, "get", get)
        clock.advance(timedelta(minutes=1))
        await app.settle()
        assert looked, "nobody was about to fire it"
        assert (await seen(app), await marks(app)) == ((), [])


async def test_a_timer_waits_for_an_event_that_is_parked(app: App, clock: ManualClock, bell: Bell) -> None:
    bell.broken.add("poked hard")
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.send(Poke(id="w", what="hard"))
    await app.settle()
    clock.advance(timedelta(minutes=1))
    await app.settle()
    assert await marks(app) == []
    (letter,) = [letter async for letter in app.dead_letters.all()]
    assert (letter.subject, letter.type) == ("w", "Poked")
    bell.broken.clear()
    await app.dead_letters.replay(letter)
    clock.advance(timedelta(minutes=1))
    await app.settle()
    assert sorted(await marks(app)) == ["hard", "tea"]
    assert [entry.what for entry in (await app.processes.show("watch", "w")).journal] == ["Waited", "Poked", "tea"]


async def test_timers_wait_while_a_stream_is_parked_for_its_events_may_be_of_any_instance(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    def key(event: Waited | Poked) -> str:
        if isinstance(event, Poked) and event.what in bell.broken:
            raise Fire(event.what)
        return event.id

    bell.broken.add("hard")
    async with App(watching(bell, key=key), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w", timers={"tea": 30}))
        await app.send(Poke(id="w", what="hard"))
        await app.send(Poke(id="w", what="cancel tea"))
        await app.settle()
        clock.advance(timedelta(minutes=1))
        await app.settle()
        assert await marks(app) == []
        letters = [letter async for letter in app.dead_letters.all()]
        assert [letter.subject for letter in letters] == ["stream watch-w"] * 2
        bell.broken.clear()
        await app.dead_letters.replay(letters[0])
        clock.advance(timedelta(minutes=1))
        await app.settle()
        assert (await marks(app), await seen(app)) == (["hard"], ("hard", "cancel tea"))


async def test_a_timer_fires_at_once_when_the_parked_event_that_it_waited_for_is_dropped(
    app: App, clock: ManualClock, bell: Bell
) -> None:
    bell.broken.add("poked hard")
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.send(Poke(id="w", what="hard"))
    await app.send(Poke(id="w", what="ignore"))
    await app.settle()
    clock.advance(timedelta(minutes=1))
    await app.settle()
    assert await marks(app) == []
    await app.dead_letters.drop(*[letter async for letter in app.dead_letters.all()])
    await app.settle()
    assert await marks(app) == ["tea"]


async def test_the_parked_event_of_an_instance_that_nobody_can_read_can_be_dropped(
    app: App, store: Store, bell: Bell
) -> None:
    bell.broken.add("poked hard")
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.send(Poke(id="w", what="hard"))
    await app.settle()
    ((id, item),) = (await store.work(["process/watching.watch/w"])).items()
    damaged = Revise(id=id, token=item.token, status=item.status, state=b'{"timers":7}', wake=item.wake_at)
    await store.transact(Transaction(writes=[damaged]))
    await app.dead_letters.drop(*[letter async for letter in app.dead_letters.all()])
    assert [letter async for letter in app.dead_letters.all()] == []
    await app.send(Wait(id="v", timers={}))
    await app.settle()
    assert (await app.processes.show("watch", "v")).transitions == 1


async def test_a_timer_that_the_function_raises_at_is_tried_again_and_then_waits_for_a_person(
    app: App, clock: ManualClock, bell: Bell
) -> None:
    bell.broken.add("timer tea")
    await app.send(Wait(id="w", timers={"tea": 30, "milk": 40}))
    await app.settle()
    clock.advance(timedelta(minutes=1))
    await app.settle()
    assert bell.rung.count("timer tea") == 2
    view = await app.processes.show("watch", "w")
    assert (view.status, view.timers["tea"].dead, await marks(app)) == ("stuck", True, ["milk"])
    (parked,) = [one async for one in app.processes.parked()]
    assert (parked.kind, parked.what, parked.status, parked.attempts) == ("timer", "tea", "dead", 2)
    assert "Fire: timer tea" in parked.error
    bell.broken.clear()
    await app.processes.retry(parked.id, who="ann", why="mended")
    await app.settle()
    view = await app.processes.show("watch", "w")
    assert (view.status, await seen(app)) == ("waiting", ("milk", "tea"))
    assert [(entry.kind, entry.note) for entry in view.journal if entry.kind == "retried"] == [
        ("retried", "ann: mended")
    ]


@pytest.mark.parametrize(("name", "said"), [("far", "is not in the years 1 to 9999 in UTC"), ("big", "TooLarge: ")])
async def test_a_timer_after_which_nothing_can_be_stored_is_given_up_and_holds_up_no_other(
    app: App, clock: ManualClock, bell: Bell, name: str, said: str
) -> None:
    await app.send(Wait(id="w", timers={name: 30, "milk": 40}))
    await app.settle()
    clock.advance(timedelta(minutes=1))
    await app.settle()
    assert (bell.rung.count(f"timer {name}"), await marks(app)) == (2, ["milk"])
    (parked,) = [one async for one in app.processes.parked()]
    assert (parked.what, parked.status, parked.attempts) == (name, "dead", 2)
    assert said in parked.error
    view = await app.processes.show("watch", "w")
    assert [(entry.kind, entry.what) for entry in view.journal if entry.kind == "failed"] == [("failed", name)] * 2


async def test_a_timer_that_was_given_up_can_be_dropped(app: App, clock: ManualClock, bell: Bell) -> None:
    bell.broken.add("timer tea")
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.settle()
    clock.advance(timedelta(minutes=1))
    await app.settle()
    (parked,) = [one async for one in app.processes.parked()]
    await app.processes.drop(parked.id, who="ann", why="too late for tea")
    await app.settle()
    view = await app.processes.show("watch", "w")
    assert (view.status, view.timers, view.journal[-1].note) == ("waiting", {}, "ann: too late for tea")


@pytest.mark.parametrize("verb", ["retry", "drop"])
async def test_a_timer_that_has_not_failed_is_nobodys_to_mend(app: App, verb: Literal["retry", "drop"]) -> None:
    await app.send(Wait(id="w", timers={"tea": 30}))
    await app.settle()
    was = await app.processes.show("watch", "w")
    mend = app.processes.retry if verb == "retry" else app.processes.drop
    with pytest.raises(NotPossible, match=r"has not failed.* fires by itself at 2\d{3}-\d\d-\d\d "):
        await mend("process/watching.watch/w#tea", who="ann", why="tidying up")
    assert await app.processes.show("watch", "w") == was


async def test_a_process_in_which_nothing_happens_is_told_that_it_is_abandoned(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    context = watching(bell, abandoned=timedelta(hours=1))
    async with App(context, store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w"))
        await app.settle()
        clock.advance(timedelta(minutes=50))
        await app.send(Poke(id="w", what="look"))
        await app.settle()
        clock.advance(timedelta(minutes=50))
        await app.settle()
        assert "abandoned" not in await seen(app)
        clock.advance(timedelta(minutes=10))
        await app.settle()
        assert await seen(app) == ("look", "abandoned")


async def test_a_timer_is_set_from_when_its_event_was_recorded_however_late_it_is_handed_in(
    store: Store, clock: ManualClock, bell: Bell
) -> None:
    async with App(watching(bell), store=store, clock=clock, workers=False) as app:
        receipt = await app.send(Wait(id="w", timers={"tea": 30}))
        assert receipt.position == 1
    began = clock.now()
    clock.advance(timedelta(seconds=20))
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.settle()
        (timer,) = [timer async for timer in app.processes.timers()]
        assert timer.due == began + timedelta(seconds=30)
