"""Laws of transactions: events and rows in one step, in their order, all or nothing, each with its own verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from leftfold.errors import (
    ConditionFailed,
    Conflict,
    Fenced,
    IdReused,
    InvalidAppend,
    InvalidInput,
    KeyTaken,
    LeftfoldError,
    NotAtHead,
    ShardMismatch,
    TableMissing,
)
from leftfold.store.events import AppendCondition, Appended, Expected, QueryItem, ToStream
from leftfold.store.transaction import Advance, Delete, Insert, Point, Put, Transaction, Write
from leftfold.testing.conformance.ledger import (
    BOOKS,
    COUNTS,
    active,
    adding,
    all_rows,
    count_of,
    counted,
    put,
    row,
    write,
)
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, event, events, log_of, opened

__all__ = ["TransactionLaws"]

_SEAT = AppendCondition(none_of=(QueryItem(tags=frozenset({"seat:1"})),))
_REFUSED: list[tuple[Write, type[LeftfoldError]]] = [
    (Insert(table=COUNTS, key="old", row=row(9)), KeyTaken),
    (Insert(table=COUNTS, key="new", row=row(9)), KeyTaken),
    (Put(table=COUNTS, rows={"fresh": row(9), "old": row(9)}, shard=3), ShardMismatch),
    (Put(table=COUNTS, rows={"old": row(9)}, generation=7), TableMissing),
    (Put(table=BOOKS, rows={"old": b"{}"}), TableMissing),
    (Delete(table=BOOKS, keys=["old"]), TableMissing),
    (Advance(name="nobody", token=1, position=0, event_id=None), Fenced),
    (Point(table=COUNTS, generation=2, at_head=77), NotAtHead),
    (Point(table=COUNTS, generation=7), TableMissing),
]


def _putting(key: str, count: int = 1) -> Put:
    return Put(table=COUNTS, rows={key: row(count)})


class TransactionLaws(Laws):
    """What writing in one step promises."""

    async def test_events_and_rows_are_written_together(self, store: FullStore) -> None:
        await active(store, COUNTS)
        appended = await store.transact(
            Transaction(parts=[ToStream("a-1", 0, events(2)), ToStream("b-1", 0, events(1))], writes=[_putting("a")])
        )
        assert appended is not None
        assert (appended.position, appended.versions, appended.repeated) == (3, {"a-1": 2, "b-1": 1}, False)
        log = await log_of(store)
        assert [(e.stream, e.version, e.recorded_at) for e in log] == [
            (stream, version, appended.recorded_at) for stream, version in (("a-1", 1), ("a-1", 2), ("b-1", 1))
        ]
        assert await all_rows(store, COUNTS) == {"a": row(1)}

    async def test_writes_are_done_in_their_order(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await put(store, COUNTS, {"a": row(1), "b": row(1)})
        await write(
            store,
            Delete(table=COUNTS, keys=["a", "b"]),
            Insert(table=COUNTS, key="a", row=row(2)),
            _putting("b", 2),
            _putting("b", 3),
            _putting("c", 3),
            Delete(table=COUNTS, keys=["c"]),
        )
        assert await all_rows(store, COUNTS) == {"a": row(2), "b": row(3)}
        with pytest.raises(KeyTaken):
            await write(store, _putting("d"), Insert(table=COUNTS, key="d", row=row(2)))
        assert await all_rows(store, COUNTS) == {"a": row(2), "b": row(3)}

    @pytest.mark.parametrize("refusal", range(len(_REFUSED)))
    @pytest.mark.parametrize("with_events", [True, False])
    async def test_one_refused_write_takes_everything_back(
        self, store: FullStore, refusal: int, with_events: bool
    ) -> None:
        await active(store, COUNTS)
        await store.prepare(COUNTS, 2)
        claim = await store.claim("kept", "me", 60)
        assert claim is not None
        await put(store, COUNTS, {"old": row(1), "gone": row(1)})
        bad, error = _REFUSED[refusal]
        writes: list[Write] = [
            _putting("old", 5),
            _putting("old", 6),
            _putting("new", 5),
            Delete(table=COUNTS, keys=["gone"]),
            Advance(name="kept", token=claim.token, position=7, event_id=event().id),
            bad,
        ]
        parts = [ToStream("a-1", 0, events(1))] if with_events else []
        with pytest.raises(error):
            await store.transact(Transaction(parts=parts, writes=writes))
        assert await all_rows(store, COUNTS) == {"old": row(1), "gone": row(1)}
        assert [kept.position for kept in await store.checkpoints()] == [0]
        assert (await store.head(), await store.generation(COUNTS)) == (0, 1)

    async def test_a_refused_append_writes_no_rows(self, store: FullStore) -> None:
        await active(store, COUNTS)
        known = event(tags=["seat:1"])
        await store.append(ToStream("a-1", 0, [known]))
        for part, condition, error in (
            (ToStream("a-1", 0, events(1)), None, Conflict),
            (ToStream("b-1", Expected.STREAM_EXISTS, events(1)), None, Conflict),
            (ToStream("b-1", 0, events(1)), _SEAT, ConditionFailed),
            (ToStream("b-1", 0, [event(), known]), None, IdReused),
            (ToStream("b-1", 0, []), None, InvalidAppend),
        ):
            with pytest.raises(error):
                await store.transact(
                    Transaction(parts=[part], condition=condition, writes=[_putting("a")], inline=[adding("b")])
                )
        assert await all_rows(store, COUNTS) == {}
        assert await store.head() == 1

    async def test_repeating_a_transaction_returns_the_first_result_and_does_nothing_else(
        self, store: FullStore
    ) -> None:
        await active(store, COUNTS)
        transaction = Transaction(
            parts=[ToStream("a-1", 0, events(2))],
            writes=[Insert(table=COUNTS, key="once", row=row(1)), _putting("put")],
            inline=[adding()],
        )
        first = await store.transact(transaction)
        assert first is not None
        await write(store, Delete(table=COUNTS, keys=["put"]))
        await store.append(ToStream("a-1", 2, events(1)))
        assert await store.transact(transaction) == replace(first, repeated=True)
        assert await store.append(*transaction.parts) == replace(first, repeated=True)
        refusing = replace(transaction, inline=[adding(refuse=True)], writes=[_REFUSED[0][0], _REFUSED[3][0]])
        assert await store.transact(refusing) == replace(first, repeated=True)
        assert await all_rows(store, COUNTS) == {"once": row(1), "total": row(1)}
        together = await asyncio.gather(*map(store.transact, [counted("b-1", adding())] * 5))
        assert sorted(each.repeated for each in together if each) == [False, True, True, True, True]
        assert await all_rows(store, COUNTS) == {"once": row(1), "total": row(2)}

    async def test_each_transaction_of_a_group_gets_its_own_verdict(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await put(store, COUNTS, {"old": row(1)})
        transactions: list[Transaction] = []
        for n, (bad, _) in enumerate(_REFUSED):
            transactions.append(counted(f"good-{n}", adding(), writes=[_putting(f"good-{n}")]))
            transactions.append(counted(f"bad-{n}", adding(), writes=[_putting("new"), _putting(f"bad-{n}"), bad]))
            transactions.append(replace(counted(f"good-{n}"), parts=[ToStream("old-1", 9, events(1))]))
        outcomes = await asyncio.gather(*map(store.transact, transactions), return_exceptions=True)
        kinds = [type(outcome) for outcome in outcomes]
        assert kinds == [kind for _, error in _REFUSED for kind in (Appended, error, Conflict)]
        good = {f"good-{n}" for n in range(len(_REFUSED))}
        assert await all_rows(store, COUNTS) == {
            "old": row(1),
            "total": row(len(good)),
            **{key: row(1) for key in sorted(good)},
        }
        log = await log_of(store)
        assert {e.stream for e in log} == good
        assert [e.position for e in log] == list(range(1, len(good) + 1))

    @pytest.mark.parametrize("with_events", [True, False])
    async def test_of_many_inserts_of_one_key_exactly_one_wins(
        self, store: FullStore, opener: Opener, with_events: bool
    ) -> None:
        await active(store, COUNTS)
        async with opened(opener) as other:
            attempts = [
                (store, other)[n % 2].transact(
                    Transaction(
                        parts=[ToStream(f"a-{n}", 0, events(1))] if with_events else [],
                        writes=[_putting(f"of {n}"), Insert(table=COUNTS, key="one", row=row(n))],
                    )
                )
                for n in range(16)
            ]
            outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        [won] = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, BaseException)]
        assert {type(outcome) for n, outcome in enumerate(outcomes) if n != won} == {KeyTaken}
        assert await all_rows(store, COUNTS) == {"one": row(won), f"of {won}": row(1)}
        assert [e.stream for e in await log_of(store)] == ([f"a-{won}"] if with_events else [])

    async def test_transactions_and_appends_of_one_group_have_positions_without_gaps(
        self, store: FullStore, opener: Opener
    ) -> None:
        await active(store, COUNTS)
        async with opened(opener) as other:
            outcomes = await asyncio.gather(
                *((store, other)[n % 2].transact(counted(f"t-{n}", writes=[_putting(f"t-{n}")])) for n in range(40)),
                *((store, other)[n % 2].append(ToStream(f"a-{n}", 0, events(2))) for n in range(40)),
                *(write((store, other)[n % 2], _putting(f"w-{n}")) for n in range(40)),
            )
        appended = [outcome for outcome in outcomes if outcome is not None]
        log = await log_of(store)
        assert [e.position for e in log] == list(range(1, 121))
        last = {e.position: e for e in log}
        assert all(last[each.position].stream in each.versions for each in appended)
        assert set(await all_rows(store, COUNTS)) == {f"{kind}-{n}" for kind in "tw" for n in range(40)}

    async def test_a_reader_sees_all_of_a_transaction_or_nothing(self, store: FullStore, opener: Opener) -> None:
        await active(store, COUNTS)
        async with opened(opener) as other:

            async def writing() -> None:
                for n in range(1, 25):
                    await write(store, _putting("a", n), _putting("z", n))

            work = asyncio.ensure_future(writing())
            looks: list[Sequence[bytes | None]] = []
            while not work.done() or len(looks) < 3:
                found = await other.get(COUNTS, ["a", "z"])
                looks.append([found.get("a"), found.get("z")])
                await asyncio.sleep(0)
            await work
            assert all(first == second for first, second in looks), looks
            assert await other.get(COUNTS, ["a", "z"]) == {"a": row(24), "z": row(24)}

    async def test_a_caller_that_goes_away_leaves_all_of_its_transaction_or_nothing(self, store: FullStore) -> None:
        await active(store, COUNTS)
        attempts = [
            asyncio.ensure_future(store.transact(counted(f"a-{n}", adding(), writes=[_putting(f"a-{n}")])))
            for n in range(20)
        ]
        await asyncio.sleep(0)
        for attempt in attempts[::2]:
            attempt.cancel()
        outcomes = await asyncio.gather(*attempts, return_exceptions=True)
        assert all(isinstance(outcome, Appended) for outcome in outcomes[1::2])
        await store.transact(counted("last-1", writes=[_putting("last-1")]))
        streams = [e.stream for e in await log_of(store)]
        assert {f"a-{n}" for n in range(1, 20, 2)} | {"last-1"} <= set(streams)
        rows = await all_rows(store, COUNTS)
        assert count_of(rows.pop("total")) == len(streams) - 1
        assert set(rows) == set(streams)

    async def test_closing_finishes_transactions_that_were_accepted(self, store: FullStore, opener: Opener) -> None:
        await active(store, COUNTS)
        attempts = [asyncio.ensure_future(store.transact(counted(f"a-{n}", adding()))) for n in range(5)]
        await asyncio.sleep(0)
        async with opened(opener) as keeper:
            await store.close()
            await asyncio.gather(*attempts)
            assert await all_rows(keeper, COUNTS) == {"total": row(5)}

    async def test_a_transaction_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        await active(store, COUNTS)
        for bad in (
            Transaction(),
            Transaction(inline=[adding()]),
            Transaction(writes=[_putting("a")], inline=[adding()]),
            Transaction(writes=[_putting("a")], condition=_SEAT),
        ):
            with pytest.raises(InvalidInput):
                await store.transact(bad)
        assert await all_rows(store, COUNTS) == {}

    async def test_much_is_written_in_one_transaction(self, store: FullStore) -> None:
        await active(store, COUNTS)
        many = {f"k{n:04}": row(n) for n in range(1_500)}
        appended = await store.transact(
            Transaction(
                parts=[ToStream("a-1", 0, events(700))],
                writes=[Put(table=COUNTS, rows=many), *(_putting(f"w{n}") for n in range(200))],
                inline=[adding() for _ in range(50)],
            )
        )
        assert appended is not None
        assert appended.position == await store.head() == 700
        rows = await all_rows(store, COUNTS)
        assert (len(rows), rows["total"], rows["k1499"]) == (1_701, row(50), row(1_499))
