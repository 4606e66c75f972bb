"""Laws of content: what is stored comes back byte for byte; what cannot be stored is refused whole."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from leftfold.errors import InvalidAppend, InvalidInput, InvalidPayload, InvalidStreamName, InvalidTag, TooLarge
from leftfold.store.events import Appended, NewEvent, QueryItem, StoredEvent, ToStream
from leftfold.store.limits import MAX_APPEND_EVENTS, MAX_EVENT_BYTES, MAX_NAME_BYTES
from leftfold.store.names import StreamName
from leftfold.testing.conformance.stores import FullStore, Laws, Opener, event, events, log_of, scan, shown_alike

__all__ = ["ContentLaws"]

_PAYLOADS = [
    b"{}",
    b"null",
    b"[]",
    b'"text"',
    b'{"b":1,"a":2,"b":3}',
    b'{ "spaces" : [ 1 ,2 ] }',
    b'{"n":1e2,"m":-0,"big":123456789012345678901234567890.000000000000000000001}',
    '{"text":"Größe 尺寸 🚀 \\u00e9 \\ud83d\\ude80 \\\\u0000"}'.encode(),
]

_BEFORE_YEAR_1 = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
_AFTER_YEAR_9999 = datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))

_UNSTORABLE: list[tuple[NewEvent, type[InvalidInput]]] = [
    (event(data=b'{"a":'), InvalidPayload),
    (event(data=b"{} {}"), InvalidPayload),
    (event(data=b""), InvalidPayload),
    (event(data=b'{"a":NaN}'), InvalidPayload),
    (event(data=b'{"a":"\\u0000"}'), InvalidPayload),
    (event(data=b'{"\\u0000":1}'), InvalidPayload),
    (event(data=b'{"a":"\x00"}'), InvalidPayload),
    (event(data=b'{"a":"\\ud800"}'), InvalidPayload),
    (event(data=b'{"a":"\\uDC00x"}'), InvalidPayload),
    (event(data=b'{"a":"\xed\xa0\x80"}'), InvalidPayload),
    (replace(event(), metadata=b"{"), InvalidPayload),
    (replace(event(), metadata=b" [1]"), InvalidPayload),
    (replace(event(), metadata=b"null"), InvalidPayload),
    (event(""), InvalidAppend),
    (event("T" * (MAX_NAME_BYTES + 1)), InvalidAppend),
    (event("T\x00"), InvalidAppend),
    (replace(event(), schema_version=0), InvalidAppend),
    (replace(event(), schema_version=40_000), InvalidAppend),
    (replace(event(), occurred_at=datetime(2026, 1, 1)), InvalidAppend),  # noqa: DTZ001 - the missing zone is the point
    (replace(event(), occurred_at=_BEFORE_YEAR_1), InvalidAppend),
    (replace(event(), occurred_at=_AFTER_YEAR_9999), InvalidAppend),
    (replace(event(), occurred_at=date(2026, 1, 1)), InvalidAppend),
    (replace(event(), id="7"), InvalidAppend),
    (replace(event(), id=None), InvalidAppend),
    (replace(event(), type=7), InvalidAppend),
    (replace(event(), schema_version="1"), InvalidAppend),
    (replace(event(), schema_version=True), InvalidAppend),
    (replace(event(), data="{}"), InvalidAppend),
    (replace(event(), metadata=None), InvalidAppend),
    (replace(event(), tags="red"), InvalidAppend),
    (replace(event(), tags=None), InvalidAppend),
    (replace(event(), tags=(1,)), InvalidAppend),
    (event(tags=[""]), InvalidTag),
    (event(tags=["ok", "\x00"]), InvalidTag),
    (event(tags=["\ud800"]), InvalidTag),
    (event(data=b'"' + b"x" * MAX_EVENT_BYTES + b'"'), TooLarge),
]


def _mixed(each: int) -> dict[str, list[NewEvent]]:
    """By stream: *each* events that are alike, such that change one after another, single ones."""
    tags = ((), ("red",), ("red",), ("blue", "red"))
    alike = [event(data=b'{"n":%d}' % n, tags=("red",)) for n in range(each)]
    changing = [
        replace(
            event(f"Type{n % 2}", data=b'{"n":%d}' % n, tags=tags[n % 7 // 2]),
            schema_version=1 + n % 3,
            metadata=b'{"n":%d}' % (n // 5),
            occurred_at=None if n % 11 < 7 else datetime(2026, 1, 1 + n % 2, tzinfo=UTC),
        )
        for n in range(2 * each)
    ]
    dated = [replace(event(), occurred_at=datetime(2026, 1, 1, tzinfo=UTC)) for _ in range(each)]
    return {"a-1": alike, "b-1": changing, "c-1": [event()], "d-1": dated, "e-1": [event(tags=("blue",))]}


def _told(one: NewEvent | StoredEvent) -> tuple[object, ...]:
    valid = None if isinstance(one, StoredEvent) and one.occurred_at == one.recorded_at else one.occurred_at
    return (one.id, one.type, one.schema_version, one.data, one.metadata, tuple(sorted(one.tags)), valid)


class _Text(str):
    __slots__ = ()


class ContentLaws(Laws):
    """What a store keeps, and what it refuses."""

    @pytest.mark.parametrize("data", _PAYLOADS, ids=range(len(_PAYLOADS)))
    async def test_payload_and_metadata_come_back_byte_for_byte(self, store: FullStore, data: bytes) -> None:
        metadata = b'{"actor":"A","tenant":"T","note":"\xc3\xbc"}'
        await store.append(ToStream("a-1", 0, [replace(event(data=data), metadata=metadata)]))
        [stored] = await store.read_stream("a-1")
        assert (stored.data, stored.metadata) == (data, metadata)
        [fact] = await store.read_facts("a-1")
        assert fact[3] in (data, data.decode())

    @pytest.mark.parametrize(
        "stream", ["订单-七", "заказ-7", "طلب-سبعة", "a b'c\"d;--%_\\", "🚀", "É-é", "x" * MAX_NAME_BYTES]
    )
    async def test_a_stream_name_in_any_script_works(self, store: FullStore, stream: str) -> None:
        await store.append(ToStream(stream, 0, [event(tags=[stream])]))
        [stored] = await store.read_stream(stream)
        assert (stored.stream, stored.tags) == (stream, (stream,))
        assert [e.stream for e in (await store.read_log()).events] == [stream]

    @pytest.mark.parametrize("each", [1, 3, 5, 64, 200])
    async def test_events_of_one_append_keep_what_they_have_in_common_and_what_they_have_not(
        self, store: FullStore, each: int
    ) -> None:
        given = _mixed(each)
        parts = [ToStream(stream, 0, given[stream]) for stream in given]
        await asyncio.gather(store.append(*parts[:2]), *(store.append(part) for part in parts[2:]))
        log = await log_of(store)
        assert [one.position for one in log] == list(range(1, 4 * each + 3))
        for stream, appended in given.items():
            stored = await store.read_stream(stream)
            assert [_told(one) for one in stored] == [_told(one) for one in appended]
            assert [one.version for one in stored] == list(range(1, len(appended) + 1))
        for tag in ("red", "blue"):
            found = await scan(store, match=(QueryItem(tags=frozenset({tag})),))
            assert [one.id for page in found for one in page.events] == [one.id for one in log if tag in one.tags]

    async def test_names_come_back_as_plain_text_whatever_they_were_given_as(
        self, store: FullStore, opener: Opener
    ) -> None:
        await store.append(ToStream("a-1", 0, [event(tags=["red"])]))
        own = event(_Text("Told"), tags=[_Text("red"), _Text("blue")])
        other = await opener()  # which has yet to find out about them
        await other.append(ToStream(StreamName("a", "1"), 1, [own]))
        await other.append(ToStream(StreamName("b", "1"), 0, [event()]))
        kinds = {type(text) for one in await log_of(other) for text in (one.stream, one.type, *one.tags)}
        await other.close()
        assert kinds == {str}

    async def test_stream_names_that_only_look_alike_are_different(self, store: FullStore) -> None:
        composed, decomposed = "caf\u00e9-1", "cafe\u0301-1"
        await store.append(ToStream(composed, 0, events(1)))
        await store.append(ToStream(decomposed, 0, events(2)))
        await store.append(ToStream(composed.upper(), 0, events(3)))
        assert len(await store.read_stream(composed)) == 1
        assert len(await store.read_stream(decomposed)) == 2

    async def test_a_payload_of_10_megabytes_works(self, store: FullStore) -> None:
        data = b'{"scan":"' + b"0123456789abcdef" * 655_360 + b'"}'
        await store.append(ToStream("a-1", 0, [event(data=data)]))
        [stored] = await store.read_stream("a-1")
        assert stored.data == data

    async def test_valid_time_is_kept_to_the_microsecond_and_defaults_to_recorded_time(self, store: FullStore) -> None:
        moment = datetime(1993, 1, 1, 3, 4, 5, 678_901, tzinfo=timezone(timedelta(hours=2)))
        await store.append(ToStream("a-1", 0, [replace(event(), occurred_at=moment), event()]))
        first, second = await store.read_stream("a-1")
        assert first.occurred_at == moment
        assert first.occurred_at.utcoffset() == timedelta(0)
        assert second.occurred_at == second.recorded_at
        assert second.recorded_at > datetime(2026, 1, 1, tzinfo=UTC)

    async def test_moments_that_a_clock_shows_alike_when_it_is_set_back_are_kept_apart(self, store: FullStore) -> None:
        await store.append(ToStream("a-1", 0, shown_alike()))
        came = [stored.occurred_at for stored in await store.read_stream("a-1")]
        assert came == [datetime(1993, 9, 26, hour, 30, tzinfo=UTC) for hour in (0, 1)]

    @pytest.mark.parametrize(("bad", "error"), _UNSTORABLE, ids=range(len(_UNSTORABLE)))
    async def test_an_event_that_cannot_be_stored_is_refused_with_its_whole_append(
        self, store: FullStore, bad: NewEvent, error: type[InvalidInput]
    ) -> None:
        with pytest.raises(error):
            await store.append(ToStream("a-1", 0, [event(), bad]))
        assert await store.head() == 0

    @pytest.mark.parametrize("bad", [bad for bad, _ in _UNSTORABLE], ids=range(len(_UNSTORABLE)))
    async def test_an_append_that_is_refused_takes_none_with_it_that_came_beside_it(
        self, store: FullStore, bad: NewEvent
    ) -> None:
        beside = [ToStream(f"a-{n}", 0, [event()]) for n in range(3)]
        appends = [store.append(part) for part in (*beside[:2], ToStream("b-1", 0, [bad]), beside[2])]
        first, second, refusal, third = await asyncio.gather(*appends, return_exceptions=True)
        assert isinstance(refusal, InvalidInput)
        assert [type(one) for one in (first, second, third)] == [Appended] * 3
        assert len(await log_of(store)) == 3

    async def test_the_first_and_the_last_moment_there_is_come_back(self, store: FullStore) -> None:
        ends = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
        await store.append(ToStream("a-1", 0, [replace(event(), occurred_at=at) for at in ends]))
        came = [stored.occurred_at for stored in await store.read_stream("a-1")]
        assert (came, [at.utcoffset() for at in came]) == (ends, [timedelta(0)] * 2)

    @pytest.mark.parametrize("stream", ["", "a\x00b", "a\ud800b", "x" * (MAX_NAME_BYTES + 1), "é" * 257])
    async def test_a_stream_name_that_cannot_be_stored_is_refused(self, store: FullStore, stream: str) -> None:
        with pytest.raises(InvalidStreamName):
            await store.append(ToStream("a-1", 0, events(1)), ToStream(stream, 0, events(1)))
        assert await store.head() == 0

    async def test_an_append_that_says_nothing_or_says_it_twice_is_refused(self, store: FullStore) -> None:
        one = event()
        wrong: list[Any] = [None, "0", 0.0, False, one, iter([one]), ["0"]]
        for parts in (
            [],
            [ToStream("a-1", 0, [])],
            [ToStream("a-1", 0, [one, one])],
            [ToStream("a-1", 0, [one]), ToStream("b-1", 0, [one])],
            [ToStream("a-1", 0, events(1)), ToStream("a-1", 1, events(1))],
            [ToStream("a-1", -1, events(1))],
            *([ToStream("a-1", expected, events(1))] for expected in wrong),
            *([ToStream("a-1", 0, given)] for given in wrong),
            *([given] for given in wrong),
        ):
            with pytest.raises(InvalidAppend):
                await store.append(*parts)
        assert await store.head() == 0

    async def test_an_append_above_the_named_limit_is_refused_and_at_it_accepted(self, store: FullStore) -> None:
        with pytest.raises(TooLarge, match="MAX_APPEND_EVENTS"):
            await store.append(ToStream("a-1", 0, events(MAX_APPEND_EVENTS + 1)))
        assert await store.head() == 0
        assert (await store.append(ToStream("a-1", 0, events(MAX_APPEND_EVENTS)))).position == MAX_APPEND_EVENTS
