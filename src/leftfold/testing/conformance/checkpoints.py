"""Laws of checkpoints: one holder at a time by the clock, tokens that only grow, and a list of who holds what."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import cast

import pytest

from leftfold.errors import Fenced, InvalidInput, StoreClosed
from leftfold.store.checkpoints import Checkpoint, Claim
from leftfold.store.limits import MAX_NAME_BYTES
from leftfold.store.port import Store
from leftfold.store.transaction import Advance
from leftfold.testing.conformance.ledger import write
from leftfold.testing.conformance.stores import NO_LEASES, FullStore, Later, Laws, Opener, event, opened

__all__ = ["CheckpointLaws"]

_LEASE_S = 600.0


async def _claimed(store: Store, name: str = "c", owner: str = "me", lease_s: float = _LEASE_S) -> Claim:
    claim = await store.claim(name, owner, lease_s)
    assert claim is not None, "nobody else holds it"
    return claim


async def _kept(store: Store, name: str = "c") -> Checkpoint:
    [kept] = [each for each in await store.checkpoints() if each.name == name]
    return kept


class CheckpointLaws(Laws):
    """What claiming a checkpoint promises."""

    async def test_a_new_checkpoint_begins_at_position_0(self, store: FullStore) -> None:
        claim = await _claimed(store)
        assert (claim.name, claim.position, claim.event_id) == ("c", 0, None)
        assert claim.token > 0
        kept = await _kept(store)
        assert (kept.position, kept.event_id, kept.token, kept.owner) == (0, None, claim.token, "me")
        assert (kept.held, kept.note) == (True, None)
        assert kept.until is not None
        assert kept.until.utcoffset() is not None
        assert kept.until - kept.moved_at == timedelta(seconds=_LEASE_S)

    async def test_another_waits_until_the_lease_has_ended(
        self, store: FullStore, opener: Opener, later: Later
    ) -> None:
        first = await _claimed(store)
        async with opened(opener) as other:
            assert await other.claim("c", "you", _LEASE_S) is None
            await later(_LEASE_S - 100)
            assert await other.claim("c", "you", _LEASE_S) is None
            assert (await _kept(other)).owner == "me"
            assert (await _kept(other)).held is True
            await later(101)
            assert (await _kept(other)).held is False
            second = await _claimed(other, owner="you")
            assert second.token > first.token
            assert await store.claim("c", "me", _LEASE_S) is None

    async def test_claiming_what_one_holds_gives_a_higher_token(self, store: FullStore) -> None:
        tokens = [(await _claimed(store)).token for _ in range(3)]
        assert tokens == sorted(set(tokens))
        assert (await _kept(store)).token == tokens[-1]

    async def test_checkpoints_are_held_apart(self, store: FullStore) -> None:
        await _claimed(store, "a", "me")
        await _claimed(store, "b", "you")
        await _claimed(store, "A", "they")
        assert [(each.name, each.owner) for each in await store.checkpoints()] == [
            ("A", "they"),
            ("a", "me"),
            ("b", "you"),
        ]

    async def test_of_many_who_claim_at_once_exactly_one_holds_it(
        self, store: FullStore, opener: Opener, later: Later
    ) -> None:
        async with opened(opener) as other:
            highest = 0
            for _ in range(3):
                claims = await asyncio.gather(
                    *((store, other)[n % 2].claim("c", f"worker {n}", _LEASE_S) for n in range(12))
                )
                [(owner, won)] = [(f"worker {n}", claim) for n, claim in enumerate(claims) if claim]
                assert (await _kept(store)).owner == owner
                assert won.token > highest
                highest = won.token
                await later(_LEASE_S + 1)

    async def test_a_renewed_lease_runs_from_now(self, store: FullStore, opener: Opener, later: Later) -> None:
        claim = await _claimed(store)
        async with opened(opener) as other:
            await later(_LEASE_S - 100)
            assert await store.renew("c", claim.token, _LEASE_S) is True
            await later(_LEASE_S - 100)
            assert await other.claim("c", "you", _LEASE_S) is None
            assert await store.renew("c", claim.token, 50) is True
            await later(51)
            second = await _claimed(other, owner="you", lease_s=100)
            assert await store.renew("c", claim.token, 10 * _LEASE_S) is False
            await later(101)
            assert (await _kept(store)).held is False
            assert await other.renew("c", second.token, _LEASE_S) is True, "nobody has claimed it since"
            assert await store.claim("c", "me", _LEASE_S) is None
        assert await store.renew("absent", 1, _LEASE_S) is False

    async def test_a_released_checkpoint_is_free_at_once_and_says_why(self, store: FullStore) -> None:
        claim = await _claimed(store)
        await store.release("c", claim.token, "Größe: a 'note'\n")
        kept = await _kept(store)
        assert (kept.owner, kept.held, kept.until, kept.note) == (None, False, None, "Größe: a 'note'\n")
        assert await store.renew("c", claim.token, _LEASE_S) is False, "a late renewal does not bring it back"
        second = await _claimed(store, owner="you")
        assert second.token > claim.token
        assert (await _kept(store)).note is None
        await store.release("c", claim.token, "too late")
        kept = await _kept(store)
        assert (kept.owner, kept.held, kept.note) == ("you", True, None)
        await store.release("c", second.token)
        assert (await _kept(store)).note is None
        await store.release("absent", 1, "nothing to release")

    async def test_a_prefix_that_is_no_text_is_refused(self, store: FullStore) -> None:
        await _claimed(store)
        for prefix in (None, 3, b"c", ["c"]):
            with pytest.raises(InvalidInput, match="give what the names begin with"):
                await store.checkpoints(cast("str", prefix))

    async def test_a_token_or_note_that_is_none_is_refused(self, store: FullStore) -> None:
        claim = await _claimed(store)
        for token in (None, "1", 1.5):
            with pytest.raises(InvalidInput, match="give the token of a Claim"):
                await store.renew("c", cast("int", token), _LEASE_S)
            with pytest.raises(InvalidInput, match="give the token of a Claim"):
                await store.release("c", cast("int", token))
        for note in (5, b"why", ["why"]):
            with pytest.raises(InvalidInput, match="give a text, or None"):
                await store.release("c", claim.token, cast("str", note))
        assert (await _kept(store)).held is True

    async def test_who_holds_a_forgotten_checkpoint_is_fenced_for_ever(self, store: FullStore, opener: Opener) -> None:
        claim = await _claimed(store)
        advance = Advance(name="c", token=claim.token, position=5, event_id=event().id)
        await write(store, advance)
        async with opened(opener) as other:
            await other.forget("c")
            await other.forget("c")
            assert list(await store.checkpoints()) == []
            assert await store.renew("c", claim.token, _LEASE_S) is False
            with pytest.raises(Fenced):
                await write(store, advance)
            again = await _claimed(other, owner="you")
            assert (again.position, again.event_id) == (0, None)
            assert again.token > claim.token
            with pytest.raises(Fenced):
                await write(store, advance)

    async def test_checkpoints_are_listed_by_name_and_the_beginning_of_it(self, store: FullStore) -> None:
        names = ["b%1", "b_1", "b-1", "B-1", "ä", "🚀", "\ufffd", "b", "a", "x" * MAX_NAME_BYTES]
        for name in names:
            await _claimed(store, name)
        for prefix in ("", "b", "b_", "b%", "B", "ä", "🚀", "x", "c", "b-12", "%"):
            listed = [each.name for each in await store.checkpoints(prefix)]
            assert listed == sorted(name for name in names if name.startswith(prefix)), prefix

    async def test_a_claim_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        for bad in ("", "a\x00", "\ud800", "x" * (MAX_NAME_BYTES + 1), cast("str", ["c"])):
            with pytest.raises(InvalidInput):
                await store.claim(bad, "me", _LEASE_S)
            with pytest.raises(InvalidInput):
                await store.claim("c", bad, _LEASE_S)
        claim = await _claimed(store)
        for lease_s in NO_LEASES:
            with pytest.raises(InvalidInput):
                await store.claim("d", "me", lease_s)
            with pytest.raises(InvalidInput):
                await store.renew("c", claim.token, lease_s)
        with pytest.raises(InvalidInput):
            await store.release("c", claim.token, "a\x00b")
        assert [(each.name, each.held) for each in await store.checkpoints()] == [("c", True)]

    async def test_a_closed_store_claims_nothing(self, store: FullStore) -> None:
        claim = await _claimed(store)
        await store.close()
        for attempt in (
            store.claim("c", "me", _LEASE_S),
            store.renew("c", claim.token, _LEASE_S),
            store.release("c", claim.token),
            store.checkpoints(),
            store.forget("c"),
            store.reached("c", 1, 0.1),
        ):
            with pytest.raises(StoreClosed):
                await attempt
