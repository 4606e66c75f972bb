"""Laws of work: written by its token or not at all, with its events or not at all, each with its own verdict."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from itertools import product

import pytest
from msgspec.structs import replace

from leftfold.errors import Fenced, KeyTaken
from leftfold.store.events import Appended, ToStream
from leftfold.store.transaction import Put, Transaction
from leftfold.store.work import AT_ONCE, KEEP, Begin, End, Hold, Revise, WorkItem, WorkWrite
from leftfold.testing.conformance.ledger import COUNTS, active, all_rows, counted, row, write
from leftfold.testing.conformance.stores import FullStore, Later, Laws, Opener, events, opened
from leftfold.testing.conformance.work_ground import LEASE_S, QUEUE, all_work, begin, begun, ids_of, item_of, revise

__all__ = ["WorkLaws"]

_STATE = b' {"b":1, "a" : 1.0e2,"b":123456789012345678901234567890, "\xc3\xbc":"\\u0041 \xf0\x9f\x9a\x80 \'"} '
_FUTURE = datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


class WorkLaws(Laws):
    """What writing work promises."""

    async def test_work_is_kept_as_it_was_begun(self, store: FullStore, opener: Opener) -> None:
        async with opened(opener) as other:
            first = Begin(id="ü 'x' %", queue="q:Ü:1", status="läuft", state=_STATE, wake=_FUTURE)
            await write(store, first, begin("never", None))
            kept = await item_of(other, first.id)
            assert (kept.id, kept.queue, kept.status, kept.state) == (first.id, "q:Ü:1", "läuft", _STATE)
            assert (kept.token, kept.owner, kept.wake_at) == (1, None, _FUTURE)
            assert kept.created_at == kept.changed_at == (await item_of(other, "never")).created_at
            assert [each and each.utcoffset() for each in (kept.wake_at, kept.created_at)] == [timedelta(0)] * 2
            assert (await item_of(other, "never")).wake_at is None

    async def test_an_id_that_is_there_refuses_to_begin_unless_that_is_fine(self, store: FullStore) -> None:
        await active(store, COUNTS)
        old = await begun(store, "a", None)
        for neighbours in ([Put(table=COUNTS, rows={"k": row(1)})], [begin("b")]):
            with pytest.raises(KeyTaken) as refusal:
                await write(store, *neighbours, begin("a", n=7))
            assert (refusal.value.table, refusal.value.key) == ("work", "a")
        with pytest.raises(KeyTaken):
            await store.transact(counted("s-1", writes=[begin("a", n=7)]))
        assert (await all_work(store), await all_rows(store, COUNTS), await store.head()) == ([old], {}, 0)
        going_on = replace(begin("a", n=7), unless_there=True)
        await write(store, going_on, begin("b"), replace(going_on, id="c"))
        assert await item_of(store, "a") == old
        assert ids_of(await all_work(store)) == ["a", "b", "c"]
        assert (await item_of(store, "c")).state == b'{"n":7}'

    async def test_who_shows_the_token_writes_anew(self, store: FullStore, later: Later) -> None:
        first = await begun(store, "a", Hold("me", LEASE_S))
        await begun(store, "untouched", None)
        await later(100)
        second = await _revised(store, revise(first, Hold("you", 2 * LEASE_S), status="busy"))
        assert (second.token, second.owner, second.status, second.state) == (2, "you", "busy", b'{"n":1}')
        assert (second.queue, second.created_at) == (QUEUE, first.created_at)
        assert second.changed_at - first.changed_at >= timedelta(seconds=100)
        assert second.wake_at == second.changed_at + timedelta(seconds=2 * LEASE_S)
        third = await _revised(store, replace(revise(second, _FUTURE), queue="other"))
        assert (third.token, third.owner, third.wake_at, third.queue) == (3, None, _FUTURE, "other")
        fourth = await _revised(store, revise(third, None))
        assert (fourth.token, fourth.owner, fourth.wake_at, fourth.queue) == (4, None, None, "other")
        assert (await item_of(store, "untouched")).token == 1

    async def test_who_keeps_it_leaves_owner_and_moment_as_they_are(self, store: FullStore, later: Later) -> None:
        olds = [
            await begun(store, "held", Hold("me", LEASE_S)),
            await begun(store, "never", None),
            await begun(store, "sleeps", _FUTURE),
            await begun(store, "due"),
        ]
        await later(100)
        for old in olds:
            same = await _revised(store, revise(old, KEEP, n=2))
            assert same == replace(old, token=2, state=b'{"n":2}', changed_at=same.changed_at)
            assert same.changed_at - old.changed_at >= timedelta(seconds=100)
            moved = await _revised(store, replace(revise(same, KEEP, status="on"), queue="other"))
            assert moved == replace(
                old, token=3, state=b'{"n":1}', status="on", queue="other", changed_at=moved.changed_at
            )
        with pytest.raises(Fenced):
            await write(store, revise(olds[0], KEEP))
        items = await all_work(store)
        await store.transact(counted("s-1", writes=[revise(item, KEEP, n=4) for item in items]))
        assert [(item.owner, item.wake_at, item.token) for item in await all_work(store)] == [
            (item.owner, item.wake_at, 4) for item in items
        ]
        assert ids_of(await store.claim_due(["other"], "you", LEASE_S)) == ["due"]
        await later(LEASE_S + 1)
        assert ids_of(await store.claim_due(["other"], "they", LEASE_S)) == ["held", "due"]

    async def test_what_a_writer_says_of_status_and_owner_changes_nothing(self, store: FullStore) -> None:
        wakes, said, statuses = (None, KEEP, Hold("you", LEASE_S)), (None, "running", "me"), ("running", "other")
        for wake, was, owner, status in product(wakes, said, said, statuses):
            id = f"{wake} {was} {owner} {status}"
            old = await begun(store, id, Hold("me", LEASE_S))
            revision = replace(revise(old, wake, status=status), was=was, owner=owner)
            await write(store, revision)
            new = await item_of(store, id)
            assert (new.token, new.status, new.state) == (2, status, b'{"n":1}')
            assert new.owner == (None if wake is None else "me" if wake is KEEP else "you")
            assert id in ids_of(await store.find_work(statuses=[status])), "lists know it too"
            with pytest.raises(Fenced):
                await write(store, revision)

    async def test_a_wrong_token_writes_nothing_of_its_transaction(self, store: FullStore) -> None:
        await active(store, COUNTS)
        old = await begun(store, "a", Hold("me", LEASE_S))
        new = await _revised(store, revise(old, Hold("me", LEASE_S)))
        elsewhere = await begun(store, "b", None)
        put = Put(table=COUNTS, rows={"k": row(1)})
        good = revise(elsewhere, n=9)
        for token in (old.token, new.token + 1, 0, -1, 2**63, 2**70, -(2**70)):
            wrong: list[WorkWrite] = [replace(revise(new), token=token), End(id="a", token=token)]
            for bad in (*wrong, replace(wrong[0], id="absent"), replace(wrong[1], id="A")):
                for transaction in (
                    Transaction(writes=[bad]),
                    Transaction(writes=[good, begin("c"), bad]),
                    Transaction(writes=[bad, good]),
                    Transaction(writes=[put, bad]),
                    counted("s-1", writes=[put, good, bad]),
                ):
                    with pytest.raises(Fenced, match="work item") as refusal:
                        await store.transact(transaction)
                    assert (refusal.value.name, refusal.value.token) == (bad.id, token)
        assert await all_work(store) == [new, elsewhere]
        assert (await all_rows(store, COUNTS), await store.head()) == ({}, 0)

    async def test_ended_work_is_gone_and_may_begin_again(self, store: FullStore) -> None:
        item = await _revised(store, revise(await begun(store, "a")))
        await begun(store, "b", None)
        await write(store, End(id="a", token=item.token))
        assert ids_of(await all_work(store)) == ["b"]
        assert await store.work(["a", "b"]) == {"b": await item_of(store, "b")}
        with pytest.raises(Fenced):
            await write(store, End(id="a", token=item.token))
        assert (await begun(store, "a")).token == 1

    async def test_writes_of_a_transaction_are_done_in_their_order(self, store: FullStore) -> None:
        item = await begun(store, "a", None)
        first = revise(item, n=1)
        await write(
            store,
            first,
            replace(first, token=2, state=b'{"n":2}', wake=Hold("me", LEASE_S)),
            begin("b"),
            End(id="b", token=1),
            begin("b", None, n=5),
            Revise(id="b", token=1, status="on", state=b'{"n":6}', wake=None),
            replace(begin("b", n=9), unless_there=True),
        )
        assert [(each.id, each.token, each.owner, each.state) for each in await all_work(store)] == [
            ("a", 3, "me", b'{"n":2}'),
            ("b", 2, None, b'{"n":6}'),
        ]
        with pytest.raises(Fenced):
            await write(store, begin("c"), End(id="c", token=1), End(id="c", token=1))
        assert ids_of(await all_work(store)) == ["a", "b"]

    async def test_events_rows_and_work_are_written_together_and_once(self, store: FullStore, opener: Opener) -> None:
        await active(store, COUNTS)
        item = await begun(store, "a", Hold("me", LEASE_S))
        step = Transaction(
            parts=[ToStream("s-1", 0, events(2))],
            writes=[revise(item, Hold("me", LEASE_S)), begin("b", None), Put(table=COUNTS, rows={"k": row(1)})],
        )
        first = await store.transact(step)
        assert first is not None
        async with opened(opener) as other:
            assert await other.transact(step) == replace(first, repeated=True), "not fenced: it was done already"
            assert [(each.id, each.token) for each in await all_work(other)] == [("a", 2), ("b", 1)]
            assert (await all_rows(other, COUNTS), await other.head()) == ({"k": row(1)}, 2)

    async def test_each_of_a_group_gets_its_own_verdict(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await write(store, *(begin(f"{n:02}", None) for n in range(40)))
        items = await all_work(store)
        transactions: list[Transaction] = []
        for n, item in enumerate(items):
            good, bad = revise(item, _FUTURE, n=n), End(id=item.id, token=9)
            put = Put(table=COUNTS, rows={item.id: row(n)})
            transactions += [
                (Transaction(writes=[good]), Transaction(writes=[bad])),
                (Transaction(writes=[begin(f"new {n}"), good]), Transaction(writes=[begin("torn"), bad])),
                (Transaction(writes=[put, good]), Transaction(writes=[put, bad])),
                (counted(f"s-{n}", writes=[good, put]), counted(f"s-{n}", writes=[put, bad])),
            ][n % 4]
        outcomes = await asyncio.gather(*map(store.transact, transactions), return_exceptions=True)
        good_kinds = [Appended if n % 4 == 3 else type(None) for n in range(40)]
        assert [type(each) for each in outcomes] == [kind for good in good_kinds for kind in (good, Fenced)]
        kept = {item.id: item for item in await all_work(store)}
        assert set(kept) == {item.id for item in items} | {f"new {n}" for n in range(1, 40, 4)}
        assert [(kept[item.id].token, kept[item.id].state) for item in items] == [
            (2, b'{"n":%d}' % n) for n in range(40)
        ]
        assert len(await all_rows(store, COUNTS)) == 20
        assert await store.head() == 10

    async def test_of_many_who_show_one_token_exactly_one_writes(self, store: FullStore, opener: Opener) -> None:
        item = await begun(store, "a", None)
        async with opened(opener) as other:
            for turn in range(4):
                attempts = [
                    write((store, other)[n % 2], revise(item, None, n=n))
                    if n % 3 or turn % 2
                    else (store, other)[n % 2].transact(counted(f"s-{turn}-{n}", writes=[revise(item, None, n=n)]))
                    for n in range(16)
                ]
                outcomes = await asyncio.gather(*attempts, return_exceptions=True)
                [won] = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, BaseException)]
                assert {type(outcome) for n, outcome in enumerate(outcomes) if n != won} == {Fenced}
                assert (await item_of(other, "a")).token == item.token + 1
                item = await item_of(store, "a")
                assert item.state == b'{"n":%d}' % won

    async def test_of_many_who_begin_one_id_exactly_one_does(self, store: FullStore, opener: Opener) -> None:
        async with opened(opener) as other:
            attempts = [write((store, other)[n % 2], begin("a", None, n=n)) for n in range(16)]
            outcomes = await asyncio.gather(*attempts, return_exceptions=True)
            [won] = [n for n, outcome in enumerate(outcomes) if outcome is None]
            assert Counter(map(type, outcomes)) == {type(None): 1, KeyTaken: 15}
            await asyncio.gather(
                *(
                    write((store, other)[n % 2], replace(begin(id, None, n=n), unless_there=True))
                    for n in range(16)
                    for id in ("a", "b")
                )
            )
            assert [(each.id, each.token) for each in await all_work(store)] == [("a", 1), ("b", 1)]
            assert (await item_of(other, "a")).state == b'{"n":%d}' % won

    async def test_times_are_exact_to_the_microsecond_and_in_utc(self, store: FullStore) -> None:
        zone = timezone(timedelta(hours=-9, minutes=-30))
        for n, wake in enumerate(
            (_FUTURE, datetime(2731, 3, 1, 0, 0, 0, 1, tzinfo=zone), datetime.max.replace(tzinfo=UTC))
        ):
            kept = await begun(store, f"at {n}", wake)
            assert kept.wake_at is not None
            assert (kept.wake_at, kept.wake_at.utcoffset()) == (wake, timedelta(0))
        for lease_s in (0.000001, 1.234567, 86_400.0 * 365 + 0.000003):
            kept = await begun(store, f"held {lease_s}", Hold("me", lease_s))
            assert (kept.owner, kept.wake_at) == ("me", kept.created_at + timedelta(seconds=lease_s))
            kept = await _revised(store, revise(kept, Hold("you", lease_s)))
            assert (kept.owner, kept.wake_at) == ("you", kept.changed_at + timedelta(seconds=lease_s))

    async def test_what_has_passed_is_due_since_it_was_written(self, store: FullStore, later: Later) -> None:
        for n, wake in enumerate((AT_ONCE, datetime.min.replace(tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC))):
            kept = await begun(store, f"at {n}", wake)
            assert kept.wake_at == kept.created_at
            await later(10)
            kept = await _revised(store, revise(kept, wake))
            assert kept.wake_at == kept.changed_at

    async def test_much_work_is_written_at_once(self, store: FullStore) -> None:
        many = [f"{n:05}" for n in range(2_000)]
        await write(store, *(begin(id, None) for id in many[:1_500]))
        await asyncio.gather(*(write(store, begin(id, None)) for id in many[1_500:]))
        items = await all_work(store)
        assert ids_of(items) == many
        await write(store, *(revise(item, None) for item in items[:1_000]))
        await asyncio.gather(*(write(store, End(id=item.id, token=1)) for item in items[1_000:]))
        assert [(each.id, each.token) for each in await all_work(store)] == [(id, 2) for id in many[:1_000]]
        big = Begin(id="big", queue=QUEUE, status="on", state=b'{"a":"%s"}' % (b"x" * 3_000_000), wake=None)
        await asyncio.gather(*(write(store, replace(big, id=f"big {n}")) for n in range(4)))
        assert {item.state for item in await store.find_work(after="big")} == {big.state}


async def _revised(store: FullStore, revision: Revise) -> WorkItem:
    await write(store, revision)
    return await item_of(store, revision.id)
