"""Laws of inline projections: each sees the rows as of then, whoever wrote them, and fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, cast

from leftfold.errors import InvalidInput, InvalidPayload, ShardMismatch, TableMissing
from leftfold.store.events import Appended, Expected, ToStream
from leftfold.store.transaction import Delete, Inline, Put, Rows, RowWrite, Transaction, Write
from leftfold.testing.conformance.ledger import (
    BOOKS,
    COUNTS,
    Refused,
    active,
    adding,
    all_rows,
    count_of,
    counted,
    put,
    row,
)
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, events, log_of, opened

__all__ = ["InlineLaws"]

_LONG_S: Final = 60.0


class _Odd(BaseException):
    """What is no `Exception`."""


_ODD: Final = (asyncio.CancelledError("of its own"), _Odd("odd"), GeneratorExit())


def _returning(*writes: object) -> Inline:
    def project(_: Appended, __: Rows) -> Sequence[RowWrite]:
        return cast("Sequence[RowWrite]", writes)  # what a wrong projection returns is the point

    return Inline((), project)


def _giving(odd: object) -> Inline:
    def project(_: Appended, __: Rows) -> Sequence[RowWrite]:
        return cast("Sequence[RowWrite]", odd)

    return Inline((), project)


def _raising(error: BaseException) -> Inline:
    def project(_: Appended, __: Rows) -> Sequence[RowWrite]:
        raise error

    return Inline((), project)


class InlineLaws(Laws):
    """What rows that follow from events promise."""

    async def test_concurrent_transactions_each_see_the_row_of_the_one_before(
        self, store: FullStore, opener: Opener
    ) -> None:
        await active(store, COUNTS)
        async with opened(opener) as other:
            for stores, total in (((store,), 32), ((store, other), 64)):
                transactions = [counted(f"a-{n}", adding()) for n in range(32)]
                await asyncio.gather(*(stores[n % len(stores)].transact(each) for n, each in enumerate(transactions)))
                assert await all_rows(store, COUNTS) == {"total": row(total)}
        assert await store.head() == 64

    async def test_one_that_raises_refuses_its_own_transaction_only(self, store: FullStore) -> None:
        await active(store, COUNTS)
        outcomes = await asyncio.gather(
            *(
                store.transact(counted(f"a-{n}", adding(), adding(f"of {n}", refuse=n % 3 == 1), adding("last")))
                for n in range(30)
            ),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [Refused if n % 3 == 1 else Appended for n in range(30)]
        kept = [n for n in range(30) if n % 3 != 1]
        assert await all_rows(store, COUNTS) == {
            "total": row(20),
            "last": row(20),
            **{f"of {n}": row(1) for n in kept},
        }
        log = await log_of(store)
        assert {e.stream for e in log} == {f"a-{n}" for n in kept}
        assert [e.position for e in log] == list(range(1, 21))

    async def test_one_that_cancels_refuses_its_own_transaction_only_with_an_ordinary_error(
        self, store: FullStore
    ) -> None:
        await active(store, COUNTS)
        async with asyncio.timeout(_LONG_S):
            outcomes = await asyncio.gather(
                *(
                    store.transact(counted(f"a-{n}", adding(), *([_raising(_ODD[n // 3])] if n % 3 == 1 else [])))
                    for n in range(3 * len(_ODD))
                ),
                return_exceptions=True,
            )
            assert [type(outcome) for outcome in outcomes] == [Appended, InvalidInput, Appended] * len(_ODD)
            told = [(f"{error}", error.__cause__) for error in outcomes if isinstance(error, InvalidInput)]
            assert all(
                type(odd).__name__ in text and cause is odd for odd, (text, cause) in zip(_ODD, told, strict=True)
            )
            assert {e.stream for e in await log_of(store)} == {f"a-{n}" for n in range(3 * len(_ODD)) if n % 3 != 1}
            await store.transact(counted("b-1", adding()))
        assert await all_rows(store, COUNTS) == {"total": row(2 * len(_ODD) + 1)}

    async def test_it_sees_what_was_written_before_it_in_its_transaction(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await put(store, COUNTS, {"total": row(1), "gone": row(70)})
        writes: list[Write] = [Put(table=COUNTS, rows={"total": row(10)}), Delete(table=COUNTS, keys=["gone"])]
        await store.transact(counted("a-1", adding(), adding(by=5), adding("gone"), adding(), writes=writes))
        assert await all_rows(store, COUNTS) == {"total": row(17), "gone": row(1)}

    async def test_it_gets_the_rows_it_reads_and_what_the_append_did(self, store: FullStore) -> None:
        await active(store, COUNTS, BOOKS)
        await put(store, COUNTS, {"a": row(1), "b": row(2)})
        await put(store, BOOKS, {"a": b' {"title":"tea"}'})
        seen: list[tuple[Appended, dict[tuple[str, str], bytes]]] = []

        def project(appended: Appended, rows: Rows) -> Sequence[RowWrite]:
            seen.append((appended, dict(rows)))
            return []

        reads = ((COUNTS, ("a", "absent")), (BOOKS, ("a", "b")))
        await store.append(ToStream("a-1", 0, events(2)))
        appended = await store.transact(
            Transaction(
                parts=[ToStream("a-1", Expected.ANY, events(3)), ToStream("b-1", 0, events(1))],
                inline=[Inline(reads, project), Inline((), project)],
            )
        )
        assert appended is not None
        assert (appended.position, appended.versions) == (6, {"a-1": 5, "b-1": 1})
        there = {("counts", "a"): row(1), ("books", "a"): b' {"title":"tea"}'}
        assert seen[-2:] == [(appended, there), (appended, {})]
        assert all(type(content) is bytes for content in seen[-2][1].values())

    async def test_it_puts_and_deletes(self, store: FullStore) -> None:
        await active(store, COUNTS, BOOKS)
        await store.prepare(COUNTS, 2)
        await put(store, COUNTS, {"old": row(1), "gone": row(1)})
        await store.transact(
            counted(
                "a-1",
                _returning(
                    Put(table=COUNTS, rows={"old": row(2), "new": row(3)}),
                    Put(table=BOOKS, rows={"a": b'{"title":"tea"}'}),
                    Delete(table=COUNTS, keys=["gone", "absent"]),
                    Put(table=COUNTS, rows={"beside": row(4)}, generation=2),
                ),
            )
        )
        assert await all_rows(store, COUNTS) == {"old": row(2), "new": row(3)}
        assert await all_rows(store, COUNTS, 2) == {"beside": row(4)}
        assert await all_rows(store, BOOKS) == {"a": b'{"title":"tea"}'}

    async def test_what_it_returns_is_checked_and_refuses_its_own_transaction_only(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await put(store, COUNTS, {"old": row(1)})
        bad: list[tuple[Inline, type[Exception]]] = [
            (_returning(Put(table=COUNTS, rows={"a": b"[]"})), InvalidPayload),
            (_returning(Put(table=COUNTS, rows={"": row(1)})), InvalidInput),
            (_returning(Put(table=COUNTS, rows={"a": row(1)}), Delete(table=COUNTS, keys=["\x00"])), InvalidInput),
            (_returning(Put(table=COUNTS, rows={"old": row(1)}, shard=5)), ShardMismatch),
            (_returning(Put(table=COUNTS, rows={"a": row(1)}, generation=2)), TableMissing),
            (_returning(Put(table=BOOKS, rows={"a": b"{}"})), TableMissing),
            (_returning("rows"), InvalidInput),
            (_giving(iter([Put(table=COUNTS, rows={"a": row(1)})])), InvalidInput),
            (_giving(None), InvalidInput),
            (Inline(((BOOKS, ("a",)),), adding().project), TableMissing),
            (Inline(((COUNTS, ("",)),), adding().project), InvalidInput),
        ]
        outcomes = await asyncio.gather(
            *(
                store.transact(counted(f"a-{n}", adding(), *([bad[n // 2][0]] if n % 2 else [])))
                for n in range(2 * len(bad))
            ),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [kind for _, error in bad for kind in (Appended, error)]
        assert await all_rows(store, COUNTS) == {"old": row(1), "total": row(len(bad))}
        assert {e.stream for e in await log_of(store)} == {f"a-{2 * n}" for n in range(len(bad))}

    async def test_rows_of_many_keys_are_kept_apart(self, store: FullStore) -> None:
        await active(store, COUNTS)
        keys = [f"k{n % 7}" for n in range(70)]
        await asyncio.gather(*(store.transact(counted(f"a-{n}", adding(key))) for n, key in enumerate(keys)))
        rows = await all_rows(store, COUNTS)
        assert {key: count_of(content) for key, content in rows.items()} == dict.fromkeys(sorted(set(keys)), 10)
