"""Where a follower goes on when a person says so, whatever its checkpoints are and however long the log is."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.clock import SystemClock
from leftfold.errors import NotPossible
from leftfold.ids import new_id
from leftfold.messages.codec import Codec
from leftfold.messages.registry import Registry
from leftfold.store import Advance, Expected, NewEvent, ToStream, Transaction
from leftfold.store.event_store import EventStore
from leftfold.store.memory import MemoryStore
from leftfold.subscriptions import Source, Subscription
from leftfold.subscriptions.resetting import reset


def following(log: MemoryStore, target: MemoryStore, shards: int = 1) -> Subscription:
    source = Source(log, EventStore(log, Codec(Registry("log"))))
    return Subscription(name="far", source=source, target=target, clock=SystemClock(), shards=shards)


async def filled(count: int) -> MemoryStore:
    log = MemoryStore()
    events = [NewEvent(id=new_id(), type="Happened", data=b"{}", metadata=b"{}") for _ in range(count)]
    if events:
        await log.append(ToStream("a-1", Expected.ANY, events))
    return log


@given(
    st.integers(0, 3),
    st.lists(st.none() | st.integers(1, 9), min_size=1, max_size=4),
    st.sampled_from(["start", "end"]),
)
def test_every_part_goes_on_where_it_was_said_free_for_any_worker(
    count: int, reached: list[int | None], to: Literal["start", "end"]
) -> None:
    async def work() -> None:
        log, target = await filled(count), MemoryStore()
        subscription = following(log, target, len(reached))
        for part, position in zip(subscription.parts, reached, strict=True):
            if position is not None:
                claim = await target.claim(part.checkpoint, "worker", 60)
                assert claim is not None
                advance = Advance(name=part.checkpoint, token=claim.token, position=position, event_id=new_id())
                await target.transact(Transaction(writes=[advance]))
                await target.release(part.checkpoint, claim.token, "CheckpointMismatch")
        head = count if to == "end" else 0
        assert await reset(subscription, to, "me") == head
        last = (await log.read_log(limit=10)).events[-1].id if head else None
        for part in subscription.parts:
            claim = await target.claim(part.checkpoint, "another worker", 60)
            assert claim is not None
            assert (claim.position, claim.event_id) == (head, last)

    asyncio.run(work())


@pytest.mark.parametrize("held", ["far/0.1", "leftfold/workers/here"])
async def test_nothing_is_done_while_a_worker_holds_a_part_or_lives(held: str) -> None:
    log, target = await filled(2), MemoryStore()
    claim = await target.claim(held, "here", 60)
    assert claim is not None
    with pytest.raises(NotPossible, match="worker here runs; stop the workers first"):
        await reset(following(log, target), "end", "me")
    assert [(one.name, one.position, one.token) for one in await target.checkpoints()] == [(held, 0, claim.token)]


async def test_what_workers_of_another_follower_held_once_does_not_matter() -> None:
    log, target = await filled(2), MemoryStore()
    for name in ("other/0.1", "leftfold/workers/gone"):
        claim = await target.claim(name, "gone", 60)
        assert claim is not None
        if name.startswith("leftfold/"):
            await target.release(name, claim.token)
    assert await reset(following(log, target), "end", "me") == 2
