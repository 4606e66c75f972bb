"""An app is moved to another store: nothing is lost, nothing is done twice, and nobody works on it meanwhile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from leftfold import App
from leftfold.app import Moved, move
from leftfold.errors import NotPossible, RestoreMismatch, StoreUnavailable
from leftfold.ids import new_id
from leftfold.store import MemoryStore
from leftfold.store.events import NewEvent, ToStream
from leftfold.store.transaction import Transaction
from leftfold.testing import ManualClock
from tests.app.club import HOUR, AskName, Bell, Name, Reach, Register, club
from tests.app.moving import LATER, Disturbed, item, new_store, not_told, seen


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_what_is_under_way_is_there_as_it_was(
    old: App, tmp_path: Path, clock: ManualClock, kind: str, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/new.db" if kind == "sqlite" else request.getfixturevalue("bare_url")
    async with old, new_store(url, clock) as targets:
        counts = Moved(context="club", events=2, followers=2, letters=1, answers=1, work=3)
        assert await move(old, targets, not_told) == [counts]
        assert await move(old, targets, not_told) == [counts], "a move that is repeated changes nothing"
        before = await seen(old)
        async with old.with_settings(store=targets) as new:
            assert await seen(new) == before


async def test_what_was_under_way_goes_on_and_nothing_is_done_again(
    old: App, tmp_path: Path, bell: Bell, clock: ManualClock
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    async with old, new_store(url, clock) as targets:
        await move(old, targets, not_told)
    async with old.with_settings(store=url, workers=LATER) as new:
        assert (await new.send(Register(member="ann"), id="first")).result == "welcome, ann"
        await new.settle()
        assert (bell.rung, await new.store.head()) == ([], 2)
        bell.anybody = True
        await new.dead_letters.replay(*[letter async for letter in new.dead_letters.all()])
        clock.advance(HOUR)
        await new.settle()
        assert bell.rung == ["greet nobody", "reach ann, try 2"]
        assert (await new.sagas.show(Reach, "1")).status == "completed"
        clock.advance(HOUR)
        await new.settle()
        assert [event.type for event in await new.events.read("member-ann")] == ["Joined", "Reminded"]
        assert await new.ask(AskName(member="ann")) == Name("ann")


async def test_an_instance_keeps_the_age_that_its_deadline_counts_from(
    old: App, tmp_path: Path, bell: Bell, clock: ManualClock
) -> None:
    clock.advance(4 * HOUR)
    url = f"sqlite:///{tmp_path}/new.db"
    async with old, new_store(url, clock) as targets:
        await move(old, targets, not_told)
    async with old.with_settings(store=url, workers=LATER) as new:
        assert (await new.sagas.ended(Reach, "1")).status == "compensated"
    assert "reach ann, try 2" not in bell.rung


async def test_a_letter_that_was_handled_after_a_first_move_is_not_there_after_the_second(
    old: App, tmp_path: Path, bell: Bell, clock: ManualClock
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    async with new_store(url, clock) as targets:
        async with old:
            assert [one.letters for one in await move(old, targets, not_told)] == [1]
        bell.anybody = True
        async with old.with_settings(workers=LATER) as followed:
            await followed.settle()
            await followed.dead_letters.replay(*[letter async for letter in followed.dead_letters.all()])
        async with old:
            assert [one.letters for one in await move(old, targets, not_told)] == [0]
    async with old.with_settings(store=url) as new:
        assert [letter async for letter in new.dead_letters.all()] == []


@pytest.mark.parametrize("where", ["old", "new"])
async def test_a_store_that_a_worker_follows_is_not_moved(
    old: App, tmp_path: Path, clock: ManualClock, where: str
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    async with old, new_store(url, clock) as targets:
        working = old if where == "old" else old.with_settings(store=url)
        async with working.with_settings(workers=LATER) as followed:
            await followed.settle()
            with pytest.raises(NotPossible, match="stop the workers of both stores first"):
                await move(old, targets, not_told)
        assert await targets["club"].head() == 0


async def test_work_that_somebody_holds_is_not_moved_before_its_lease_ends(
    old: App, tmp_path: Path, clock: ManualClock
) -> None:
    async with old, new_store(f"sqlite:///{tmp_path}/new.db", clock) as targets:
        await old.store.transact(Transaction(writes=[item("held")]))
        [held] = await old.store.claim_due(["odd"], "somebody", 60.0)
        with pytest.raises(NotPossible, match="worker somebody holds held"):
            await move(old, targets, not_told)
        clock.advance(2 * HOUR)
        await move(old, targets, not_told)
        assert (await targets["club"].work(["held"]))["held"] == replace(held, owner=None, held=False)


@pytest.mark.parametrize("wrong", [-HOUR, HOUR])
async def test_whether_a_lease_has_ended_is_told_by_the_clock_of_the_store(
    bell: Bell, clock: ManualClock, wrong: timedelta
) -> None:
    store, targets = MemoryStore(clock=clock), {"club": MemoryStore(clock=clock)}
    async with club(bell, store=store, clock=ManualClock(clock.now() + wrong)).with_settings(workers=False) as app:
        await store.transact(Transaction(writes=[item("held")]))
        await store.claim_due(["odd"], "somebody", 60.0)
        with pytest.raises(NotPossible, match="worker somebody holds held"):
            await move(app, targets, not_told)
        clock.advance(HOUR)
        await move(app, targets, not_told)


async def test_a_store_that_has_gone_on_by_itself_is_not_moved_into(
    old: App, tmp_path: Path, clock: ManualClock
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    async with old, new_store(url, clock) as targets:
        await move(old, targets, not_told)
        async with old.with_settings(store=url, workers=LATER) as new:
            await new.settle()
            before = await seen(new)
        with pytest.raises(NotPossible, match="move to an empty store"):
            await move(old, targets, not_told)
    async with old.with_settings(store=url) as new:
        assert await seen(new) == before


async def test_a_store_with_another_log_is_not_moved_into(old: App, tmp_path: Path, clock: ManualClock) -> None:
    async with old, new_store(f"sqlite:///{tmp_path}/new.db", clock) as targets:
        await targets["club"].append(ToStream("odd-1", 0, [NewEvent(id=new_id(), type="Odd", data=b"{}")]))
        with pytest.raises(RestoreMismatch):
            await move(old, targets, not_told)
        assert (await targets["club"].head(), await targets["club"].checkpoints()) == (1, [])


@pytest.mark.parametrize("change", ["event", "work", "claim"])
async def test_a_change_during_the_move_is_noticed(old: App, clock: ManualClock, change: str) -> None:
    async def changes() -> None:
        match change:
            case "event":
                await old.send(Register(member="late"))
            case "work":
                await old.start(Reach(member="late"))
            case _:
                assert await old.store.claim_due(["odd"], "somebody", 0.001)
                clock.advance(HOUR / 100)

    async with old:
        await old.store.transact(Transaction(writes=[item("due")]))
        target = Disturbed(clock=clock)
        target.at_work = changes
        with pytest.raises(NotPossible, match=r"changed while it was moved|goes on here already"):
            await move(old, {"club": target}, not_told)


async def test_a_move_that_broke_anywhere_is_simply_repeated(old: App, clock: ManualClock) -> None:
    target, broken = Disturbed(clock=clock), 0
    async with old:
        before = await seen(old)
        target.breaks_in = 1
        while target.breaks_in:
            at, target.calls = target.breaks_in, 0
            try:
                await move(old, {"club": target}, not_told)
                target.breaks_in = 0
            except StoreUnavailable:
                target.breaks_in, broken = at + 1, broken + 1
    assert broken > 10
    async with old.with_settings(store=target) as new:
        assert await seen(new) == before
