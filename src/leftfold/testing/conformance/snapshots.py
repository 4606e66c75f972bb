"""Laws of snapshots: kept byte for byte, replaced and dropped at will, and no part of the log."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from leftfold.errors import InvalidInput, InvalidPayload, InvalidQuery, InvalidStreamName, StoreClosed, TooLarge
from leftfold.store.events import Expected, ToStream
from leftfold.store.limits import MAX_EVENT_BYTES, MAX_NAME_BYTES
from leftfold.store.snapshots import Snapshot, SnapshotKey, digest_of
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, events, log_of, opened

__all__ = ["SnapshotLaws"]

_STATES = [
    b"{}",
    b"null",
    b"7",
    b'{"b":1,"a":2,"b":3}',
    b' { "spaces" : [ 1 ,2 ] }\n',
    b'{"n":1e2,"m":-0,"big":123456789012345678901234567890.000000000000000000001}',
    '{"text":"Größe 尺寸 🚀 \\u00e9 \\ud83d\\ude80 \\\\u0000"}'.encode(),
]

_UNSTORABLE: list[tuple[bytes, type[InvalidInput]]] = [
    (b"", InvalidPayload),
    (b'{"a":', InvalidPayload),
    (b"{} {}", InvalidPayload),
    (b'{"a":NaN}', InvalidPayload),
    (b'{"a":"\\u0000"}', InvalidPayload),
    (b'{"a":"\\ud800"}', InvalidPayload),
    (b'{"a":"\xed\xa0\x80"}', InvalidPayload),
    (b'"' + b"x" * MAX_EVENT_BYTES + b'"', TooLarge),
]


def _snapshot(
    version: int, state: bytes = b'{"n":1}', *, stream: str = "a-1", fingerprint: str = "one", digest: str = ""
) -> Snapshot:
    key = SnapshotKey(stream, fingerprint, version)
    return Snapshot(key, state, digest or digest_of(key, state))


async def _all(store: FullStore, limit: int = 500) -> list[Snapshot]:
    found: list[Snapshot] = []
    while page := await store.read_snapshots(after=found[-1].key if found else None, limit=limit):
        assert len(page) <= limit
        found += page
    return found


class SnapshotLaws(Laws):
    """What keeping snapshots promises."""

    async def test_the_newest_snapshot_at_or_below_a_version_is_found(self, store: FullStore) -> None:
        for version in (100, 300, 200):
            await store.save_snapshot(_snapshot(version, b'{"n":%d}' % version))
        for upto, found in ((None, 300), (2**70, 300), (300, 300), (299, 200), (200, 200), (101, 100), (100, 100)):
            loaded = await store.load_snapshot("a-1", "one", upto=upto)
            assert loaded == _snapshot(found, b'{"n":%d}' % found)
        for upto in (99, 1, 0):
            assert await store.load_snapshot("a-1", "one", upto=upto) is None

    async def test_a_snapshot_of_other_code_or_another_stream_is_not_found(self, store: FullStore) -> None:
        await store.save_snapshot(_snapshot(5, fingerprint="one"))
        await store.save_snapshot(_snapshot(9, fingerprint="two"))
        for fingerprint, version in (("one", 5), ("two", 9)):
            assert await store.load_snapshot("a-1", fingerprint) == _snapshot(version, fingerprint=fingerprint)
        for stream, fingerprint in (("a-1", "on"), ("a-1", "one "), ("a-1", "ONE"), ("a-2", "one"), ("A-1", "one")):
            assert await store.load_snapshot(stream, fingerprint) is None
        for name in ("a\x00b", "a\ud800b", "x" * 2_000, ""):
            assert await store.load_snapshot(name, "one") is None
            assert await store.load_snapshot("a-1", name) is None

    async def test_a_snapshot_with_the_same_key_is_replaced(self, store: FullStore) -> None:
        await store.save_snapshot(_snapshot(5, b'{"n":1}'))
        await store.save_snapshot(_snapshot(5, b'{"n":2}'))
        assert await store.load_snapshot("a-1", "one") == _snapshot(5, b'{"n":2}')
        assert await _all(store) == [_snapshot(5, b'{"n":2}')]

    @pytest.mark.parametrize("state", _STATES, ids=range(len(_STATES)))
    async def test_a_state_comes_back_byte_for_byte(self, store: FullStore, state: bytes) -> None:
        await store.save_snapshot(_snapshot(1, state))
        loaded = await store.load_snapshot("a-1", "one")
        assert loaded == _snapshot(1, state)
        assert loaded is not None
        assert type(loaded.state) is bytes
        assert await _all(store) == [loaded]

    @pytest.mark.parametrize("stream", ["订单-七", "طلب-سبعة", "a b'c\"d;--%_\\", "🚀", "x" * MAX_NAME_BYTES])
    async def test_a_snapshot_of_a_stream_in_any_script_works(self, store: FullStore, stream: str) -> None:
        await store.save_snapshot(_snapshot(1, stream=stream, fingerprint=stream))
        assert await store.load_snapshot(stream, stream) == _snapshot(1, stream=stream, fingerprint=stream)

    async def test_a_digest_that_does_not_fit_is_kept_as_it_is(self, store: FullStore) -> None:
        damaged = _snapshot(1, digest="0" * 32)
        await store.save_snapshot(damaged)
        assert await store.load_snapshot("a-1", "one") == damaged

    @pytest.mark.parametrize(("state", "error"), _UNSTORABLE, ids=range(len(_UNSTORABLE)))
    async def test_a_state_that_cannot_be_stored_is_refused_and_the_old_one_stays(
        self, store: FullStore, state: bytes, error: type[InvalidInput]
    ) -> None:
        await store.save_snapshot(_snapshot(1))
        with pytest.raises(error):
            await store.save_snapshot(_snapshot(1, state))
        assert await _all(store) == [_snapshot(1)]

    async def test_a_key_that_cannot_be_stored_is_refused(self, store: FullStore) -> None:
        for name in ("", "a\x00b", "a\ud800b", "x" * (MAX_NAME_BYTES + 1)):
            with pytest.raises(InvalidStreamName):
                await store.save_snapshot(_snapshot(1, stream=name, digest="0"))
            with pytest.raises(InvalidPayload):
                await store.save_snapshot(_snapshot(1, fingerprint=name, digest="0"))
        for version in (-1, 0, 2**31, 2**70):
            with pytest.raises(InvalidPayload):
                await store.save_snapshot(_snapshot(version))
        with pytest.raises(InvalidPayload):
            await store.save_snapshot(replace(_snapshot(1), digest="\x00"))
        assert await _all(store) == []

    @pytest.mark.parametrize("limit", [1, 2, 5, 17, 18, 500])
    async def test_snapshots_are_read_in_pages_ordered_by_their_keys(self, store: FullStore, limit: int) -> None:
        streams, fingerprints = ("a-1", "a", "\ufffd", "🚀-1", "A-1", "a-1-1"), ("b", "a")
        kept = [
            _snapshot(version, stream=s, fingerprint=f) for s in streams for f in fingerprints for version in (2, 1)
        ]
        kept = [snapshot for snapshot in kept if snapshot.key.stream != "a" or snapshot.key.version == 2]
        kept += [_snapshot(10, stream="a-1", fingerprint="a")]
        for snapshot in kept:
            await store.save_snapshot(snapshot)
        kept.sort(key=lambda snapshot: snapshot.key)
        assert await _all(store, limit) == kept
        for after in (
            SnapshotKey("", "", 0),
            SnapshotKey("a-1", "a", 5),
            SnapshotKey("a-1", "a\x00", 0),
            SnapshotKey("a-1", "a", 2**70),
            SnapshotKey("a-1", "a", -1),
            SnapshotKey("a-1", "aa", 0),
            SnapshotKey("a-1\x00", "", 0),
            SnapshotKey("a\ud800", "b", 1),
            SnapshotKey("\udfff", "b", 9),
            SnapshotKey("a", "\ud800", 0),
        ):
            page = await store.read_snapshots(after=after, limit=limit)
            assert list(page) == [snapshot for snapshot in kept if snapshot.key > after][:limit], after

    async def test_dropping_forgets_those_that_are_there_and_says_how_many(self, store: FullStore) -> None:
        kept = [_snapshot(version) for version in range(1, 8)]
        for snapshot in kept:
            await store.save_snapshot(snapshot)
        keys = [snapshot.key for snapshot in kept]
        assert await store.drop_snapshots([]) == 0
        absent = [SnapshotKey("a-1", "two", 1), SnapshotKey("a-1", "one", 99), SnapshotKey("a\ud800", "\x00", 2**70)]
        assert await store.drop_snapshots([*keys[:2], *absent, keys[0], keys[6]]) == 3
        assert await store.drop_snapshots([*keys[:2], *absent, keys[6]]) == 0
        assert await _all(store) == kept[2:6]
        assert await store.load_snapshot("a-1", "one") == kept[5]
        await store.save_snapshot(kept[0])
        assert await store.drop_snapshots(keys) == 5
        assert await store.load_snapshot("a-1", "one") is None

    async def test_many_snapshots_are_dropped_at_once(self, store: FullStore) -> None:
        kept = [_snapshot(version) for version in range(1, 1_203)]
        await asyncio.gather(*(store.save_snapshot(snapshot) for snapshot in kept))
        assert await store.drop_snapshots([snapshot.key for snapshot in kept[1:]]) == 1_201
        assert await _all(store) == kept[:1]

    async def test_snapshots_are_there_for_whoever_opens_the_store_again(
        self, store: FullStore, opener: Opener
    ) -> None:
        await store.save_snapshot(_snapshot(4))
        async with opened(opener) as other:
            assert await other.load_snapshot("a-1", "one") == _snapshot(4)
            await other.save_snapshot(_snapshot(5))
            assert await store.load_snapshot("a-1", "one") == _snapshot(5)
            assert await other.drop_snapshots([_snapshot(4).key, _snapshot(5).key]) == 2
        assert await _all(store) == []

    async def test_snapshots_are_no_part_of_the_log(self, store: FullStore, opener: Opener) -> None:
        async with opened(opener) as other:
            await store.append(ToStream("a-1", 0, events(3)))
            log = await log_of(store)
            waiting = asyncio.ensure_future(store.wake(3, 0.1))
            await store.save_snapshot(_snapshot(2))
            await store.save_snapshot(_snapshot(99, stream="never-1"))
            assert await waiting == await store.head() == 3
            assert await log_of(store) == log
            assert [head.stream for head in await store.streams()] == ["a-1"]
            writers = (store.append(ToStream("a-1", Expected.ANY, events(1))) for _ in range(10))
            savers = ((store, other)[n % 2].save_snapshot(_snapshot(3 + n)) for n in range(10))
            await asyncio.gather(*(work for pair in zip(writers, savers, strict=True) for work in pair))
        assert [kept.position for kept in await log_of(store)] == list(range(1, 14))
        assert len(await _all(store)) == 12

    async def test_writers_of_one_snapshot_leave_one_of_theirs_whole(self, store: FullStore, opener: Opener) -> None:
        async with opened(opener) as other:
            states = [b'"%s"' % (b"%d" % n * 9_000) for n in range(10)]
            saving = asyncio.gather(
                *((store, other)[n % 2].save_snapshot(_snapshot(1, s)) for n, s in enumerate(states))
            )
            looks = 0
            while looks < 3 or not saving.done():
                looks += 1
                if found := await store.load_snapshot("a-1", "one"):
                    assert found.state in states
                    assert found.digest == digest_of(found.key, found.state)
                await asyncio.sleep(0)
            await saving
        assert [found.state in states for found in await _all(store)] == [True]

    async def test_a_question_about_snapshots_that_makes_no_sense_is_refused(self, store: FullStore) -> None:
        for bad in (store.load_snapshot("a-1", "one", upto=-1), store.read_snapshots(limit=0)):
            with pytest.raises(InvalidQuery):
                await bad

    async def test_a_closed_store_keeps_and_finds_no_snapshot(self, store: FullStore) -> None:
        await store.save_snapshot(_snapshot(1))
        await store.close()
        for attempt in (
            store.save_snapshot(_snapshot(2)),
            store.load_snapshot("a-1", "one"),
            store.read_snapshots(),
            store.drop_snapshots([_snapshot(1).key]),
            store.streams(),
            store.version_at("a-1", 1),
        ):
            with pytest.raises(StoreClosed):
                await attempt
