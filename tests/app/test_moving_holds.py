"""What a move holds in the new store: followers where they were, against workers that come too early."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from leftfold.app.moving_followers import Holding
from leftfold.errors import NotPossible
from leftfold.ids import new_id
from leftfold.store import Advance, MemoryStore, Transaction
from leftfold.testing import ManualClock

_LONG = timedelta(hours=1)
_NAME = "greet/0.1"


async def _followed(store: MemoryStore, position: int, name: str = _NAME, owner: str = "worker") -> None:
    """Somebody follows up to *position*, and lets go."""
    claim = await store.claim(name, owner, 60.0)
    assert claim is not None
    if position:
        advance = Advance(name=name, token=claim.token, position=position, event_id=new_id())
        await store.transact(Transaction(writes=[advance]))
    await store.release(name, claim.token)


async def _known(store: MemoryStore) -> Sequence[tuple[str, int, bool]]:
    return [(one.name, one.position, one.held) for one in await store.checkpoints()]


async def _moved(old: MemoryStore, new: MemoryStore) -> None:
    holding = Holding("club", old, new)
    await holding.take()
    await holding.release()


async def test_followers_are_held_where_they_were_until_they_are_released() -> None:
    old, new = MemoryStore(), MemoryStore()
    await _followed(old, 3)
    await _followed(old, 0, "ring/0.1")
    holding = Holding("club", old, new)
    await holding.take()
    assert await _known(new) == [(_NAME, 3, True), ("ring/0.1", 0, True)]
    assert await new.claim(_NAME, "worker", 60.0) is None
    assert sorted(holding.names) == [_NAME, "ring/0.1"]
    await holding.release()
    claims = [await new.claim(name, "worker", 60.0) for name in (_NAME, "ring/0.1")]
    assert [claim and claim.position for claim in claims] == [3, 0]


async def test_a_follower_that_goes_back_in_the_old_store_goes_back_at_the_next_move() -> None:
    old, new = MemoryStore(), MemoryStore()
    await _followed(old, 3)
    await _moved(old, new)
    await old.forget(_NAME)
    await _followed(old, 2)
    await _moved(old, new)
    assert await _known(new) == [(_NAME, 2, False)]


async def test_a_follower_that_is_gone_since_an_earlier_move_is_gone_after_the_next() -> None:
    old, new = MemoryStore(), MemoryStore()
    await _followed(old, 3)
    await _followed(old, 4, "ring/0.1")
    await _moved(old, new)
    await old.forget(_NAME)
    await _moved(old, new)
    assert await _known(new) == [("ring/0.1", 4, False)]


async def test_a_follower_that_went_on_in_the_new_store_is_not_moved_over() -> None:
    old, new = MemoryStore(), MemoryStore()
    await _followed(old, 3)
    await _followed(new, 4)
    with pytest.raises(NotPossible, match=r"greet/0\.1 is at 4 there, and at 3 here"):
        await Holding("club", old, new).take()
    assert await _known(new) == [(_NAME, 4, False)]
    await old.forget(_NAME)
    with pytest.raises(NotPossible, match=r"greet/0\.1 is at 4 there, and not here"):
        await Holding("club", old, new).take()


async def test_one_that_a_worker_holds_in_the_new_store_is_not_taken() -> None:
    old, new = MemoryStore(), MemoryStore()
    await _followed(old, 3)
    assert await new.claim(_NAME, "worker", 60.0) is not None
    with pytest.raises(NotPossible, match=r"took greet/0\.1 there"):
        await Holding("club", old, new).take()


async def test_a_move_keeps_its_hold_and_ends_when_it_was_taken_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    old, new = MemoryStore(), MemoryStore(clock=clock)
    await _followed(old, 3)
    holding = Holding("club", old, new)
    await holding.take()
    loop = asyncio.get_running_loop()
    now = loop.time() + 45
    monkeypatch.setattr(loop, "time", lambda: now)
    for _ in range(2):
        clock.advance(timedelta(seconds=45))
        assert await new.claim(_NAME, "worker", 60.0) is None
        await holding.keep()
        now += 45
    clock.advance(_LONG)
    assert await new.claim(_NAME, "worker", 60.0) is not None
    with pytest.raises(NotPossible, match=r"took greet/0\.1 there"):
        await holding.keep()


async def test_whether_somebody_has_followed_in_the_old_store_meanwhile_is_seen() -> None:
    old, new = MemoryStore(), MemoryStore()
    await _followed(old, 3)
    holding = Holding("club", old, new)
    await holding.take()
    assert await holding.unchanged()
    await _followed(old, 3, owner="another")
    assert not await holding.unchanged()
