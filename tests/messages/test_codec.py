from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest

from leftfold.errors import DamagedPayload, DefinitionError, InvalidPayload, UnknownEventType, UnknownSchemaVersion
from leftfold.messages import Codec, Event, Metadata, Registry, event, event_name


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Rank(IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: int
    y: float


@dataclass(frozen=True)
class Line:
    product: str
    price: Decimal
    colors: frozenset[Color] = frozenset()


class Box(msgspec.Struct, frozen=True):
    lines: tuple[Line, ...]
    note: str | None = None


class Everything(Event, version=2):
    text: str = ""
    whole: int = 0
    number: float = 0.0
    exact: Decimal = Decimal(0)
    flag: bool = False
    raw: bytes = b""
    at: datetime | None = None
    day: date | None = None
    clock: time | None = None
    took: timedelta = timedelta(0)
    id: UUID = UUID(int=0)
    color: Color = Color.RED
    rank: Rank = Rank.LOW
    point: Point = Point(0, 0.0)
    box: Box | None = None
    tags: frozenset[str] = frozenset()
    ids: set[UUID] = msgspec.field(default_factory=set[UUID])
    many: list[float | None] = msgspec.field(default_factory=list[float | None])
    by_name: dict[str, Decimal] = msgspec.field(default_factory=dict[str, Decimal])
    by_color: dict[Color, int] = msgspec.field(default_factory=dict[Color, int])


@event(name="line.added")
@dataclass(frozen=True)
class LineAdded:
    line: Line
    weight: float | None = None
    seen: float | None = field(default=None, compare=False)


class Strict(Event):
    amount: int

    def __post_init__(self) -> None:
        if self.amount > 100:
            raise ZeroDivisionError("a rule tightened later")
        if self.amount < 0:
            raise ValueError("negative")


class Priced(Event):
    price: Decimal


CODEC = Codec(Registry("test", Everything, LineAdded, Strict, Priced))


def back(value: object, codec: Codec = CODEC) -> object:
    encoded = codec.encode(value)
    return codec.decode(encoded.data, stream="s-1", version=1, type=encoded.type, schema_version=encoded.schema_version)


def test_an_event_is_written_with_its_name_and_version_as_json_text() -> None:
    encoded = CODEC.encode(LineAdded(Line("tea", Decimal("1.10"))))
    assert (encoded.type, encoded.schema_version) == ("line.added", 1)
    assert json.loads(encoded.data)["line"] == {"product": "tea", "price": "1.10", "colors": []}


@pytest.mark.parametrize("text", ["1.10", "1E+5", "0E-7", "-0.00", "123456789012345678901234567890.123456789012345"])
def test_a_decimal_comes_back_with_its_exponent_and_sign(text: str) -> None:
    read = back(Everything(exact=Decimal(text)))
    assert isinstance(read, Everything)
    assert read.exact.as_tuple() == Decimal(text).as_tuple()


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=-5))),
        datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=0),
        datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
    ],
)
def test_a_time_comes_back_as_the_same_moment_with_the_same_offset(at: datetime) -> None:
    read = back(Everything(at=at))
    assert isinstance(read, Everything)
    assert read.at is not None
    assert (read.at.replace(tzinfo=None), read.at.utcoffset()) == (at.replace(tzinfo=None), at.utcoffset())


def test_everything_that_has_a_codec_comes_back_as_it_was() -> None:
    value = Everything(
        text='quote " back\\slash \\u0000 line\n emoji 😀',
        whole=2**70,
        number=-0.0,
        exact=Decimal("12.340"),
        flag=True,
        raw=b"\x00\xff",
        day=date(1993, 1, 1),
        clock=time(23, 59, 59, 999999),
        took=timedelta(days=-3, microseconds=7),
        id=UUID(int=2**127),
        color=Color.BLUE,
        rank=Rank.HIGH,
        point=Point(3, 1.5),
        box=Box((Line("tea", Decimal("1.10"), frozenset(Color)),), None),
        tags=frozenset({"b", "a"}),
        ids={UUID(int=1), UUID(int=2)},
        many=[1.5, None, 1e-320],
        by_name={"x": Decimal("-0.5")},
        by_color={Color.RED: 1, Color.BLUE: 2},
    )
    read = back(value)
    assert read == value
    assert repr(read).replace(repr(value.tags), "") == repr(read).replace(repr(value.tags), "")
    assert isinstance(read, Everything)
    assert math.copysign(1, read.number) == -1
    for name in Everything.__struct_fields__:
        assert type(getattr(read, name)) is type(getattr(value, name))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (Everything(number=math.nan), "number"),
        (Everything(number=math.inf), "number"),
        (Everything(many=[1.0, None, -math.inf]), "many[2]"),
        (Everything(point=Point(1, math.nan)), "point[1]"),
        (LineAdded(Line("x", Decimal(1)), weight=math.nan), "weight"),
        (LineAdded(Line("x", Decimal(1)), seen=math.nan), "seen"),
        (Everything(exact=Decimal("NaN")), "exact"),
        (Everything(exact=Decimal("sNaN")), "exact"),
        (Priced(price=Decimal("NaN")), "price"),
        (Priced(price=Decimal("-Infinity")), "price"),
        (Everything(exact=Decimal("-Infinity")), "exact"),
        (Everything(by_name={"x": Decimal("Infinity")}), "by_name['x']"),
        (Everything(box=Box((Line("x", Decimal("NaN")),))), "box.lines[0].price"),
        (Everything(text="a\x00b"), "text"),
        (Everything(text="\ud800"), "text"),
        (Everything(by_name={"a\x00": Decimal(1)}), "by_name[key 'a\\x00']"),
        (Everything(by_name={"\udfff": Decimal(1)}), "by_name[key '\\udfff']"),
        (Everything(tags=frozenset({"\x00"})), "tags['\\x00']"),
        (Everything(box=Box((), note="\x00")), "box.note"),
        (Everything(at=datetime(2026, 1, 1)), "at"),  # noqa: DTZ001
        (Everything(at=datetime(1890, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))), "at"),
        (Everything(clock=time(2, 30, tzinfo=ZoneInfo("Europe/Berlin"))), "clock"),
    ],
)
def test_a_value_that_json_text_cannot_hold_is_refused_with_its_path(value: object, path: str) -> None:
    with pytest.raises(InvalidPayload) as caught:
        CODEC.encode(value)
    assert caught.value.what.endswith(f"field {path!r}")
    assert event_name(type(value)) in caught.value.what


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": None},
        {"text": 5},
        {"whole": 1.5},
        {"exact": 0.1},
        {"exact": "many"},
        {"color": "green"},
        {"box": object()},
        {"by_name": {(1, 2): Decimal(1)}},
        {"whole": 10**5000},
    ],
)
def test_a_value_of_another_type_than_declared_is_refused_since_it_would_not_read_back(
    wrong: dict[str, object],
) -> None:
    with pytest.raises(InvalidPayload, match="Everything"):
        CODEC.encode(Everything(**wrong))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"exact": "5"}, r"field 'exact': '5' would read back as Decimal\('5'\); give a value of the declared type"),
        ({"exact": "NaN"}, r"field 'exact': Decimal\('NaN'\) is no number"),
        ({"at": "2026-01-01T00:00:00"}, "field 'at': the time has no zone"),
        ({"at": "2026-01-01T00:00:00Z"}, "field 'at': .* would read back as datetime"),
        ({"id": str(UUID(int=1))}, "field 'id': .* would read back as UUID"),
        ({"text": UUID(int=1)}, "field 'text': UUID.* would read back as '0000"),
        ({"color": "blue"}, "field 'color': 'blue' would read back as <Color.BLUE"),
        ({"by_name": {"x": "5"}}, r"field \"by_name\['x'\]\": '5' would read back as"),
        ({"box": {"lines": []}}, "field 'box': .* would read back as Box"),
    ],
)
def test_what_reads_back_as_another_type_than_was_applied_is_refused(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidPayload, match=reason):
        CODEC.encode(Everything(**wrong))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_collection_may_read_back_as_one_of_another_kind() -> None:
    given = Everything(many=(1.5, None), point=[3, 1.5], tags=["a"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert back(given) == Everything(many=[1.5, None], point=Point(3, 1.5), tags=frozenset({"a"}))


def test_a_float_given_for_a_decimal_is_refused_and_an_int_is_exact() -> None:
    with pytest.raises(InvalidPayload, match=r"'price': 0\.1 would read back as Decimal\('0\.1'\); .*from a string"):
        CODEC.encode(Priced(price=0.1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert back(Priced(price=200)) == Priced(price=Decimal(200))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_the_words_null_and_infinity_in_a_text_are_only_words() -> None:
    assert back(LineAdded(Line("null Infinity", Decimal(1)), weight=1.0)) == LineAdded(
        Line("null Infinity", Decimal(1)), weight=1.0
    )
    naive = Everything(text="2026-01-01T00:00:00", many=[None])
    assert back(naive) == naive


def test_a_set_is_stored_in_the_same_order_by_every_process() -> None:
    script = (
        "from tests.messages.test_codec import *\n"
        "e = Everything(tags=frozenset('abcdefgh'), box=Box((Line('x', Decimal(1), frozenset(Color)),)),"
        " ids={UUID(int=n) for n in range(9)})\n"
        "print(CODEC.encode(e).data.decode())"
    )
    command = [sys.executable, "-c", script]
    written = {
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(written) == 1
    assert b'"colors":["blue","red"]' in written.pop()


def test_an_event_of_an_unregistered_class_is_a_definition_error() -> None:
    class Stranger(Event):
        pass

    with pytest.raises(DefinitionError, match="Stranger"):
        CODEC.encode(Stranger())


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b'{"amount": "x"}', msgspec.ValidationError),
        (b'{"amount": ', msgspec.DecodeError),
        (b"", msgspec.DecodeError),
        (b"[]", msgspec.ValidationError),
        (b'{"amount": 101}', ZeroDivisionError),
        (b'{"amount": -1}', msgspec.ValidationError),
        (b"\xff", Exception),
        (b"[" * 100_000, Exception),
    ],
)
def test_a_payload_that_does_not_decode_names_stream_and_version_and_keeps_the_cause(
    data: bytes, cause: type[Exception]
) -> None:
    with pytest.raises(DamagedPayload) as caught:
        CODEC.decode(data, stream="strict-9", version=4, type="Strict", schema_version=1)
    assert (caught.value.stream, caught.value.version, caught.value.schema_version) == ("strict-9", 4, 1)
    assert isinstance(caught.value.__cause__, cause)


def test_a_rule_that_makes_history_unreadable_is_told_what_to_do() -> None:
    for data in (b'{"amount": 101}', b'{"amount": -1}'):
        with pytest.raises(DamagedPayload, match="new version"):
            CODEC.decode(data, stream="strict-9", version=4, type="Strict", schema_version=1)


def test_fields_that_were_changed_without_a_version_are_told_with_what_to_do() -> None:
    for data in (b"{}", b'{"amount": "5"}'):
        with pytest.raises(DamagedPayload, match=r"give .* a new version=, with an upcast .*, or the field a default"):
            CODEC.decode(data, stream="strict-9", version=4, type="Strict", schema_version=1)
    with pytest.raises(DamagedPayload, match="JSON is malformed") as torn:
        CODEC.decode(b'{"amount" 5}', stream="strict-9", version=4, type="Strict", schema_version=1)
    assert "version=" not in str(torn.value)


def test_unknown_types_and_versions_are_errors_with_stream_and_version() -> None:
    with pytest.raises(UnknownEventType) as unknown:
        CODEC.decode(b"{}", stream="s-1", version=2, type="Strictt", schema_version=1)
    with pytest.raises(UnknownSchemaVersion) as newer:
        CODEC.decode(b"{}", stream="s-1", version=3, type="Strict", schema_version=2)
    assert (unknown.value.stream, unknown.value.version) == ("s-1", 2)
    assert (newer.value.stream, newer.value.version) == ("s-1", 3)


def test_text_is_decoded_like_bytes() -> None:
    assert CODEC.decode('{"amount": 5}', stream="s", version=1, type="Strict", schema_version=1) == Strict(amount=5)


class Reversed:
    """Keeps the payload's text backwards, in a JSON string, and whose it is beside it."""

    def dump(self, data: bytes, *, type: str, schema_version: int, metadata: Metadata) -> bytes:
        return msgspec.json.encode([f"{type}{schema_version}", metadata.subject, data.decode()[::-1]])

    def load(self, data: bytes, *, type: str, schema_version: int) -> bytes:
        owner, _, text = msgspec.json.decode(data, type=tuple[str, str | None, str])
        assert owner == f"{type}{schema_version}"
        return text[::-1].encode()


def test_a_transform_stands_between_the_event_and_what_is_stored() -> None:
    codec = Codec(CODEC.registry, Reversed())
    encoded = codec.encode(Strict(amount=5), Metadata(subject="alice"))
    assert json.loads(encoded.data) == ["Strict1", "alice", '}5:"tnuoma"{']
    for data in (encoded.data, encoded.data.decode()):
        assert codec.decode(data, stream="s", version=1, type="Strict", schema_version=1) == Strict(amount=5)


def test_what_a_transform_cannot_load_is_damaged() -> None:
    codec = Codec(CODEC.registry, Reversed())
    with pytest.raises(DamagedPayload, match="stream 's-1' version 9"):
        codec.decode(b"{}", stream="s-1", version=9, type="Strict", schema_version=1)


def test_a_transform_must_leave_json_text() -> None:
    class Cipher(Reversed):
        def dump(self, data: bytes, *, type: str, schema_version: int, metadata: Metadata) -> bytes:
            return b"\x00" + data

    with pytest.raises(InvalidPayload, match="transform"):
        Codec(CODEC.registry, Cipher()).encode(Strict(amount=5))
