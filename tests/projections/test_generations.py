"""Generations of one read model: built beside each other, none without need, and none shown that is behind."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from leftfold.clock import SystemClock
from leftfold.errors import InvalidInput
from leftfold.ids import new_id
from leftfold.messages import Codec, Registry
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.generations import GENERATIONS, Generation, Generations
from leftfold.store import Advance, Claim, EventStore, MemoryStore, Transaction
from leftfold.store.transaction import Point
from leftfold.subscriptions import Source
from tests.guarantees.kept_up import TOTALS

_LEASE_S = 60.0


class Meanwhile(MemoryStore):
    """A store where something happens just before a generation is shown."""

    moved: Advance | None = None
    error: InvalidInput | None = None

    async def transact(self, transaction: Transaction) -> None:
        if any(isinstance(write, Point) for write in transaction.writes):
            if self.error is not None:
                raise self.error
            if (moved := self.moved) is not None:
                self.moved = None
                await super().transact(Transaction(writes=[moved]))
        await super().transact(transaction)


async def _generations(store: MemoryStore) -> Generations:
    await store.prepare(GENERATIONS)
    return Generations(TOTALS, store)


async def _claimed(store: MemoryStore, one: Generation) -> Claim:
    (name,) = one.checkpoints
    claim = await store.claim(name, "worker", _LEASE_S)
    assert claim is not None
    return claim


def _to(claim: Claim, position: int) -> Advance:
    return Advance(name=claim.name, token=claim.token, position=position, event_id=new_id())


async def _shown_and_built(store: Meanwhile, position: int) -> tuple[Generations, Claim, Generation]:
    """One that is shown, the claim of who follows it, and one that a rebuild brought to the same position."""
    generations = await _generations(store)
    shown = await generations.begin("worker")
    assert await generations.switch(shown, 0)
    built = await generations.begin("rebuild")
    claims = [await _claimed(store, one) for one in (shown, built)]
    await store.transact(Transaction(writes=[_to(claim, position) for claim in claims]))
    return generations, claims[0], built


async def test_a_worker_that_comes_when_its_rows_are_shown_already_builds_no_others() -> None:
    store = MemoryStore()
    generations = await _generations(store)
    first = await generations.begin("worker")
    assert await generations.begin("worker") == first
    assert await generations.switch(first, 0)
    late = await generations.begin("worker")
    assert (late.generation, late.state) == (first.generation, "active")
    assert await generations.all() == [late]
    assert (await generations.begin("rebuild")).generation == first.generation + 1


async def test_workers_are_expected_to_follow_what_is_shown_and_what_they_build_in_as_many_parts_as_are_wanted() -> (
    None
):
    generations = await _generations(MemoryStore())
    shown = await generations.begin("worker")
    assert generations.is_expected(shown, [shown])  # nothing else is shown yet
    shown = replace(shown, state="active")
    other, rebuilt = (
        replace(shown, generation=2, state="building", **how) for how in ({"shards": 4}, {"by": "rebuild"})
    )
    for known in ([shown, other], [shown, rebuilt]):
        assert [generations.is_expected(one, known) for one in known] == [True, False]
    old = replace(shown, shards=4)
    wanted = replace(shown, generation=2, state="building")
    assert all(generations.is_expected(one, [old, wanted]) for one in (old, wanted))
    assert not generations.is_expected(rebuilt, [old, rebuilt])
    assert not generations.is_expected(replace(shown, state="retired"), [])


async def test_what_is_behind_what_is_shown_or_behind_the_log_is_not_shown() -> None:
    generations, following, built = await _shown_and_built(store := Meanwhile(), 2)
    assert not await generations.switch(built, 3)
    await store.transact(Transaction(writes=[_to(following, 3)]))
    assert not await generations.switch(built, 2)
    assert not await generations.shows(built)


async def test_what_falls_behind_at_the_last_moment_is_not_shown() -> None:
    generations, following, built = await _shown_and_built(store := Meanwhile(), 2)
    store.moved = _to(following, 3)
    assert not await generations.switch(built, 2)
    assert not await generations.shows(built)


async def test_what_the_store_refuses_although_nothing_has_moved_is_raised() -> None:
    generations, _, built = await _shown_and_built(store := Meanwhile(), 2)
    store.error = InvalidInput("no such view")
    with pytest.raises(InvalidInput, match="no such view"):
        await generations.switch(built, 2)
    store.error = None
    assert await generations.switch(built, 2)
    assert await generations.shows(built)


async def test_what_is_shown_is_not_dropped_and_stays_known_as_shown() -> None:
    generations, _, built = await _shown_and_built(Meanwhile(), 2)
    assert await generations.switch(built, 2)
    with pytest.raises(InvalidInput):
        await generations.drop(built)
    active = await generations.active()
    assert active is not None
    assert (active.generation, active.state) == (built.generation, "active")


async def test_what_is_dropped_leaves_no_checkpoint_and_is_not_known_any_more() -> None:
    generations, following, built = await _shown_and_built(store := Meanwhile(), 2)
    await generations.drop(built)
    assert [one.name for one in await store.checkpoints()] == [following.name]
    assert [one.state for one in await generations.all()] == ["active"]


def _follower(store: MemoryStore, shards: int) -> ProjectionFollower:
    """What a worker has of code that says so many shards."""
    source = Source(store, EventStore(store, Codec(Registry("log"))))
    return ProjectionFollower(replace(TOTALS, shards=shards), source, store, SystemClock())


async def test_two_releases_with_other_shards_do_not_take_turns_at_showing_their_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    await store.prepare(GENERATIONS)
    old, new = _follower(store, 2), _follower(store, 4)
    assert [len(await one.assignments()) for one in (old, old)] == [2, 2]
    (first,) = await old.generations.all()
    assert await old.show(first, 0)
    assert len(await new.assignments()) == 2 + 4, "what is shown, and what is to be"
    _, second = await new.generations.all()
    assert await new.show(second, 0)
    assert [one.part.checkpoint for one in await old.assignments()] == list(second.checkpoints)
    assert [one.part.checkpoint for one in await old.assignments()] == list(second.checkpoints)
    assert len(await old.generations.all()) == 2, "nothing was begun"
    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert "in 4 parts, which were shown after rows in 2, as this code has them" in caplog.text
    third = await old.generations.begin("rebuild")
    assert third.shards == 2, "a person may go back"


async def test_workers_build_in_other_parts_anew_when_newer_rows_have_overtaken_what_they_built() -> None:
    store = MemoryStore()
    await store.prepare(GENERATIONS)
    old, new = _follower(store, 2), _follower(store, 4)
    await old.assignments()
    (first,) = await old.generations.all()
    assert await old.show(first, 0)
    await new.assignments()
    rebuilt = await old.generations.begin("rebuild")
    assert await old.show(rebuilt, 0)
    await new.assignments()
    newest = (await new.generations.all())[-1]
    assert (newest.generation, newest.shards, newest.state) == (4, 4, "building"), "2 can never be shown any more"
    assert await new.show(newest, 0)
