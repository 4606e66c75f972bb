"""Laws of restoring work: it goes on as it was, and repeating that changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from leftfold.errors import Fenced, InvalidInput, InvalidPayload, NotPossible
from leftfold.store.work import WorkItem
from leftfold.testing.conformance.ledger import write
from leftfold.testing.conformance.stores import FullStore, Later, Laws
from leftfold.testing.conformance.work_ground import LEASE_S, QUEUE, all_work, begun, item_of, revise

__all__ = ["WorkRestoreLaws"]

_BEGUN = datetime(2001, 2, 3, 4, 5, 6, 789_012, tzinfo=UTC)
_FAR = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def _kept(id: str, *, token: int = 7, wake_at: datetime | None = _BEGUN, owner: str | None = None) -> WorkItem:
    return WorkItem(
        id=id,
        queue=QUEUE,
        status="running",
        state=b'{"n": 1.50, "text": "\\u00e9\\n"}',
        token=token,
        owner=owner,
        wake_at=wake_at,
        created_at=_BEGUN,
        changed_at=_BEGUN + timedelta(days=1),
    )


class WorkRestoreLaws(Laws):
    """What taking over work promises."""

    async def test_work_is_restored_with_its_token_its_times_and_every_byte_of_its_state(
        self, store: FullStore
    ) -> None:
        items = [_kept("a"), _kept("b", token=1, wake_at=None), _kept("c", wake_at=_FAR)]
        assert await store.restore_work(items) == 3
        assert await all_work(store) == items

    async def test_nobody_holds_what_was_restored_and_it_is_due_when_its_lease_ends(
        self, store: FullStore, later: Later
    ) -> None:
        there = await begun(store, "sets-the-clock", wake=None)
        held = _kept("a", owner="gone", wake_at=there.changed_at + timedelta(seconds=LEASE_S))
        await store.restore_work([held])
        assert await item_of(store, "a") == replace(held, owner=None)
        assert await store.claim_due([QUEUE], "me", LEASE_S) == []
        await later(LEASE_S + 1)
        [claimed] = await store.claim_due([QUEUE], "me", LEASE_S)
        assert (claimed.id, claimed.token, claimed.created_at) == ("a", 8, _BEGUN)

    async def test_who_waits_for_work_is_woken_by_what_is_restored_and_due(self, store: FullStore) -> None:
        await store.restore_work([_kept("a")])
        await store.await_work([QUEUE], 60.0)
        [claimed] = await store.claim_due([QUEUE], "me", LEASE_S)
        await write(store, revise(claimed, wake=None))
        with pytest.raises(Fenced):
            await write(store, revise(_kept("a"), wake=None))

    async def test_repeating_a_restore_of_work_stores_only_what_is_missing(self, store: FullStore) -> None:
        items = [_kept("a"), _kept("b"), _kept("c")]
        assert [await store.restore_work(some) for some in (items[:2], items, items, [])] == [2, 1, 0, 0]
        assert await all_work(store) == items

    async def test_what_several_restore_at_the_same_time_is_stored_once(self, store: FullStore) -> None:
        items = [_kept(f"{n:04}") for n in range(600)]
        for start in range(0, len(items), 100):
            part = items[start : start + 100]
            assert sum(await asyncio.gather(*(store.restore_work(part) for _ in range(4)))) == len(part)
        assert await all_work(store) == items

    async def test_work_that_goes_on_here_is_left_alone_and_nothing_of_the_restore_is_stored(
        self, store: FullStore
    ) -> None:
        await store.restore_work([_kept("b")])
        [claimed] = await store.claim_due([QUEUE], "me", LEASE_S)
        with pytest.raises(NotPossible, match="token 8 instead of 7"):
            await store.restore_work([_kept("a"), _kept("b")])
        assert await all_work(store) == [claimed]

    @pytest.mark.parametrize(
        ("item", "error"),
        [
            (replace(_kept("b"), id="nul\0"), InvalidInput),
            (replace(_kept("b"), status="nul\0"), InvalidInput),
            (replace(_kept("b"), queue="nul\0"), InvalidInput),
            (replace(_kept("b"), state=b"[]"), InvalidPayload),
            (replace(_kept("b"), token=0), InvalidInput),
            (replace(_kept("b"), created_at=datetime(2001, 1, 1)), InvalidInput),  # noqa: DTZ001 - that is the point
            (_kept("a"), InvalidInput),
        ],
        ids=["id", "status", "queue", "state", "token", "time", "twice"],
    )
    async def test_work_that_cannot_be_stored_refuses_the_whole_restore(
        self, store: FullStore, item: WorkItem, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            await store.restore_work([_kept("a"), item])
        assert await all_work(store) == []
