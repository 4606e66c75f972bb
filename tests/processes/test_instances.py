"""Instances: their versions, the logs that they follow, and several who write them at the same time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from leftfold import (
    IGNORE,
    App,
    Context,
    DefinitionError,
    Event,
    Ignored,
    IntegrationEvent,
    Next,
    TimerDue,
)
from leftfold.adapters.sqlite import open_sqlite
from leftfold.store.events import Expected
from leftfold.store.memory import MemoryStore
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import Revise, WorkItem
from leftfold.testing import ManualClock
from tests.processes.test_timers import STAYING, Bell, bell, clock, marks, seen, store
from tests.processes.watches import Poke, Wait, watching

__all__ = ["bell", "clock", "store"]


class Begun(Event):
    key: str


class Added(Event):
    key: str
    number: int


class Counted(Event):
    key: str
    number: int


class Renewed(IntegrationEvent):
    key: str
    number: int


class Sum(Struct, frozen=True):
    key: str
    numbers: tuple[int, ...] = ()
    timers: int = 0


class SumAgain(Struct, frozen=True):
    key: str
    total: int


def summing(*versions: int, shards: int = 1, ticking: bool = False) -> Context:
    """Sums numbers; version 2 keeps the total alone."""
    context = Context("sums")

    def first(state: Sum | None, event: Begun | Added | TimerDue) -> Next[Sum] | Ignored:
        match state, event:
            case None, Begun(key=key):
                return Next(Sum(key)).timer("tick", timedelta(0)) if ticking else Next(Sum(key))
            case Sum(numbers=numbers), Added(number=number):
                following = Next(replace(state, numbers=(*numbers, number)))
                return following.timer("tick", timedelta(0)) if ticking else following
            case Sum(timers=timers), TimerDue():
                return Next(replace(state, timers=timers + 1))
            case _:
                return IGNORE

    def second(state: SumAgain | None, event: Begun | Added) -> Next[SumAgain] | Ignored:
        match state, event:
            case None, Begun(key=key):
                return Next(SumAgain(key, 0))
            case SumAgain(total=total), Added(number=number):
                return Next(replace(state, total=total + number))
            case _:
                return IGNORE

    for version, function in ((1, first), (2, second)):
        if version in versions:
            context.process(key="key", name="sums", version=version, shards=shards)(function)
    return context


async def record(app: App, stream: str, *events: object) -> None:
    await app.running("sums").loader.events.append(stream, *events, expected=Expected.ANY)


async def test_running_instances_keep_their_version_and_new_ones_begin_with_the_newest(store: Store) -> None:
    async with App(summing(1), store=store, workers=STAYING) as app:
        await record(app, "sum-a", Begun(key="a"), Added(key="a", number=1))
        await app.settle()
    async with App(summing(1, 2), store=store, workers=STAYING) as app:
        await record(app, "sum-a", Added(key="a", number=2))
        await record(app, "sum-b", Begun(key="b"), Added(key="b", number=3))
        await app.settle()
        views = {view.key: (view.version, view.state) async for view in app.processes.find("sums")}
        assert views == {
            "a": (1, '{"key":"a","numbers":[1,2],"timers":0}'),
            "b": (2, '{"key":"b","total":3}'),
        }
        assert await app.processes.check() == []


async def test_an_instance_of_a_version_that_is_not_here_is_kept_as_it_is_and_its_events_wait(store: Store) -> None:
    async with App(summing(1), store=store, workers=STAYING) as app:
        await record(app, "sum-a", Begun(key="a"))
        await app.settle()
    async with App(summing(2), store=store, workers=STAYING) as app:
        await record(app, "sum-a", Added(key="a", number=2))
        await record(app, "sum-b", Begun(key="b"))
        await app.settle()
        assert (await app.processes.show("sums", "b")).transitions == 1
        (letter,) = [letter async for letter in app.dead_letters.all()]
        assert "UnreadableState: 'process/sums.sums/a'" in letter.error
        assert "version 2 only" in letter.error
        (finding,) = await app.processes.check()
        assert (finding.process, finding.version, finding.count) == ("sums.sums", 1, 1)
    async with App(summing(1, 2), store=store, workers=STAYING) as app:
        await app.dead_letters.replay(letter)  # at once: its worker has not looked around yet
        assert (await app.processes.show("sums", "a")).transitions == 2


async def test_a_state_that_the_code_cannot_read_is_kept_as_it_is_and_listed(store: Store) -> None:
    async with App(summing(1), store=store, workers=STAYING) as app:
        await record(app, "sum-a", Begun(key="a"))
        await app.settle()
        (item,) = await store.find_work(queues="process/")
        damaged = item.state.replace(b'"key":"a"', b'"key":7')
        revise = Revise(id=item.id, token=item.token, status=item.status, state=damaged, wake=None)
        await store.transact(Transaction(writes=[revise]))
        await record(app, "sum-a", Added(key="a", number=2))
        await app.settle()
        (letter,) = [letter async for letter in app.dead_letters.all()]
        assert "cannot be read by this code" in letter.error
        assert (await store.work([item.id]))[item.id].state == damaged
        (finding,) = await app.processes.check()
        assert (finding.process, finding.key) == ("sums.sums", "a")
        view = await app.processes.show("sums", "a")
        assert view.reason is not None


async def test_a_field_that_newer_code_has_added_outlives_a_transition_by_older_code(store: Store) -> None:
    class Paid(Struct, frozen=True, rename="camel"):
        key: str
        number: int
        paid_so_far: int = 0

    class Unpaid(Struct, frozen=True):
        key: str
        number: int

    newer, older = Context("sums"), Context("sums")

    @newer.process(key="key", name="paying")
    def paying(state: Paid | None, event: Begun | Added) -> Next[Paid] | Ignored:
        if isinstance(event, Begun):
            return Next(Paid(event.key, 0, paid_so_far=7))
        return Next(replace(state, number=event.number)) if state else IGNORE

    @older.process(key="key", name="paying")
    def unpaying(state: Unpaid | None, event: Begun | Added) -> Next[Unpaid] | Ignored:
        return Next(replace(state, number=event.number)) if state and isinstance(event, Added) else IGNORE

    for number, context in enumerate((newer, older, newer)):
        async with App(context, store=store, workers=STAYING) as app:
            await record(app, "sum-a", *([] if number else [Begun(key="a")]), Added(key="a", number=number))
            await app.settle()
            state = (await app.processes.show("paying", "a")).state
            assert msgspec.json.decode(state or "") == {"key": "a", "number": number, "paidSoFar": 7}


async def test_events_and_timers_of_one_instance_are_each_taken_once_by_whoever_is_there(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    keys = [f"k{n}" for n in range(8)]
    context = summing(1, ticking=True)
    with caplog.at_level(logging.WARNING, "leftfold"):
        async with App(context, store=store, workers=STAYING) as one, App(context, store=store, workers=STAYING) as two:
            for key in keys:
                await record(one, f"sum-{key}", Begun(key=key))
            for number in range(20):
                await asyncio.gather(*(record(one, f"sum-{key}", Added(key=key, number=number)) for key in keys))
            for _ in range(2):
                await one.settle()
                await two.settle()
            for key in keys:
                view = await one.processes.show("sums", key)
                state = msgspec.json.decode(view.state, type=Sum)
                assert state.numbers == tuple(range(20))
                assert state.timers >= 1
                assert view.transitions == 21 + state.timers
                assert view.timers == {}
            assert [letter async for letter in one.dead_letters.all()] == []
    assert "stopped following" not in caplog.text


async def test_an_instance_whose_events_come_in_two_shards_begins_once_and_loses_none(each_url: str) -> None:
    """What begins it, and what it waits for, are read by two followers at the same moment."""
    keys = [f"k{n}" for n in range(40)]
    async with App(summing(1, shards=4), store=each_url) as app:
        for key in keys:
            await asyncio.gather(
                record(app, f"number-{key}", Added(key=key, number=1)),
                record(app, f"sum-{key}", Begun(key=key)),
                record(app, f"other-{key}", Added(key=key, number=2)),
            )
        await app.settle(timeout=60.0)
        states = {
            view.key: sorted(msgspec.json.decode(view.state, type=Sum).numbers)
            async for view in app.processes.find("sums", statuses=("waiting",))
        }
        assert states == {key: [1, 2] for key in keys}
        assert [one async for one in app.processes.parked()] == []


async def test_another_number_of_shards_hands_nothing_in_twice(store: Store) -> None:
    for count, shards in enumerate((1, 3, 2), start=1):
        async with App(summing(1, shards=shards), store=store) as app:
            if count == 1:
                await record(app, "sum-a", Begun(key="a"))
            await record(app, "sum-a", Added(key="a", number=count))
            await app.settle()
            view = await app.processes.show("sums", "a")
            assert msgspec.json.decode(view.state, type=Sum).numbers == tuple(range(1, count + 1))
            assert view.journal[-1].kind == "applied"


async def test_another_number_of_shards_hands_nothing_in_twice_though_who_began_with_it_died() -> None:
    store = MemoryStore()
    async with App(summing(1), store=store) as app:
        await record(app, "sum-a", Begun(key="a"))
        await record(app, "sum-a", Added(key="a", number=1))
        await app.settle()
    for part in (0, 1):
        assert await store.claim(f"process:sums.sums/{part}.2", "who died", 0.2) is not None
    async with App(summing(1, shards=2), store=store) as app:
        await app.settle()
        view = await app.processes.show("sums", "a")
        assert msgspec.json.decode(view.state, type=Sum).numbers == (1,)
        assert [one.position for one in await store.checkpoints("process:")] == [2, 2]


async def test_another_number_of_shards_is_refused_while_others_follow_by_the_old_one(store: Store) -> None:
    async with App(summing(1), store=store) as app:
        await record(app, "sum-a", Begun(key="a"))
        await app.settle()
        with pytest.raises(DefinitionError, match="stop the workers that still follow it"):
            async with App(summing(1, shards=2), store=store):
                pass


async def test_another_number_of_shards_is_refused_while_events_are_parked(store: Store) -> None:
    async with App(summing(1, shards=4), store=store) as app:
        await record(app, "sum-a", Begun(key="a"))
        await app.settle()
    async with App(summing(2, shards=4), store=store) as app:  # which cannot read the instance
        await record(app, "sum-a", Added(key="a", number=1))
        await app.settle()
        (letter,) = [letter async for letter in app.dead_letters.all()]
    with pytest.raises(DefinitionError, match="events of it are parked, by the old parts; follow it by the old number"):
        async with App(summing(1, 2, shards=1), store=store):
            pass
    async with App(summing(1, 2, shards=4), store=store) as app:
        await app.dead_letters.replay(letter)
    async with App(summing(1, 2, shards=1), store=store) as app:
        await record(app, "sum-a", Added(key="a", number=2))
        await app.settle()
        view = await app.processes.show("sums", "a")
        assert msgspec.json.decode(view.state, type=Sum).numbers == (1, 2)


async def test_a_process_follows_its_own_events_and_those_that_other_contexts_publish(
    bell: Bell, tmp_path: Path
) -> None:
    """From two logs in two stores, into one instance; what came too early is handed in in the order of their times."""
    source = watching(bell)

    @source.publishes
    def renewed(event: Counted) -> Renewed | None:
        return Renewed(key=event.key, number=event.number)

    context = Context("sums")

    @context.process(key="key")
    def sums(state: Sum | None, event: Begun | Added | Renewed) -> Next[Sum] | Ignored:
        match state, event:
            case None, Begun(key=key):
                return Next(Sum(key))
            case Sum(numbers=numbers), Added(number=number) | Renewed(number=number):
                return Next(replace(state, numbers=(*numbers, number)))
            case _:
                return IGNORE

    stores = {name: await open_sqlite(f"sqlite:///{tmp_path}/{name}.db") for name in ("sums", "watching")}
    async with App(context, source, store=stores) as app:
        other = app.running("watching").loader.events
        await other.append("marks-a", Counted(key="a", number=1), expected=0)
        await record(app, "sum-a", Added(key="a", number=2))
        await app.settle()
        assert len([one async for one in app.processes.parked("sums")]) == 2
        await record(app, "sum-a", Begun(key="a"))
        await app.settle()
        await other.append("marks-a", Counted(key="a", number=3), expected=Expected.ANY)
        await app.settle()
        view = await app.processes.show("sums", "a")
        assert msgspec.json.decode(view.state, type=Sum).numbers == (1, 2, 3)
        assert [one async for one in app.processes.parked("sums")] == []
    for opened in stores.values():
        await opened.close()


async def test_what_is_decided_on_an_instance_that_another_has_changed_is_decided_again(
    store: Store, clock: ManualClock, bell: Bell, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody else writes between the read and the write of the follower, three times."""
    async with App(watching(bell), store=store, clock=clock, workers=STAYING) as app:
        await app.send(Wait(id="w"))
        await app.settle()
        read, overtaken = store.work, list[int]()

        async def work(ids: Collection[str]) -> Mapping[str, WorkItem]:
            found = await read(ids)
            for item in found.values():
                if len(overtaken) < 3 and item.id == "process/watching.watch/w":
                    overtaken.append(item.token)
                    revise = Revise(id=item.id, token=item.token, status=item.status, state=item.state, wake=None)
                    await store.transact(Transaction(writes=[revise]))
            return found

        monkeypatch.setattr(store, "work", work)
        with caplog.at_level(logging.WARNING, "leftfold"):
            await app.send(Poke(id="w", what="now"))
            await app.settle()
        assert bell.rung.count("poked now") == 4
        assert (await seen(app), await marks(app)) == (("now",), ["now"])
        assert [letter async for letter in app.dead_letters.all()] == []
        assert "stopped following" not in caplog.text
