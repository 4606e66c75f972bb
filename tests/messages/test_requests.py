"""Commands and queries: immutable, named, with the type of what they answer, and read from JSON strictly."""
# pyright: reportUnusedClass=false

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Generic, TypeVar, Union, cast

import msgspec
import pytest

from leftfold.errors import DefinitionError, InvalidInput, InvalidPayload
from leftfold.messages import Command, Event, Query, RequestForm, ValueCodec, answer_type, request_name

T = TypeVar("T")
K = TypeVar("K")


class Withdraw(Command[Decimal], name="withdraw", version=2):
    account: str
    amount: Decimal
    tags: frozenset[str] = frozenset()
    at: datetime | None = None


class Close(Command):
    account: str


class Page(Query[dict[K, list[T]]], Generic[T, K]):
    size: int = 10


class Lines(Page[int, K], Generic[K]):
    pass


class NamedLines(Lines[str]):
    pass


class Later(Query["Row | None"]):
    pass


@dataclass(frozen=True)
class Row:
    id: str


def test_a_command_never_changes_takes_keywords_only_and_is_compared_by_value() -> None:
    close = Close(account="A")
    assert close == Close(account="A") != Close(account="B")
    assert hash(close) == hash(Close(account="A"))
    with pytest.raises(AttributeError):
        close.account = "B"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError):
        Close("A")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_request_has_its_class_name_or_the_one_it_is_given() -> None:
    assert [request_name(cls) for cls in (Withdraw, Close, NamedLines)] == ["withdraw", "Close", "NamedLines"]


@pytest.mark.parametrize("cls", [Command, Query, Event, Row, Close(account="A"), None])
def test_what_is_no_command_or_query_has_no_name_as_one(cls: object) -> None:
    with pytest.raises(DefinitionError, match="derive from Command or Query"):
        request_name(cast("type", cls))


def test_the_type_of_the_answer_is_known_through_all_bases() -> None:
    class Sub(NamedLines):
        pass

    class Quick(Withdraw):
        pass

    assert answer_type(Withdraw) is answer_type(Quick) is Decimal
    assert answer_type(Close) is None
    assert answer_type(NamedLines) == answer_type(Sub) == dict[str, list[int]]
    assert answer_type(Later) == Union[Row, None]  # noqa: UP007 - it is the same


def test_an_answer_that_is_left_open_or_unknown_is_told() -> None:
    class Unknown(Query["Nowhere"]):  # type: ignore[name-defined]  # pyright: ignore[reportUndefinedVariable]
        pass

    with pytest.raises(DefinitionError, match="Lines leaves the type of its answer open"):
        answer_type(Lines)
    with pytest.raises(DefinitionError, match="'Nowhere' is not known at run time"):
        answer_type(Unknown)


# ---- from and to JSON -----------------------------------------------------------------------------------------------

FORM = RequestForm(Withdraw)


def test_a_command_is_read_from_json_and_written_to_it() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    command = Withdraw(account="A", amount=Decimal("1.50"), tags=frozenset({"y", "x"}), at=at)
    text = b'{"account":"A","amount":"1.50","tags":["x","y"],"at":"2026-01-01T00:00:00Z"}'
    assert FORM.load(text) == command
    assert FORM.dump(command) == text
    assert (FORM.name, FORM.kind) == ("withdraw", "command")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"account":"A","amont":"1"}', "field 'amont': there is no such field; there is 'amount'"),
        ('{"account":"A","x":"1"}', "field 'x': there is no such field; there is 'account', 'amount', 'tags', 'at'"),
        ('{"account":"A"}', "missing required field `amount`"),
        ('{"account":5,"amount":"1"}', "field 'account': Expected `str`, got `int`"),
        ('{"account":"A","amount":"much"}', "field 'amount': Invalid decimal"),
        ('{"account":"A","amount":"1","tags":[5]}', "field 'tags[0]': Expected `str`, got `int`"),
        ('["A"]', "not a JSON object"),
        ("{", "not a JSON object"),
        pytest.param('{"account": ' + "[" * 5000 + "]" * 5000 + "}", "not a JSON object", id="deep"),
        ("", "not a JSON object"),
    ],
)
def test_json_that_is_no_such_command_is_refused_by_field(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        FORM.load(text)
    assert str(caught.value).startswith("command 'withdraw'")
    assert said in str(caught.value)


def test_a_message_is_checked_field_by_field() -> None:
    sound = Withdraw(account="A", amount=Decimal(1))
    assert FORM.checked(sound) == sound
    for wrong, said in (
        (Withdraw(account=5, amount=Decimal(1)), "field 'account': Expected `str`, got `int`"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (Withdraw(account="A", amount=object()), "field 'amount': Encoding objects of type object"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (Withdraw(account="\ud800", amount=Decimal(1)), "field 'account': 'utf-8' codec can't encode"),
    ):
        with pytest.raises(InvalidInput) as caught:
            FORM.checked(wrong)
        assert said in str(caught.value)


def test_a_value_that_the_type_can_be_read_from_is_converted() -> None:
    checked = FORM.checked(Withdraw(account="A", amount=5))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert type(checked.amount) is Decimal


class Charge(Command):
    price: Decimal = Decimal(0)
    lines: tuple[dict[str, Decimal], ...] = ()
    rates: frozenset[tuple[str, Decimal]] = frozenset()


class Priced(Query[int]):
    price: Decimal


def test_a_float_where_a_decimal_belongs_is_refused_with_what_to_give() -> None:
    charges = RequestForm(Charge)
    for wrong, field in (
        (Charge(price=0.1 + 0.2), "price"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (Charge(lines=({}, {"x": 0.1})), "lines[1]['x']"),  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
        (Charge(rates=frozenset({("a", Decimal(1)), ("b", 0.1)})), "rates[1][1]"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ):
        with pytest.raises(InvalidInput, match="give a Decimal made from a string, like Decimal") as caught:
            charges.checked(wrong)
        assert str(caught.value).startswith(f"command 'Charge', field {field!r}: ")
    with pytest.raises(InvalidInput, match=r"query 'Priced', field 'price': 0\.1 would read back as .*from a string"):
        RequestForm(Priced).checked(Priced(price=0.1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert charges.checked(Charge(price=0.5)) == Charge(price=Decimal("0.5"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_command_whose_fields_have_no_json_is_told() -> None:
    class Odd(Command):
        what: complex
        anything: object

    class Lost(Command):
        what: Nowhere  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    with pytest.raises(DefinitionError) as caught:
        RequestForm(Odd)
    assert len(caught.value.findings) == 2
    with pytest.raises(DefinitionError, match="'Nowhere' is not known at run time; import it outside TYPE_CHECKING"):
        RequestForm(Lost)


def test_the_digest_is_of_what_is_said() -> None:
    class First(Command, name="c"):
        a: str
        tags: frozenset[str] = frozenset()

    class Second(Command, name="c"):
        tags: frozenset[str] = frozenset()
        fresh: list[str] = msgspec.field(default_factory=lambda: ["new"])
        a: str

    one, two = RequestForm(First), RequestForm(Second)
    letters = frozenset("abcdefgh")
    digest = one.digest(First(a="x", tags=letters))
    assert len(digest) == 32
    assert two.digest(Second(a="x", tags=letters)) == digest
    others = [one.digest(First(a="x")), one.digest(First(a="y", tags=letters)), two.digest(Second(a="x", fresh=[]))]
    assert len({digest, *others}) == 4


# ---- single values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "value", "text"),
    [
        (None, None, b"null"),
        (Decimal, Decimal("1.50"), b'"1.50"'),
        (Row | None, Row("A"), b'{"id":"A"}'),
        (frozenset[str], frozenset({"b", "a"}), b'["a","b"]'),
        (tuple[int, str], (1, "x"), b'[1,"x"]'),
    ],
)
def test_a_value_is_written_and_read_back(hint: object, value: object, text: bytes) -> None:
    codec = ValueCodec(hint, "command C", "result")
    assert codec.dump(value) == text
    assert codec.load(text) == value


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (None, 5),
        (int, "5"),
        (Decimal, 5),
        (float, float("nan")),
        (str, "a\x00b"),
        (str, "\ud800"),
        (Row, object()),
        (datetime, datetime(2026, 1, 1)),  # noqa: DTZ001 - it is what is refused
    ],
)
def test_a_value_that_would_not_come_back_is_refused(hint: object, value: object) -> None:
    with pytest.raises(InvalidPayload, match="command C, result"):
        ValueCodec(hint, "command C", "result").dump(value)


def test_a_type_without_json_is_told() -> None:
    with pytest.raises(DefinitionError, match="command C, value 'result' has no codec"):
        ValueCodec(complex, "command C", "result")
