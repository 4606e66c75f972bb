"""Laws of claiming work: whoever is due, the longest due first, never two at once, and no longer than the lease."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from msgspec.structs import replace

from leftfold.errors import Fenced
from leftfold.store.port import Store
from leftfold.store.work import AT_ONCE, End, Hold, WorkItem
from leftfold.testing.conformance.ledger import counted, write
from leftfold.testing.conformance.stores import FullStore, Later, Laws, Opener, opened
from leftfold.testing.conformance.work_ground import LEASE_S, QUEUE, all_work, begin, begun, ids_of, item_of, revise

__all__ = ["WorkClaimLaws"]


async def _claimed(store: Store, owner: str = "me", limit: int = 32) -> list[WorkItem]:
    return list(await store.claim_due([QUEUE], owner, LEASE_S, limit))


class WorkClaimLaws(Laws):
    """What claiming work promises."""

    async def test_what_is_claimed_is_held_by_a_new_token(self, store: FullStore, opener: Opener, later: Later) -> None:
        first = await begun(store, "a")
        await later(10)
        [claimed] = await _claimed(store)
        assert (claimed.token, claimed.owner) == (2, "me")
        assert (claimed.id, claimed.queue, claimed.status, claimed.state) == ("a", QUEUE, "running", b'{"n":0}')
        assert (claimed.created_at, claimed.wake_at) == (
            first.created_at,
            claimed.changed_at + timedelta(seconds=LEASE_S),
        )
        assert claimed.changed_at - first.changed_at >= timedelta(seconds=10)
        async with opened(opener) as other:
            assert await item_of(other, "a") == claimed
            assert await _claimed(other, "you") == []
            with pytest.raises(Fenced):
                await write(other, revise(first))
            with pytest.raises(Fenced):
                await other.transact(counted("s-1", writes=[revise(first)]))
            assert await other.head() == 0
            await write(other, revise(claimed, Hold("me", LEASE_S)))
            assert (await item_of(store, "a")).token == 3

    async def test_only_what_is_due_is_claimed_and_only_of_the_queues_that_were_asked_for(
        self, store: FullStore, later: Later
    ) -> None:
        for id in ("due", "moved here"):
            await begun(store, id)
        held = await begun(store, "held", Hold("you", LEASE_S))
        await begun(store, "never", None)
        await begun(store, "sleeping", held.created_at + timedelta(seconds=LEASE_S / 2))
        for queue in (QUEUE + "0", QUEUE[:-1], QUEUE.upper(), "q"):
            await begun(store, f"in {queue}", queue=queue)
        here = await begun(store, "moved away")
        await write(store, replace(revise(here), queue="elsewhere"))
        assert await store.claim_due([], "me", LEASE_S) == []
        assert await store.claim_due(["nobody's"], "me", LEASE_S) == []
        assert sorted(ids_of(await _claimed(store))) == ["due", "moved here"]
        assert await _claimed(store) == []
        await later(LEASE_S / 2)
        assert ids_of(await _claimed(store)) == ["sleeping"]
        await later(LEASE_S / 2)
        assert sorted(ids_of(await _claimed(store))) == ["due", "held", "moved here"]
        claimed = await store.claim_due(["q", "elsewhere", "q", QUEUE.upper()], "me", LEASE_S)
        assert sorted(ids_of(claimed)) == [f"in {QUEUE.upper()}", "in q", "moved away"]

    async def test_the_longest_due_comes_first_whatever_its_queue(self, store: FullStore, later: Later) -> None:
        now = (await begun(store, "z", None)).created_at
        queues = [f"q{n}" for n in range(3)]
        for n, after in enumerate((50, 20, 40, 10, 30, 60, 70)):
            await begun(store, f"{n}", now + timedelta(seconds=after), queue=queues[n % 3])
        await later(65)
        await write(store, *(begin(id, AT_ONCE, queue=queues[1]) for id in ("y", "x", "Y", "ä")))
        taken: list[list[str]] = []
        while claimed := await store.claim_due(queues, "me", LEASE_S, 3):
            taken.append(ids_of(claimed))
        assert taken == [["3", "1", "4"], ["2", "0", "5"], ["Y", "x", "y"], ["ä"]]
        await later(5)
        assert ids_of(await store.claim_due(queues, "me", LEASE_S)) == ["6"]

    async def test_what_becomes_due_all_the_time_keeps_nobody_waiting(self, store: FullStore, later: Later) -> None:
        await begun(store, "z")
        for n in range(3):
            await later(1)
            await begun(store, f"a{n}")
            [claimed] = await _claimed(store, limit=1)
            await write(store, revise(claimed))
        assert [item.token for item in await all_work(store)] == [3, 1, 1, 5]

    async def test_another_gets_it_when_the_lease_has_ended(
        self, store: FullStore, opener: Opener, later: Later
    ) -> None:
        await begun(store, "a")
        [first] = await _claimed(store)
        begun_held = await begun(store, "b", Hold("me", LEASE_S + 200))
        async with opened(opener) as other:
            await later(LEASE_S - 100)
            assert await _claimed(other, "you") == []
            await later(101)
            [second] = await _claimed(other, "you")
            assert (second.id, second.token, second.owner) == ("a", 3, "you")
            with pytest.raises(Fenced):
                await write(store, revise(first))
            await later(200)
            [third] = await _claimed(other, "they")
            assert (third.id, third.token) == ("b", begun_held.token + 1)
            with pytest.raises(Fenced):
                await write(store, End(id="b", token=begun_held.token))

    async def test_who_is_late_may_write_as_long_as_nobody_else_has_claimed(
        self, store: FullStore, later: Later
    ) -> None:
        await begun(store, "a")
        [claimed] = await _claimed(store)
        await later(LEASE_S + 1)
        await write(store, revise(claimed, Hold("me", LEASE_S)))
        assert (await item_of(store, "a")).owner == "me"
        assert await _claimed(store, "you") == []

    async def test_two_who_claim_at_once_never_share(self, store: FullStore, opener: Opener) -> None:
        await write(store, *(begin(f"{n:03}", queue=f"q{n % 3}") for n in range(200)))
        others = [store, await opener(), await opener()]
        queues = ["q0", "q1", "q2"]
        taken: Counter[str] = Counter()
        tokens: set[int] = set()

        async def work(number: int) -> None:
            while claimed := await others[number % 3].claim_due(queues, f"worker {number}", LEASE_S, 1 + number % 5):
                taken.update(ids_of(claimed))
                tokens.update(item.token for item in claimed)
                await write(others[number % 3], *(revise(item, None) for item in claimed))

        try:
            await asyncio.gather(*(work(number) for number in range(12)))
            assert sorted(taken) == [f"{n:03}" for n in range(200)]
            assert set(taken.values()) == {1}
            assert tokens == {2}
            assert {(item.token, item.owner) for item in await all_work(store)} == {(3, None)}
        finally:
            for other in others[1:]:
                await other.close()

    async def test_claims_and_writes_at_once_leave_one_holder(self, store: FullStore, opener: Opener) -> None:
        item = await begun(store, "a")
        async with opened(opener) as other:
            for turn in range(8):
                writing = asyncio.ensure_future(write(store, revise(item, Hold("writer", LEASE_S))))
                claims = await asyncio.gather(
                    *((store, other)[n % 2].claim_due([QUEUE], f"worker {n}", LEASE_S) for n in range(6)),
                )
                owners = [each.owner for claim in claims for each in claim]
                [refusal] = await asyncio.gather(writing, return_exceptions=True)
                held = await item_of(other, "a")
                if refusal is None:
                    assert owners == [] or held.token == item.token + 2, turn
                else:
                    assert isinstance(refusal, Fenced)
                    assert owners == [held.owner]
                await write(store, revise(held))
                item = await item_of(store, "a")

    async def test_whether_it_is_held_is_told_by_the_clock_of_the_store(self, store: FullStore, later: Later) -> None:
        await begun(store, "a")
        await begun(store, "b", None)
        [claimed] = await _claimed(store)
        assert (claimed.id, claimed.held) == ("a", True)
        assert [one.held for one in await all_work(store)] == [True, False]
        await later(LEASE_S + 1)
        assert [one.held for one in await all_work(store)] == [False, False]
        assert (await item_of(store, "a")).held is False

    async def test_an_extended_lease_runs_from_now_and_outlives_writes_of_its_owner(
        self, store: FullStore, opener: Opener, later: Later
    ) -> None:
        for id in ("a", "b"):
            await begun(store, id)
        held = {item.id: item.token for item in await _claimed(store)}
        before = await item_of(store, "a")
        await write(store, revise(await item_of(store, "b"), Hold("me", LEASE_S)))
        await later(LEASE_S - 100)
        async with opened(opener) as other:
            assert set(await other.extend(held, "me", LEASE_S)) == {"a", "b"}
            after = await item_of(store, "a")
            assert after == replace(before, wake_at=after.wake_at)
            assert after.wake_at is not None
            assert after.wake_at - before.changed_at >= timedelta(seconds=2 * LEASE_S - 100)
            await later(LEASE_S - 100)
            assert await _claimed(other, "you") == []
            assert set(await store.extend({"a": held["a"]}, "me", 50)) == {"a"}
            await later(51)
            assert ids_of(await _claimed(other, "you")) == ["a"]
            await later(101)
            assert set(await store.extend(held, "me", LEASE_S)) == {"b"}, "late, and nobody has claimed it since"
            assert ids_of(await _claimed(other, "they")) == []

    async def test_what_is_not_held_any_more_is_not_extended(self, store: FullStore, later: Later) -> None:
        for id in ("lost", "let go", "ended", "newer", "taken over"):
            await begun(store, id)
        mine = {item.id: item for item in await _claimed(store)}
        tokens = {id: item.token for id, item in mine.items()}
        await write(store, revise(mine["let go"], None), End(id="ended", token=2))
        await write(store, revise(mine["taken over"], Hold("you", 2 * LEASE_S)))
        assert set(await store.extend(tokens, "me", LEASE_S + 50)) == {"lost", "newer"}
        assert (await item_of(store, "let go")).wake_at is None
        await write(store, revise(mine["newer"], Hold("me", 2 * LEASE_S)))
        await later(LEASE_S + 60)
        assert ids_of(await _claimed(store, "you")) == ["lost"]
        kept = await all_work(store)
        wrong = {
            "newer": 4,
            "lost": 2,
            "let go": 1,
            "absent": 1,
            "": 1,
            "a\x00": 1,
            "\ud800": 1,
            "taken over": -(2**70),
        }
        assert set(await store.extend(wrong, "me", LEASE_S)) == set()
        assert set(await store.extend({"newer": 2**70}, "me", LEASE_S)) == set()
        assert set(await store.extend({}, "me", LEASE_S)) == set()
        assert await all_work(store) == kept
        assert set(await store.extend({"newer": -(2**70), "lost": 2}, "me", LEASE_S)) == {"newer"}
