"""Snapshots and the cache make loading shorter, and never the answer different."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from leftfold import Aggregate, App, Conflict, Decider, DefinitionError, Event, Expected, Snapshots, UnitOfWork, applies
from leftfold.domain.state import state_codec
from leftfold.errors import InvalidPayload, StoreUnavailable
from leftfold.store import MemoryStore, Snapshot, SnapshotKey, digest_of
from tests.copying import copied


class Added(Event):
    amount: Decimal


class Counter(Aggregate[Added], category="counter", snapshot_every=100):
    total: Decimal = Decimal(0)

    def add(self, amount: Decimal) -> None:
        self.record(Added(amount=amount))

    @applies
    def _added(self, event: Added) -> None:
        self.total += event.amount


class Doubled(Aggregate[Added], category="counter", snapshot_every=100, state_version=2):
    total: Decimal = Decimal(0)

    @applies
    def _added(self, event: Added) -> None:
        self.total += event.amount * 2


class Sloppy(Aggregate[Added], category="sloppy", snapshot_every=3):
    def add(self) -> None:
        self.record(Added(amount=Decimal(1)))

    @applies
    def _added(self, event: Added) -> None:
        self.seen = event.amount  # not annotated


def decide(command: Added, total: Decimal) -> list[Added]:
    return [command] if total < 1000 else []


def evolve(total: Decimal, event: Added) -> Decimal:
    return total + event.amount


tally = Decider(decide, evolve, Decimal(0), category="tally", snapshot_every=10)


class FullDisk(MemoryStore):
    async def save_snapshot(self, snapshot: Snapshot) -> None:
        raise StoreUnavailable("no room for snapshots")


class BrokenDriver(MemoryStore):
    async def save_snapshot(self, snapshot: Snapshot) -> None:
        raise RuntimeError("no room for snapshots")


class SlowDisk(MemoryStore):
    """Saves snapshots a few turns of the loop late, and only while it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.saved = list[int]()

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        for _ in range(100):
            await asyncio.sleep(0)
        await super().save_snapshot(snapshot)
        self.saved.append(snapshot.key.version)


async def fill(app: App, id: str, count: int) -> None:
    async def work(unit: UnitOfWork) -> None:
        counter = await unit.repository(Counter).find(id) or unit.repository(Counter).new(id)
        for _ in range(count):
            counter.add(Decimal(1))

    await app.transact(work)


async def kept(app: App) -> list[int]:
    return [each.key.version for each in await app.store.read_snapshots()]


@pytest.mark.parametrize("with_append", [False, True])
async def test_one_is_taken_whenever_the_threshold_was_crossed_since_the_last(url: str, with_append: bool) -> None:
    policy = Snapshots(with_append=with_append)
    async with App(Counter, store=url, snapshots=policy) as app:
        for _ in range(250):
            await app.repository(Counter).edit("slow", Counter.add, Decimal(1))
        await fill(app, "fast", 250)
        await fill(app, "fast", 99)
    async with App(Counter, store=url) as app:
        slow, fast = await app.repository(Counter).load("slow"), await app.repository(Counter).load("fast")
        assert (slow.snapshot, slow.replayed, slow.version, slow.state.total) == (200, 50, 250, Decimal(250))
        assert (fast.snapshot, fast.replayed, fast.version, fast.state.total) == (250, 99, 349, Decimal(349))
        await fill(app, "fast", 1)
    async with App(Counter, store=url) as app:
        assert (await app.repository(Counter).load("fast")).snapshot == 350


async def test_what_is_on_its_way_when_the_app_is_closed_is_saved() -> None:
    store = SlowDisk()
    async with App(Counter, store=store) as app:
        await fill(app, "a", 120)
        await fill(app, "b", 130)
        assert store.saved == []
    assert store.saved == [120, 130]


async def test_with_the_append_it_is_there_when_the_command_returns(url: str) -> None:
    async with App(Counter, store=url, snapshots=Snapshots(with_append=True)) as app:
        await fill(app, "a", 120)
        assert await kept(app) == [120]


async def test_history_that_was_recorded_past_the_repository_gets_one_when_it_is_loaded(url: str) -> None:
    async with App(Counter, store=url) as app:
        await app.events.append("counter-a", *[Added(amount=Decimal(1))] * 130, expected=Expected.NO_STREAM)
        assert (await app.repository(Counter).get("a")).total == 130
    async with App(Counter, store=url) as app:
        assert (await app.repository(Counter).load("a")).snapshot == 130


async def test_a_state_of_another_time_starts_from_the_last_one_before_it(url: str) -> None:
    async with App(Counter, store=url, snapshots=Snapshots(with_append=True)) as app:
        for _ in range(3):
            await fill(app, "a", 110)
        assert await kept(app) == [110, 220, 330]
        for version in (1, 109, 110, 111, 219, 220, 329, 330):
            assert (await app.repository(Counter).at("a", version=version)).total == version


async def test_a_decider_has_them_too(url: str) -> None:
    async with App(tally, store=url) as app:
        for _ in range(25):
            await app.repository(tally).decide("a", Added(amount=Decimal(2)))
    async with App(tally, store=url) as app:
        loaded = await app.repository(tally).load("a")
        assert (loaded.state, loaded.version, loaded.snapshot, loaded.replayed) == (Decimal(50), 25, 20, 5)


async def test_one_that_another_fold_took_is_ignored_and_never_misread(url: str) -> None:
    async with App(Counter, store=url) as app:
        await fill(app, "a", 150)
    async with App(Doubled, store=url) as app:
        loaded = await app.repository(Doubled).load("a")
        assert (loaded.state.total, loaded.snapshot) == (Decimal(300), 0)
    async with App(Counter, store=url) as app:
        assert (await app.repository(Counter).load("a")).snapshot == 150
        assert len(await kept(app)) == 2


async def test_an_attribute_that_is_not_annotated_is_an_error_while_nothing_is_stored(url: str) -> None:
    async with App(Sloppy, store=url) as app:
        accounts = app.repository(Sloppy)
        for _ in range(2):
            await accounts.edit("a", Sloppy.add)
        with pytest.raises(DefinitionError, match="'seen' set but not annotated"):
            await accounts.edit("a", Sloppy.add)
        assert await app.store.head() == 2


class Careless(Aggregate[Added], category="careless"):
    total: Decimal = Decimal(0)
    seen: list[Decimal] = []  # noqa: RUF012 - each gets its own

    def add(self, amount: int, *, behind: int = 0, quietly: int = 0) -> None:
        self.total += quietly
        self.record(Added(amount=Decimal(amount)))
        if behind:
            self.seen.append(Decimal(behind))

    @applies
    def _added(self, event: Added) -> None:
        self.total += event.amount
        self.seen.append(event.amount)


@pytest.mark.parametrize(("changed", "name"), [({"quietly": 5}, "total"), ({"behind": 5}, "seen")])
async def test_what_no_event_says_gets_into_no_state_that_is_kept(url: str, changed: dict[str, int], name: str) -> None:
    async with App(Careless, store=url, snapshots=Snapshots(cached=10)) as app:
        careless = app.repository(Careless)
        await careless.edit("1", Careless.add, 1)
        with pytest.raises(DefinitionError, match=f"Careless: '{name}' changed outside its @applies methods"):
            await careless.edit("1", Careless.add, 2, **changed)
        await careless.edit("1", Careless.add, 3)
        state = await careless.get("1")
        assert (state.version, state.total, state.seen) == (2, Decimal(4), [Decimal(1), Decimal(3)])
    async with App(Careless, store="memory:") as app:  # keeps no states, so nothing can get into one
        await app.repository(Careless).edit("1", Careless.add, 2, **changed)


async def test_a_state_that_cannot_be_kept_is_read_all_the_same_and_told(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with App(Sloppy, store=url) as app:
        for number in range(3):
            await app.events.append("sloppy-a", Added(amount=Decimal(number)), expected=number)
        assert (await app.repository(Sloppy).get("a")).version == 3
        assert (await app.repository(Sloppy).load("a")).replayed == 3
    assert "snapshot of stream 'sloppy-a' at version 3 was not saved: aggregate Sloppy: 'seen'" in caplog.text


@pytest.mark.parametrize("damage", ["state", "digest", "json", "ahead"])
async def test_one_that_cannot_be_trusted_is_told_and_not_used(
    url: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with App(Counter, store=url) as app:
        await fill(app, "a", 150)
    async with App(Counter, store=url) as app:
        (good,) = await app.store.read_snapshots()
        key, state, digest = good.key, b'{"total":"7"}', good.digest
        if damage == "digest":
            state, digest = good.state, "0" * 32
        elif damage == "json":
            state = b'{"total":[]}'
            digest = digest_of(key, state)
        elif damage == "ahead":
            await app.store.drop_snapshots([key])
            key = SnapshotKey(key.stream, key.fingerprint, 151)
            digest = digest_of(key, state)
        await app.store.save_snapshot(Snapshot(key, state, digest))
        with caplog.at_level(logging.WARNING, "leftfold"):
            loaded = await app.repository(Counter).load("a")
    assert (loaded.state.total, loaded.version, loaded.snapshot) == (Decimal(150), 150, 0)
    assert "counter-a" in caplog.text


async def test_one_of_events_that_were_never_recorded_does_not_come_true_when_others_are(url: str) -> None:
    async with App(Counter, store=url, snapshots=Snapshots(with_append=True)) as app:
        await fill(app, "a", 150)
        (good,) = await app.store.read_snapshots()
        key, state = SnapshotKey(good.key.stream, good.key.fingerprint, 151), b'{"total":"7"}'
        await app.store.save_snapshot(Snapshot(key, state, digest_of(key, state)))
        assert (await app.repository(Counter).load("a")).state.total == 150
        assert await kept(app) == [150]
        await app.events.append("counter-a", Added(amount=Decimal(1)), expected=150)
        assert (await app.repository(Counter).load("a")).state.total == 151


@pytest.mark.parametrize("kind", [FullDisk, BrokenDriver])
async def test_that_one_cannot_be_saved_fails_no_command(
    kind: type[MemoryStore], caplog: pytest.LogCaptureFixture
) -> None:
    for policy in (Snapshots(), Snapshots(with_append=True)):
        async with App(Counter, store=kind(), snapshots=policy) as app:
            await fill(app, "a", 150)
            assert (await app.repository(Counter).get("a")).total == 150
    assert caplog.text.count("no room for snapshots") >= 2


async def test_a_cached_state_is_never_taken_for_the_newest(url: str) -> None:
    async with App(Counter, store=url, snapshots=Snapshots(cached=10)) as ours, App(Counter, store=url) as theirs:
        await fill(ours, "a", 5)
        await theirs.repository(Counter).edit("a", Counter.add, Decimal(7))
        loaded = await ours.repository(Counter).load("a")
        assert (loaded.state.total, loaded.version, loaded.replayed) == (Decimal(12), 6, 1)
        await ours.repository(Counter).edit("a", Counter.add, Decimal(1))
        assert (await theirs.repository(Counter).get("a")).total == 13
        assert (await ours.repository(Counter).load("a")).replayed == 0


async def test_a_cached_state_of_a_log_that_was_put_back_is_not_used_however_far_that_has_grown_since(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, copy = tmp_path / "log.db", tmp_path / "copy.db"
    url = f"sqlite:///{path}"
    async with App(Counter, store=url, snapshots=Snapshots(cached=10)) as ours, App(Counter, store=url) as theirs:
        await fill(ours, "a", 1)
        copied(path, copy)
        for _ in range(3):
            await ours.repository(Counter).edit("a", Counter.add, Decimal(1000))
        copied(copy, path)
        await fill(theirs, "a", 4)
        assert (await ours.repository(Counter).get("a")).total == (await theirs.repository(Counter).get("a")).total
    assert "its last event is not in the stream" in caplog.text


async def test_a_snapshot_on_its_way_while_a_log_is_put_back_is_not_kept_beside_what_comes_in_its_place(
    tmp_path: Path,
) -> None:
    path, copy = tmp_path / "log.db", tmp_path / "copy.db"
    url = f"sqlite:///{path}"
    async with App(Counter, store=url) as theirs:
        copied(path, copy)
        async with App(Counter, store=url) as ours:
            await fill(ours, "a", 100)
            copied(copy, path)  # before the snapshot is saved, in the background
        await theirs.events.append("counter-a", *(Added(amount=Decimal(5)) for _ in range(100)), expected=0)
        assert (await theirs.repository(Counter).get("a")).total == 500


async def test_an_older_state_is_not_taken_from_a_newer_cached_one(url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with App(Counter, store=url, snapshots=Snapshots(cached=10)) as app:
        await fill(app, "a", 5)
        assert (await app.repository(Counter).at("a", version=2)).total == 2
        assert (await app.repository(Counter).load("a")).replayed == 0
    assert caplog.text == ""


async def test_a_command_that_failed_leaves_nothing_in_the_cache(url: str) -> None:
    async with App(Counter, store=url, snapshots=Snapshots(cached=10)) as app:
        await fill(app, "a", 2)

        async def fails(unit: UnitOfWork) -> None:
            (await unit.repository(Counter).get("a")).add(Decimal(100))
            raise RuntimeError("changed my mind")

        with pytest.raises(RuntimeError):
            await app.transact(fails)

        async def late(unit: UnitOfWork) -> None:
            (await unit.repository(Counter).get("a")).add(Decimal(1))
            await app.events.append("counter-a", Added(amount=Decimal(50)), expected=Expected.ANY)

        with pytest.raises(Conflict):
            await app.transact(late)
        loaded = await app.repository(Counter).load("a")
        assert loaded.state.total == 2 + 50 * (loaded.version - 2)


async def test_the_cache_keeps_those_used_last_and_tells_classes_apart(url: str) -> None:
    async with App(Counter, Doubled, store=url, snapshots=Snapshots(cached=2)) as app:
        for id in ("a", "b", "c"):
            await fill(app, id, 3)
        counters = app.repository(Counter)
        assert [(await counters.load(id)).replayed for id in ("a", "b", "c")] == [3, 0, 0]
        assert (await app.repository(Doubled).get("c")).total == 6


async def test_two_classes_of_one_category_never_read_each_others(url: str) -> None:
    class Twin(Aggregate[Added], category="counter", snapshot_every=10):
        total: Decimal = Decimal(0)

        @applies
        def _added(self, event: Added) -> None:
            self.total -= event.amount

    for _ in range(2):
        async with App(Counter, Twin, store=url) as app:
            await fill(app, "a", 150)
            counter, twin = await app.repository(Counter).get("a"), await app.repository(Twin).get("a")
            assert counter.total == -twin.total == counter.version


@dataclass(frozen=True)
class Line:
    at: datetime
    names: frozenset[str]


class Rich(Aggregate[Added], category="rich"):
    owner: str
    lines: list[Line] = []  # noqa: RUF012
    by: dict[str, Decimal] = {}  # noqa: RUF012
    _hidden: tuple[int, ...] = (1, 2)

    @applies
    def _added(self, event: Added) -> None:
        self.lines.append(Line(datetime(2026, 1, 1, tzinfo=UTC), frozenset({"b", "a"})))
        self.by["x"] = event.amount
        self._hidden = (*self._hidden, 3)


def test_a_state_comes_back_with_everything_that_is_in_it() -> None:
    rich, codec = Rich("a"), state_codec(Rich)
    rich.record(Added(amount=Decimal("1.50")))
    back = codec.load("a", codec.dump(rich))
    assert codec.dump(back) == codec.dump(rich)
    assert (back.lines, back.by, back._hidden) == (rich.lines, rich.by, (1, 2, 3))
    assert not hasattr(back, "owner")
    assert codec.plain(rich)["by"] == {"x": "1.50"}


def test_a_value_of_another_type_than_annotated_is_refused() -> None:
    rich = Rich("a")
    vars(rich)["by"] = {"x": "1.50"}  # what a checker would have found
    with pytest.raises(InvalidPayload, match="'by'"):
        state_codec(Rich).dump(rich)


def test_an_equal_value_that_is_written_in_another_way_is_refused_by_name() -> None:
    class Weighed(Aggregate[Added], category="weighed"):
        kilos: float = 0.0

        @applies
        def _added(self, event: Added) -> None:
            self.kilos += float(event.amount)

    weighed = Weighed("a")
    weighed.kilos = 2
    with pytest.raises(InvalidPayload, match=r"attribute 'kilos': 2 would read back as 2\.0"):
        state_codec(Weighed).dump(weighed)


@dataclass
class Shelf:
    load: Decimal = Decimal(0)


class Store(Aggregate[Added], category="store", snapshot_every=2):
    shelves: dict[str, Shelf] = {}  # noqa: RUF012
    fullest: list[Shelf] = []  # noqa: RUF012

    def add(self, amount: Decimal) -> None:
        self.record(Added(amount=amount))

    @applies
    def _added(self, event: Added) -> None:
        shelf = self.shelves.setdefault("a", Shelf())
        shelf.load += event.amount
        self.fullest = [shelf]


async def test_a_state_that_would_change_in_another_way_once_it_was_read_back_is_not_kept(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with App(Store, store=url) as app:
        stores = app.repository(Store)
        await stores.edit("a", Store.add, Decimal(1))
        await stores.edit("a", Store.add, Decimal(1))
        await app.events.append("store-a", *[Added(amount=Decimal(1))] * 3, expected=2)
        assert [shelf.load for shelf in (await stores.get("a")).fullest] == [5]
        assert await kept(app) == []
    for version in (2, 5):
        assert f"snapshot of stream 'store-a' at version {version} was not saved" in caplog.text
    assert "the very Shelf that is at \"shelves['a']\"" in caplog.text


def test_what_cannot_change_may_be_at_two_places() -> None:
    rich, line = Rich("a"), Line(datetime(2026, 1, 1, tzinfo=UTC), frozenset({"a"}))
    rich.lines = [line, line]
    assert state_codec(Rich).load("a", state_codec(Rich).dump(rich)).lines == [line, line]


_PROGRAM = """
import multiprocessing
from leftfold import Aggregate, Event, applies
from leftfold.domain.state import state_codec

class Added(Event):
    pass

class Counter(Aggregate[Added]):
    total: int = 0
    @applies
    def _added(self, event: Added) -> None:
        self.total += 1

def tell() -> None:
    print(state_codec(Counter).fingerprint, flush=True)

def main() -> None:
    tell()
    child = multiprocessing.get_context("spawn").Process(target=tell)
    child.start()
    child.join()

if __name__ == "__main__":
    main()
"""


def test_a_program_reads_the_same_snapshots_however_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "counting.py").write_text(_PROGRAM)
    starts = (["counting.py"], ["-m", "counting"], ["-c", "import counting; counting.main()"])
    prints = [
        subprocess.run([sys.executable, *how], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
        for how in starts
    ]
    assert [len(each) for each in prints] == [2, 2, 2]
    assert len({fingerprint for each in prints for fingerprint in each}) == 1


def test_place_schema_defaults_and_state_version_are_in_the_fingerprint() -> None:
    def made(hint: type[object], default: object, state_version: int = 1) -> str:
        class Made(Aggregate[Added], category="counter", state_version=state_version):
            __annotations__ = {"total": hint}
            locals()["total"] = default

            @applies
            def _added(self, event: Added) -> None: ...

        return state_codec(Made).fingerprint

    prints = [made(Decimal, Decimal(0)), made(Decimal, Decimal(1)), made(int, 0), made(Decimal, Decimal(0), 2)]
    prints += [state_codec(Counter).fingerprint, state_codec(tally).fingerprint]
    assert len(set(prints)) == len(prints)
    assert made(Decimal, Decimal(0)) == prints[0]
