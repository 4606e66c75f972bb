"""Laws of rows: kept byte for byte under any key, put, inserted and deleted, read by key and in pages."""

from __future__ import annotations

import asyncio

import pytest

from leftfold.errors import InvalidInput, InvalidPayload, InvalidQuery, KeyTaken, ShardMismatch, StoreClosed, TooLarge
from leftfold.store.events import ToStream
from leftfold.store.limits import MAX_EVENT_BYTES, MAX_NAME_BYTES
from leftfold.store.tables import Selection
from leftfold.store.transaction import Delete, Insert, Put, Transaction
from leftfold.testing.conformance.ledger import BOOKS, COUNTS, active, all_rows, put, row, write
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, events, log_of, opened

__all__ = ["RowLaws"]

_ROWS = [
    b"{}",
    b'{"b":1,"a":2,"b":3}',
    b' { "spaces" : [ 1 ,2 ] }\n',
    b'{"n":1e2,"m":-0,"big":123456789012345678901234567890.000000000000000000001,"huge":1e400}',
    '{"text":"Größe 尺寸 🚀 \\u00e9 \\ud83d\\ude80 \\\\u0000","":null}'.encode(),
    b'{"long":"%s"}' % (b"x" * 300_000),
]

_UNSTORABLE: list[tuple[bytes, type[InvalidInput]]] = [
    (b"", InvalidPayload),
    (b"null", InvalidPayload),
    (b"[]", InvalidPayload),
    (b'"{}"', InvalidPayload),
    (b"{} {}", InvalidPayload),
    (b'{"a":NaN}', InvalidPayload),
    (b'{"a":"\\u0000"}', InvalidPayload),
    (b'{"a":"\\ud800"}', InvalidPayload),
    (b'{"a":"\xed\xa0\x80"}', InvalidPayload),
    (b'{"title":1}', InvalidPayload),
    (b'{"pages":"1"}', InvalidPayload),
    (b'{"pages":9223372036854775808}', InvalidPayload),
    (b'{"a":"' + b"x" * MAX_EVENT_BYTES + b'"}', TooLarge),
]

_UNSTORABLE_KEYS = ["", "a\x00b", "a\ud800b", "x" * (MAX_NAME_BYTES + 1)]


class RowLaws(Laws):
    """What keeping rows promises."""

    async def test_rows_are_put_replaced_and_deleted_by_key(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await put(store, COUNTS, {"a": row(1), "b": row(2), "c": row(3)})
        await put(store, COUNTS, {"b": row(20), "d": row(4)})
        await write(store, Delete(table=COUNTS, keys=["c", "absent", "c"]))
        assert await store.get(COUNTS, ["d", "c", "b", "absent", "b"]) == {"b": row(20), "d": row(4)}
        assert await all_rows(store, COUNTS) == {"a": row(1), "b": row(20), "d": row(4)}
        assert await store.get(COUNTS, []) == {}
        assert sorted(await store.select(COUNTS, Selection())) == [row(1), row(20), row(4)]

    @pytest.mark.parametrize("content", _ROWS, ids=range(len(_ROWS)))
    async def test_a_row_comes_back_byte_for_byte(self, store: FullStore, content: bytes) -> None:
        await active(store, BOOKS)
        await put(store, BOOKS, {"a": content})
        await write(store, Insert(table=BOOKS, key="b", row=content))
        found = await store.get(BOOKS, ["a", "b"])
        assert found == {"a": content, "b": content}
        assert type(found["a"]) is bytes
        assert list(await store.select(BOOKS, Selection())) == [content, content]
        assert list(await store.scan(BOOKS)) == [("a", content), ("b", content)]

    @pytest.mark.parametrize(
        "key", ["订单-七", "طلب-سبعة", "a b'c\"d;--%_\\", "🚀", "É-é", " ", "\n", "{}", "x" * MAX_NAME_BYTES]
    )
    async def test_a_key_in_any_script_works(self, store: FullStore, key: str) -> None:
        await active(store, COUNTS)
        await put(store, COUNTS, {key: row(1)})
        assert await store.get(COUNTS, [key]) == await all_rows(store, COUNTS) == {key: row(1)}
        with pytest.raises(KeyTaken) as refusal:
            await write(store, Insert(table=COUNTS, key=key, row=row(2)))
        assert refusal.value.key == key
        await write(store, Delete(table=COUNTS, keys=[key]))
        assert await all_rows(store, COUNTS) == {}

    async def test_keys_that_only_look_alike_are_different(self, store: FullStore) -> None:
        await active(store, COUNTS)
        alike = ["caf\u00e9", "cafe\u0301", "CAF\u00c9", "cafe", "cafe ", "1", "1.0", "01", "null"]
        await put(store, COUNTS, {key: row(n) for n, key in enumerate(alike)})
        assert await store.get(COUNTS, alike) == {key: row(n) for n, key in enumerate(alike)}

    async def test_a_key_that_cannot_be_stored_is_refused(self, store: FullStore) -> None:
        await active(store, COUNTS)
        for key in _UNSTORABLE_KEYS:
            for attempt in (
                put(store, COUNTS, {"good": row(1), key: row(1)}),
                write(store, Insert(table=COUNTS, key=key, row=row(1))),
                write(store, Delete(table=COUNTS, keys=[key])),
                store.get(COUNTS, [key]),
            ):
                with pytest.raises(InvalidInput):
                    await attempt
        assert await all_rows(store, COUNTS) == {}

    @pytest.mark.parametrize(("content", "error"), _UNSTORABLE, ids=range(len(_UNSTORABLE)))
    async def test_a_row_that_cannot_be_stored_is_refused_and_nothing_is_stored(
        self, store: FullStore, content: bytes, error: type[InvalidInput]
    ) -> None:
        await active(store, BOOKS)
        await put(store, BOOKS, {"old": b"{}"})
        for bad in (Put(table=BOOKS, rows={"new": b"{}", "bad": content}), Insert(table=BOOKS, key="bad", row=content)):
            transaction = Transaction(
                parts=[ToStream("a-1", 0, events(1))], writes=[Delete(table=BOOKS, keys=["old"]), bad]
            )
            with pytest.raises(error):
                await store.transact(transaction)
        assert await all_rows(store, BOOKS) == {"old": b"{}"}
        assert await store.head() == 0

    @pytest.mark.parametrize("limit", [1, 2, 5, 6, 7, 500])
    async def test_rows_are_scanned_in_pages_by_the_code_points_of_their_keys(
        self, store: FullStore, limit: int
    ) -> None:
        await active(store, COUNTS)
        keys = ["a-1", "a", "\ufffd", "🚀-1", "A-1", "\ue000"]
        await put(store, COUNTS, {key: row(n) for n, key in enumerate(keys)})
        assert list(await all_rows(store, COUNTS, limit=limit)) == sorted(keys)
        for after in ("", "a", "a\x00", "a-", "a\ud800b", "\udfff", "\x00", "zz", "🚀-1", "x" * 2_000):
            page = await store.scan(COUNTS, after=after, limit=limit)
            assert [key for key, _ in page] == sorted(key for key in keys if key > after)[:limit], after
        with pytest.raises(InvalidQuery):
            await store.scan(COUNTS, limit=0)

    async def test_many_rows_are_written_read_and_deleted_at_once(self, store: FullStore) -> None:
        await active(store, BOOKS)
        many = {f"k{n:05}": b'{"id":"k%05d","pages":%d}' % (n, n) for n in range(2_345)}
        await put(store, BOOKS, many)
        assert await store.get(BOOKS, list(many)) == many
        assert await all_rows(store, BOOKS) == many
        assert list(await store.select(BOOKS, Selection(limit=10_000))) == list(many.values())
        await write(store, Delete(table=BOOKS, keys=list(many)[1:]))
        assert await all_rows(store, BOOKS) == {"k00000": many["k00000"]}

    async def test_an_insert_of_a_key_that_is_taken_is_refused(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await write(store, Insert(table=COUNTS, key="a", row=row(1)))
        with pytest.raises(KeyTaken) as refusal:
            await write(store, Insert(table=COUNTS, key="a", row=row(2)))
        assert (refusal.value.table, refusal.value.key) == ("counts", "a")
        assert await all_rows(store, COUNTS) == {"a": row(1)}
        await write(store, Delete(table=COUNTS, keys=["a"]))
        await write(store, Insert(table=COUNTS, key="a", row=row(3)))
        assert await all_rows(store, COUNTS) == {"a": row(3)}

    async def test_a_row_of_another_shard_is_refused(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await write(store, Put(table=COUNTS, rows={"a": row(1)}, shard=1))
        await write(store, Put(table=COUNTS, rows={"a": row(2)}, shard=1))
        for shard in (0, 2):
            with pytest.raises(ShardMismatch) as refusal:
                await write(store, Put(table=COUNTS, rows={"b": row(1), "a": row(9)}, shard=shard))
            assert (refusal.value.table, refusal.value.shard) == ("counts", shard)
        assert await all_rows(store, COUNTS) == {"a": row(2)}
        await write(store, Delete(table=COUNTS, keys=["a"]))
        await write(store, Put(table=COUNTS, rows={"a": row(3)}, shard=2))
        assert await all_rows(store, COUNTS) == {"a": row(3)}

    async def test_rows_are_there_for_whoever_opens_the_store_again(self, store: FullStore, opener: Opener) -> None:
        await active(store, COUNTS)
        await put(store, COUNTS, {"a": row(1)})
        async with opened(opener) as other:
            assert await other.get(COUNTS, ["a"]) == {"a": row(1)}
            await put(other, COUNTS, {"a": row(2), "b": row(3)})
            assert await all_rows(store, COUNTS) == {"a": row(2), "b": row(3)}
            await write(store, Delete(table=COUNTS, keys=["a"]))
            assert await all_rows(other, COUNTS) == {"b": row(3)}

    async def test_rows_are_no_part_of_the_log(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await store.append(ToStream("a-1", 0, events(2)))
        log = await log_of(store)
        waiting = asyncio.ensure_future(store.wake(2, 0.1))
        await put(store, COUNTS, {"a": row(1)})
        assert await waiting == await store.head() == 2
        assert await log_of(store) == log
        assert (await store.append(ToStream("a-1", 2, events(1)))).position == 3

    async def test_a_closed_store_keeps_and_finds_no_row(self, store: FullStore) -> None:
        await active(store, COUNTS)
        await store.close()
        for attempt in (
            store.prepare(COUNTS),
            store.discard(COUNTS, 2),
            store.generation(COUNTS),
            store.get(COUNTS, ["a"]),
            store.select(COUNTS, Selection()),
            store.scan(COUNTS),
            store.transact(Transaction(writes=[Delete(table=COUNTS, keys=["a"])])),
        ):
            with pytest.raises(StoreClosed):
                await attempt
