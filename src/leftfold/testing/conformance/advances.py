"""Laws of moving a checkpoint: with its rows or not at all, never back, never by a token of old, and waiters wake."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from statistics import median

import pytest

from leftfold.errors import Fenced, InvalidInput
from leftfold.ids import new_id
from leftfold.store.checkpoints import Claim
from leftfold.store.events import ToStream
from leftfold.store.port import Store
from leftfold.store.transaction import Advance, Put, Transaction
from leftfold.testing.conformance.ledger import COUNTS, active, adding, all_rows, counted, row, write
from leftfold.testing.conformance.stores import FullStore, Later, Laws, Opener, events, opened

__all__ = ["AdvanceLaws"]

_LEASE_S = 600.0
_LONG_S = 20.0
_AT_ONCE_S = 0.01


async def _claimed(store: Store, owner: str = "me") -> Claim:
    claim = await store.claim("c", owner, _LEASE_S)
    assert claim is not None, "nobody else holds it"
    return claim


def _to(position: int, claim: Claim, *, name: str = "c") -> Advance:
    return Advance(name=name, token=claim.token, position=position, event_id=new_id() if position else None)


def _rows(count: int) -> Put:
    return Put(table=COUNTS, rows={"total": row(count)})


async def _positions(store: Store) -> list[tuple[str, int]]:
    return [(each.name, each.position) for each in await store.checkpoints()]


class AdvanceLaws(Laws):
    """What moving a checkpoint promises."""

    async def test_rows_and_checkpoint_move_together(self, store: FullStore, opener: Opener) -> None:
        await active(store, COUNTS)
        claim = await _claimed(store)
        moved = _to(3, claim)
        await write(store, _rows(3), moved)
        async with opened(opener) as other:
            [kept] = await other.checkpoints()
            assert (kept.position, kept.event_id, kept.token) == (3, moved.event_id, claim.token)
            assert await all_rows(other, COUNTS) == {"total": row(3)}
            again = await _claimed(other)
            assert (again.position, again.event_id) == (3, moved.event_id)
            appended = await other.transact(counted("a-1", adding(), writes=[_to(4, again)]))
            assert appended is not None
            assert await _positions(store) == [("c", 4)]
            assert await all_rows(store, COUNTS) == {"total": row(4)}

    async def test_a_token_of_old_moves_nothing_and_writes_nothing(
        self, store: FullStore, opener: Opener, later: Later
    ) -> None:
        await active(store, COUNTS)
        old = await _claimed(store)
        await write(store, _rows(1), _to(1, old))
        await later(_LEASE_S + 1)
        await write(store, _rows(2), _to(2, old))
        async with opened(opener) as other:
            new = await _claimed(other, "you")
            assert new.position == 2
            for transaction in (
                Transaction(writes=[_rows(3), _to(3, old)]),
                Transaction(writes=[_to(3, old), _rows(3)]),
                counted("a-1", adding(), writes=[_to(3, old)]),
                Transaction(writes=[_rows(3), Advance(name="c", token=new.token + 1, position=3, event_id=new_id())]),
                Transaction(writes=[_rows(3), _to(3, new, name="C")]),
            ):
                with pytest.raises(Fenced) as refusal:
                    await store.transact(transaction)
                assert refusal.value.name.lower() == "c"
            assert await _positions(store) == [("c", 2)]
            assert await all_rows(store, COUNTS) == {"total": row(2)}
            assert await store.head() == 0
            await write(store, _rows(3), _to(3, new))
            assert await _positions(other) == [("c", 3)]

    async def test_a_checkpoint_never_goes_back(self, store: FullStore) -> None:
        await active(store, COUNTS)
        claim = await _claimed(store)
        await write(store, _to(5, claim))
        for position in (4, 1, 0):
            with pytest.raises(InvalidInput):
                await write(store, _rows(9), _to(position, claim))
        same = _to(5, claim)
        await write(store, _rows(5), same)
        [kept] = await store.checkpoints()
        assert (kept.position, kept.event_id) == (5, same.event_id)
        assert await all_rows(store, COUNTS) == {"total": row(5)}

    async def test_an_advance_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        claim = await _claimed(store)
        for bad in (
            Advance(name="c", token=claim.token, position=-1, event_id=new_id()),
            Advance(name="c", token=claim.token, position=2**63, event_id=new_id()),
            Advance(name="c", token=claim.token, position=1, event_id=None),
            Advance(name="c", token=claim.token, position=0, event_id=new_id()),
            Advance(name="", token=claim.token, position=1, event_id=new_id()),
        ):
            with pytest.raises(InvalidInput):
                await write(store, bad)
        assert await _positions(store) == [("c", 0)]

    async def test_of_a_group_only_those_who_are_fenced_are_refused(self, store: FullStore) -> None:
        await active(store, COUNTS)
        old = await _claimed(store)
        new = await _claimed(store)
        outcomes = await asyncio.gather(
            *(
                store.transact(counted(f"a-{n}", adding(), writes=[_to(5, old if n % 2 else new), _rows(n)]))
                for n in range(12)
            ),
            *(store.transact(Transaction(writes=[_to(5, old if n % 2 else new)])) for n in range(12)),
            return_exceptions=True,
        )
        assert [isinstance(outcome, Fenced) for outcome in outcomes] == [bool(n % 2) for n in range(12)] * 2
        assert await _positions(store) == [("c", 5)]
        assert await store.head() == 6

    async def test_the_time_of_the_last_move_is_kept(self, store: FullStore, later: Later) -> None:
        await _claimed(store)
        [claimed] = await store.checkpoints()
        await later(100)
        await _claimed(store)
        [again] = await store.checkpoints()
        assert again.moved_at == claimed.moved_at
        await write(store, Advance(name="c", token=again.token, position=1, event_id=new_id()))
        [moved] = await store.checkpoints()
        assert moved.moved_at - claimed.moved_at >= timedelta(seconds=100)
        assert moved.moved_at.utcoffset() is not None

    async def test_a_waiter_wakes_when_the_checkpoint_gets_there(self, store: FullStore, opener: Opener) -> None:
        claim = await _claimed(store)
        async with opened(opener) as other:
            for position, writer in enumerate((store, other, store, other), start=1):
                waiting = asyncio.ensure_future(store.reached("c", 2 * position, _LONG_S))
                await asyncio.sleep(0)
                await write(writer, _to(2 * position - 1, claim))
                assert not waiting.done()
                await write(writer, _to(2 * position, claim))
                async with asyncio.timeout(_LONG_S / 4):
                    assert await waiting == 2 * position

    async def test_a_waiter_of_the_same_process_wakes_at_once(self, store: FullStore) -> None:
        claim = await _claimed(store)
        loop = asyncio.get_running_loop()
        waited: list[float] = []
        for position in range(1, 16):
            waiting = asyncio.ensure_future(store.reached("c", position, _LONG_S))
            await asyncio.sleep(0)
            await write(store, _to(position, claim))
            begun = loop.time()
            async with asyncio.timeout(_LONG_S / 4):
                assert await waiting == position
            waited.append(loop.time() - begun)
        assert median(waited) < _AT_ONCE_S, waited

    async def test_every_waiter_wakes_and_one_that_waits_for_another_checkpoint_does_not(
        self, store: FullStore
    ) -> None:
        claim = await _claimed(store)
        strangers = asyncio.ensure_future(store.reached("d", 1, _LONG_S))
        waiting = [asyncio.ensure_future(store.reached("c", n % 3, _LONG_S)) for n in range(9)]
        await asyncio.sleep(0)
        await write(store, _to(7, claim))
        async with asyncio.timeout(_LONG_S / 4):
            assert [position in (0, 7) for position in await asyncio.gather(*waiting)] == [True] * 9
        assert not strangers.done()
        strangers.cancel()
        assert await store.reached("c", 7, 0.0) == 7

    async def test_waiting_for_what_is_reached_already_returns_at_once(self, store: FullStore) -> None:
        claim = await _claimed(store)
        await write(store, _to(9, claim))
        async with asyncio.timeout(_LONG_S / 4):
            for position in (0, 8, 9):
                assert await store.reached("c", position, _LONG_S) == 9
            assert await store.reached("absent", 0, _LONG_S) == 0

    async def test_a_waiter_gives_up_after_its_timeout(self, store: FullStore) -> None:
        claim = await _claimed(store)
        await write(store, _to(2, claim))
        await store.append(ToStream("a-1", 0, events(5)))
        loop = asyncio.get_running_loop()
        for name, position in (("c", 2), ("absent", 0)):
            begun = loop.time()
            assert await store.reached(name, 3, 0.1) == position
            assert 0.05 < loop.time() - begun < _LONG_S / 4
