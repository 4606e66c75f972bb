"""G8: a rebuild beside the live read model, under load: readers see the old one or the new one, whole, never older."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from leftfold import App
from leftfold.clock import SystemClock
from leftfold.errors import Fenced
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.generations import Generations
from leftfold.projections.rebuilding import Rebuild
from leftfold.store.checkpoints import Checkpoint, Claim
from leftfold.store.events import StoredEvent
from leftfold.store.port import Store
from leftfold.store.transaction import Advance, Transaction
from leftfold.subscriptions.runner import Runner
from tests.guarantees.children import Child
from tests.guarantees.counting import (
    POISON,
    STEADY,
    Account,
    Counting,
    Total,
    append_counted,
    counting_house,
    folded,
    log_of,
    mailed_in,
)
from tests.guarantees.following import Read
from tests.guarantees.kept_up import TOTALS, opened, rows_in
from tests.guarantees.places import Place

_WAIT_S = 120.0
_EVENTS = 12_000
_REBUILDS = 5


def _begin(stack: ExitStack, role: str, place: Place, how: Counting) -> Child:
    child = stack.enter_context(Child("following", role, place.url, msgspec.json.encode(how).decode()))
    if role != "build":
        child.hear(dict[str, Any])
    return child


async def test_readers_see_the_old_or_the_new_rows_of_one_moment_while_a_rebuild_is_cancelled_resumed_and_shown(
    place: Place, tmp_path: Path
) -> None:
    mailed = str(tmp_path / "mailed")
    old, new = Counting(mailed=mailed, bad=frozenset()), Counting(factor=2, bad=frozenset())
    async with opened(place.url) as store:
        with ExitStack() as stack:
            _begin(stack, "work", place, old)
            for start in range(0, _EVENTS, 500):
                await append_counted(store, [(f"{number % 10}", start + number) for number in range(500)])
            for name in ("totals@1.1/0.1", "mail/0.1"):
                assert await store.reached(name, _EVENTS, _WAIT_S) >= _EVENTS
            readers = [_begin(stack, role, place, old) for role in ("read", "view")]
            load = _begin(stack, "count", place, old)
            cancelled = _begin(stack, "build", place, new)
            while cancelled.hear(dict[str, int])["done"] == 0:
                pass
            cancelled.process.send_signal(signal.SIGINT)
            said = cancelled.finish(dict[str, int])
            assert {} not in said
            (built,) = await store.checkpoints("totals@1.2/")
            assert built.position > 0
            resumed = _begin(stack, "build", place, new)
            assert resumed.hear(dict[str, int])["done"] >= built.position, "it began again"
            assert resumed.finish(dict[str, int])[-1] == {}
            shown = await store.head()
            assert await store.reached("totals@1.2/0.1", shown + 20, _WAIT_S) > shown
            load.finish(dict[str, Any], stop=True)
            told = [reader.finish(Read, stop=True)[0] for reader in readers]
            head = await store.head()
            for name in ("totals@1.2/0.1", "mail/0.1"):
                assert await store.reached(name, head, _WAIT_S) == head
        log = await log_of(store)
        for read in told:
            assert _check_states(log, read.states) == {1, 2}, "it never saw the switch"
            assert read.reads > 50
        assert await rows_in(store, TOTALS) == folded(log, factor=2)
        positions = [position for position, _, _ in mailed_in(mailed)]
        assert positions == list(range(1, head + 1)), "a rebuild reacted"


def _check_states(log: Sequence[StoredEvent], states: Sequence[Mapping[str, Total]]) -> set[int]:
    """Each state is a fold of a beginning of the log, with one factor, and none is older than the one before."""
    seen: list[int] = []
    rows: dict[int, dict[str, Total]] = {1: {}, 2: {}}
    done, before = 0, (1, 0)
    for state in states:
        (factor,) = {row.factor for row in state.values()}
        position = max(row.position for row in state.values())
        assert (factor, position) >= before, "it went backwards"
        assert position >= before[1], "it went backwards"
        for each, known in list(rows.items()):
            rows[each] = folded(log[done:position], factor=each, rows=known)
        assert state == rows[factor], f"at {position} it is no fold of the log"
        done, before = position, (factor, position)
        seen.append(factor)
    return set(seen)


async def test_a_rebuild_is_shown_although_appends_never_pause(place: Place) -> None:
    async with opened(place.url) as store:
        async with App(counting_house(Counting(bad=frozenset())), store=store, workers=STEADY) as app:
            async with asyncio.timeout(_WAIT_S), _load(app, writers=4, pause_s=0.0):
                await _rebuild(app)
            await app.monitor.wait("totals", position=await store.head(), timeout=_WAIT_S)
        assert await store.generation(TOTALS.table) == 2
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def test_a_rebuild_of_rows_that_every_append_writes_misses_none_of_them(place: Place) -> None:
    async with opened(place.url) as store:
        async with (
            App(counting_house(), store=store, workers=STEADY, inline=["totals"]) as app,
            asyncio.timeout(_WAIT_S),
            _load(app, writers=4, pause_s=0.0),
        ):
            for _ in range(_REBUILDS):
                await _rebuild(app)
        assert await store.generation(TOTALS.table) == 1 + _REBUILDS
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def _rebuild(app: App) -> None:
    await Rebuild[Total](app.running().followers["totals"], "rebuild", STEADY).show(lambda _done, _head: None)


@asynccontextmanager
async def _load(app: App, *, writers: int, pause_s: float) -> AsyncGenerator[None]:
    """Append all the while; every append has ended behind it."""
    accounts, enough = app.repository(Account), asyncio.Event()

    async def write(account: str) -> None:
        while not enough.is_set():
            await accounts.edit(account, Account.count, 1)
            await asyncio.sleep(pause_s)

    tasks = [asyncio.create_task(write(str(number))) for number in range(writers)]
    try:
        yield
    finally:
        enough.set()
        await asyncio.gather(*tasks)


class _MovesOn:
    """A store in which something happens as soon as somebody has looked at its checkpoints."""

    def __init__(self, store: Store, happens: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._happens = happens

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        """See `Checkpoints.checkpoints`."""
        found = await self._store.checkpoints(prefix)
        await self._happens()
        return found


async def test_rows_are_shown_once_they_have_caught_up_with_what_is_shown_and_not_a_moment_before(
    place: Place,
) -> None:
    async with opened(place.url) as store:
        async with App(counting_house(), store=store, workers=STEADY) as app:
            head = await append_counted(store, [("a", 1)])
            await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
            await Rebuild[Total](app.running().followers["totals"], "rebuild", STEADY).build(lambda _done, _head: None)
        claim = await store.claim("totals@1.1/0.1", "worker", 60.0)
        assert claim is not None
        later = await append_counted(store, [("a", 2)])
        event_id = (await log_of(store))[-1].id
        move = Advance(name=claim.name, token=claim.token, position=later, event_id=event_id)
        moving = _MovesOn(store, lambda: store.transact(Transaction(writes=[move])))
        new = next(one for one in await Generations(TOTALS, store).all() if one.state == "building")
        assert not await Generations(TOTALS, store).switch(new, later), "it is shown before it has caught up"
        assert not await Generations(TOTALS, cast("Store", moving)).switch(new, head), "older than what was shown"
        assert await store.generation(TOTALS.table) == 1


async def _at_the_last_moment(store: Store, app: App, happens: Callable[[], Awaitable[object]]) -> bool:
    """Build rows that every append writes, and show them; something happens before, after the last look at the log."""
    follower = app.running().followers["totals"]
    await Rebuild[Total](follower, "rebuild", STEADY).build(lambda _done, _head: None)
    new = next(one for one in await follower.generations.all() if one.state == "building")
    head, target = await store.head(), cast("Store", _MovesOn(store, happens))
    return await ProjectionFollower(TOTALS, follower.source, target, SystemClock(), inline=True).show(new, head)


async def test_rows_that_every_append_writes_are_shown_with_what_is_appended_at_the_last_moment(place: Place) -> None:
    async with (
        opened(place.url) as store,
        App(counting_house(), store=store, workers=STEADY, inline=["totals"]) as app,
    ):
        accounts = app.repository(Account)
        await accounts.edit("a", Account.count, 1)

        async def append() -> None:
            for account in ("a", "b", "a"):
                await accounts.edit(account, Account.count, 2)

        assert await _at_the_last_moment(store, app, append)
        assert await rows_in(store, TOTALS) == folded(await log_of(store)), "an event is missing"
        assert await store.generation(TOTALS.table) == 2


@pytest.mark.parametrize(("amounts", "what"), [([1] * 501, "much"), ([1, POISON], "bad")], ids=["much", "bad"])
async def test_rows_that_every_append_writes_are_not_shown_without_what_is_appended_at_the_last_moment(
    place: Place, amounts: Sequence[int], what: str
) -> None:
    async with (
        opened(place.url) as store,
        App(counting_house(), store=store, workers=STEADY, inline=["totals"]) as app,
    ):
        await app.repository(Account).edit("a", Account.count, 1)
        late = [("b", amount) for amount in amounts]
        assert not await _at_the_last_moment(store, app, lambda: append_counted(store, late)), f"too {what}"
        assert await store.generation(TOTALS.table) == 1


async def test_who_built_rows_that_every_append_writes_writes_none_once_they_are_shown(place: Place) -> None:
    async with (
        opened(place.url) as store,
        App(counting_house(), store=store, workers=STEADY, inline=["totals"]) as app,
    ):
        accounts = app.repository(Account)
        await accounts.edit("a", Account.count, 1)
        follower = app.running().followers["totals"]
        await Rebuild[Total](follower, "rebuild", STEADY).build(lambda _done, _head: None)
        new = next(one for one in await follower.generations.all() if one.state == "building")
        (assignment,) = follower.assigned(new)
        claim = await store.claim(assignment.part.checkpoint, "late", 60.0)
        assert claim is not None
        assert await follower.show(new, await store.head())
        head = (await accounts.edit("a", Account.count, 2)).position
        async with asyncio.timeout(_WAIT_S):
            await Runner(assignment.part, assignment.consumer(), claim, assignment.progress).run()
        assert await store.reached(claim.name, head, 0.0) == claim.position, "it went on"
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def test_what_is_shown_stands_still_for_what_never_catches_it_up(
    place: Place,
) -> None:
    async with opened(place.url) as store:
        async with App(counting_house(), store=store, workers=STEADY) as app:
            head = await append_counted(store, [("a", 1)])
            await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
            await Rebuild[Total](app.running().followers["totals"], "rebuild", STEADY).build(lambda _done, _head: None)
        shown, built = [await store.claim(name, "worker", 60.0) for name in ("totals@1.1/0.1", "totals@1.2/0.1")]
        assert shown is not None
        assert built is not None
        moved: list[bool] = []

        async def to(claim: Claim, position: int) -> None:
            event_id = (await log_of(store))[position - 1].id
            move = Advance(name=claim.name, token=claim.token, position=position, event_id=event_id)
            await store.transact(Transaction(writes=[move]))

        async def move_on() -> None:
            position = await append_counted(store, [("a", 2)])
            try:
                await to(shown, position)
            except Fenced:
                moved.append(False)
            else:
                moved.append(True)

        generations = Generations(TOTALS, cast("Store", _MovesOn(store, move_on)))
        new = next(one for one in await Generations(TOTALS, store).all() if one.state == "building")
        for _ in range(3):
            await to(built, await store.head())
            assert not await generations.switch(new, built.position)
        assert moved
        assert all(moved)
        for _ in range(2):
            await append_counted(store, [("a", 3)] * 300)
            await move_on()
        await generations.hold(new)
        await move_on()
        assert all(moved), "it is held although what is built is far behind"
        await to(built, await store.head())
        await generations.hold(new)
        await to(built, await store.head())
        assert await generations.switch(new, built.position)
        assert moved[-1] is False
        assert await store.generation(TOTALS.table) == 2


async def test_what_stands_still_for_a_rebuild_that_goes_away_is_followed_again(place: Place) -> None:
    async with opened(place.url) as store, App(counting_house(), store=store, workers=STEADY) as app:
        head = await append_counted(store, [("a", 1)])
        await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
        await Rebuild[Total](app.running().followers["totals"], "rebuild", STEADY).build(lambda _done, _head: None)
        generations = Generations(TOTALS, store)
        new = next(one for one in await generations.all() if one.state == "building")
        await generations.hold(new)
        head = await append_counted(store, [("a", 2)])
        await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
