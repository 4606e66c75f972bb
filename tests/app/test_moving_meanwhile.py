"""What happens on the stores before, while and after an app is moved is there or refused, and never done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from leftfold import App, Context
from leftfold.app import move, open_store
from leftfold.errors import NotPossible
from leftfold.handling.answers import ANSWERS
from leftfold.ids import new_id
from leftfold.store import MemoryStore
from leftfold.store.events import Appended, NewEvent, ToStream
from leftfold.store.transaction import Put, Transaction
from leftfold.store.work import End
from leftfold.testing import ManualClock
from tests.app.club import AskName, Bell, Name, Reach, Register, club
from tests.app.moving import LATER, Disturbed, item, new_store, not_told, seen, under_way
from tests.turns import counted_turns


class _Slow(MemoryStore):
    """A store in which something happens before each write of rows that are filled."""

    at_rows: Callable[[], Awaitable[None]] | None = None

    async def transact(self, transaction: Transaction) -> Appended | None:
        if self.at_rows is not None and any(isinstance(one, Put) for one in transaction.writes):
            await self.at_rows()
        return await super().transact(transaction)


async def test_what_the_app_does_not_know_is_moved_as_well(
    old: App, tmp_path: Path, bell: Bell, clock: ManualClock
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    async with old:
        before = await seen(old)
    without = club(bell, store=f"sqlite:///{tmp_path}/old.db", clock=clock, greets=False).with_settings(workers=False)
    async with without, new_store(url, clock) as targets:
        assert [(one.followers, one.letters) for one in await move(without, targets, not_told)] == [(2, 1)]
    async with old.with_settings(store=url, workers=LATER) as new:
        assert await seen(new) == before
        await new.settle()
    assert bell.rung == []


async def test_rows_that_every_append_writes_are_built_where_the_app_was_opened_before(
    tmp_path: Path, bell: Bell, clock: ManualClock
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    inline = club(bell, store=f"sqlite:///{tmp_path}/old.db", clock=clock, inline=True)
    old = await under_way(inline, bell)
    async with new_store(url, clock) as targets:
        async with old.with_settings(store=url):
            pass
        async with old:
            await move(old, targets, not_told)
            await move(old, targets, not_told)
    async with old.with_settings(store=url, workers=LATER) as new:
        await new.settle()
        table = new.running("club").followers["members"].projection.table
        assert await new.store.generation(table) == 1, "only who has made the rows may show others in their stead"
        assert await new.ask(AskName(member="ann")) == Name("ann")
        await new.send(Register(member="late"))
        assert await new.ask(AskName(member="late")) == Name("late")


async def test_followers_are_held_however_long_rows_that_every_append_writes_are_filled(
    bell: Bell, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    old = await under_way(club(bell, store=MemoryStore(clock=clock), clock=clock, inline=True), bell)
    now, target = loop.time(), _Slow(clock=clock)
    monkeypatch.setattr(loop, "time", lambda: now)
    async with old.with_settings(store=target):
        pass

    async def fills() -> None:
        nonlocal now
        assert await target.claim("greet/0.1", "worker", 60.0) is None
        now += 45
        clock.advance(timedelta(seconds=45))

    async with old:
        many = [NewEvent(id=new_id(), type="Joined", data=b'{"member": "many"}') for _ in range(1_500)]
        await old.store.append(ToStream("member-many", 0, many))
        target.at_rows = fills
        await move(old, {"club": target}, not_told)


async def test_a_move_whose_rows_that_every_append_writes_another_fills_is_refused(
    bell: Bell, clock: ManualClock
) -> None:
    target = _Slow(clock=clock)
    old = await under_way(club(bell, store=MemoryStore(clock=clock), clock=clock, inline=True), bell)
    async with old.with_settings(store=target):
        pass

    async def fills() -> None:
        target.at_rows = None
        await move(old, {"club": target}, not_told)

    async with old:
        target.at_rows = fills
        with pytest.raises(NotPossible, match=r"another move took members@1\.1/0\.1 there"):
            await move(old, {"club": target}, not_told)


async def test_between_two_batches_that_are_moved_the_loop_has_a_turn(bell: Bell, clock: ManualClock) -> None:
    old, target = club(bell, store=MemoryStore(clock=clock), clock=clock).with_settings(workers=False), MemoryStore()
    async with old, counted_turns() as turns:
        many = [NewEvent(id=new_id(), type="Joined", data=b'{"member": "many"}') for _ in range(1_500)]
        await old.store.append(ToStream("member-many", 0, many))
        at: list[int] = []
        await move(old, {"club": target}, lambda _context, _done: at.append(turns()))
    assert len(set(at)) == 3


async def test_a_worker_that_came_and_went_during_a_move_is_noticed(old: App, bell: Bell, clock: ManualClock) -> None:
    async def follows() -> None:
        bell.anybody = True
        async with old.with_settings(workers=LATER) as followed:
            await followed.settle()
            await followed.dead_letters.replay(*[letter async for letter in followed.dead_letters.all()])

    target = Disturbed(clock=clock)
    target.at_work = follows
    async with old:
        with pytest.raises(NotPossible, match="changed while it was moved"):
            await move(old, {"club": target}, not_told)
    assert bell.rung == ["greet nobody"]


async def test_a_worker_that_only_carries_sagas_on_is_seen(bell: Bell, clock: ManualClock) -> None:
    context = Context("club")
    context.saga(Reach)
    store, target = MemoryStore(clock=clock), MemoryStore(clock=clock)
    old = App(context, store=store, provide={Bell: bell}, clock=clock, workers=False)
    async with old:
        async with old.with_settings(workers=LATER), asyncio.timeout(10):
            while not await store.checkpoints():
                await asyncio.sleep(0)
            with pytest.raises(NotPossible, match="stop the workers of both stores first"):
                await move(old, {"club": target}, not_told)
        await move(old, {"club": target}, not_told)


async def test_a_worker_that_comes_too_early_handles_nothing_again(old: App, bell: Bell, clock: ManualClock) -> None:
    target = Disturbed(clock=clock)

    async def comes() -> None:
        async with old.with_settings(store=target, workers=LATER) as followed:
            await followed.monitor.wait("members", position=2)

    target.at_events = comes
    async with old:
        await move(old, {"club": target}, not_told)
    async with old.with_settings(store=target, workers=LATER) as new:
        await new.settle()
    assert bell.rung == []


async def test_work_that_ended_while_other_work_began_is_noticed(old: App, clock: ManualClock) -> None:
    async def changes() -> None:
        await old.store.transact(Transaction(writes=[End(id="first", token=1), item("a")]))

    target = Disturbed(clock=clock)
    target.at_work = changes
    async with old:
        await old.store.transact(Transaction(writes=[item("first")]))
        with pytest.raises(NotPossible, match="changed while it was moved"):
            await move(old, {"club": target}, not_told)


async def test_an_answer_that_is_kept_without_an_event_during_a_move_is_noticed(old: App, clock: ManualClock) -> None:
    async def answers() -> None:
        [(_, row), *_] = await old.store.scan(ANSWERS)
        await old.store.transact(Transaction(writes=[Put(table=ANSWERS, rows={"another": row})]))

    target = Disturbed(clock=clock)
    target.at_work = answers
    async with old:
        with pytest.raises(NotPossible, match="changed while it was moved"):
            await move(old, {"club": target}, not_told)


async def test_a_second_move_that_fails_leaves_followers_as_free_as_the_first_one_did(
    old: App, clock: ManualClock
) -> None:
    async def changes() -> None:
        await old.store.transact(Transaction(writes=[item("late")]))

    target = Disturbed(clock=clock)
    async with old:
        await move(old, {"club": target}, not_told)
        before = {one.name: (one.position, one.held, one.note) for one in await target.checkpoints()}
        target.at_work = changes
        with pytest.raises(NotPossible, match="changed while it was moved"):
            await move(old, {"club": target}, not_told)
        after = {one.name: (one.position, one.held, one.note) for one in await target.checkpoints()}
    assert before == after
    assert not any(held for _, held, _ in after.values())


async def test_a_log_that_went_on_in_the_new_store_is_not_moved_into(old: App, clock: ManualClock) -> None:
    target = Disturbed(clock=clock)
    async with old:
        await move(old, {"club": target}, not_told)
        await target.append(ToStream("odd-1", 0, [NewEvent(id=new_id(), type="Odd", data=b"{}")]))
        with pytest.raises(NotPossible, match="has 3 events there, and 2 here"):
            await move(old, {"club": target}, not_told)


async def test_a_store_is_not_moved_into_itself_by_another_name(old: App, tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "old.db")
    async with old:
        before = await seen(old)
        same = await open_store(f"sqlite:///{tmp_path}/link.db", clock=clock)
        with pytest.raises(NotPossible, match="is the store that is moved"):
            await move(old, {"club": same}, not_told)
        await same.close()
        assert await seen(old) == before


async def test_of_two_moves_at_the_same_time_one_ends_well(
    old: App, tmp_path: Path, bell: Bell, clock: ManualClock
) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    async with old, new_store(url, clock) as one, new_store(url, clock) as other:
        before = await seen(old)
        for _ in range(5):
            moves = (move(old, targets, not_told) for targets in (one, other))
            ends = await asyncio.gather(*moves, return_exceptions=True)
            assert [type(end) for end in ends if isinstance(end, BaseException)] in ([], [NotPossible])
    async with old.with_settings(store=url, workers=LATER) as new:
        assert await seen(new) == before
        await new.settle()
    assert bell.rung == []


async def test_a_move_that_broke_is_repeated_after_the_old_store_has_gone_on(
    old: App, bell: Bell, clock: ManualClock
) -> None:
    target = Disturbed(clock=clock)

    async def breaks() -> None:
        raise ConnectionError("pulled out")

    target.at_events = breaks
    async with old:
        with pytest.raises(ConnectionError):
            await move(old, {"club": target}, not_told)
    async with old.with_settings(workers=LATER) as followed:
        await followed.send(Register(member="late"))
        await followed.settle()
        before = await seen(followed)
    async with old:
        await move(old, {"club": target}, not_told)
    async with old.with_settings(store=target, workers=LATER) as new:
        assert await seen(new) == before
        await new.settle()
    assert bell.rung == ["greet late"]
