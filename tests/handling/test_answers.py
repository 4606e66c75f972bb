"""Answers to commands with an id are rows, kept for a while, and refuse in the words of the first time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum

import msgspec
import pytest

from leftfold import DomainError
from leftfold.errors import DefinitionError, InvalidPayload, UnreadableAnswer
from leftfold.handling import ANSWERS, Answers
from leftfold.handling.answers import Answer, Refusal, insert_of
from leftfold.handling.refusals import refusal_of, refused_again
from leftfold.store import MemoryStore
from leftfold.store.port import Store
from leftfold.store.transaction import Put, Transaction
from leftfold.testing import ManualClock
from tests.handling.bank import InsufficientFunds
from tests.handling.teller import Deposit, Desk, Look, Withdraw, open_desk

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAYS_30 = timedelta(days=30)


async def _row(desk: Desk, id: str) -> dict[str, object]:
    return msgspec.json.decode((await desk.store.get(ANSWERS, [id]))[id], type=dict[str, object])


async def test_an_answer_is_a_row_that_a_person_can_read(store: Store) -> None:
    desk = await open_desk(store, clock=ManualClock(NOON))
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)), id="c")
    with pytest.raises(InsufficientFunds):
        await desk.commands.send(Withdraw(account="A", amount=Decimal("9.0")), id="d")
    done, refused = await _row(desk, "c"), await _row(desk, "d")
    assert len(str(done.pop("digest"))) == len(str(refused.pop("digest"))) == 32
    at = "2026-01-01T12:00:00Z"
    assert done == {"id": "c", "command": "Deposit", "at": at, "stream": "account-A", "version": 1, "result": "5"}
    fields = {"balance": "5", "requested": "9.0"}
    refusal = {"error": "tests.handling.bank:InsufficientFunds", "fields": fields}
    assert refused == {"id": "d", "command": "Withdraw", "at": at, "position": 1, "refusal": refusal}


async def test_purging_deletes_what_was_kept_long_enough_and_nothing_else(store: Store) -> None:
    clock = ManualClock(NOON)
    desk = await open_desk(store, clock=clock)
    await desk.commands.send(Look(account="A"), id="old")
    clock.advance(timedelta(days=1))
    await desk.commands.send(Look(account="A"), id="young")
    clock.advance(timedelta(days=29))
    assert await desk.answers.purge() == 0
    clock.advance(timedelta(microseconds=1))
    assert await desk.answers.purge() == 1
    assert await desk.answers.find("old") is None
    assert await desk.answers.find("young") is not None
    assert not (await desk.commands.send(Look(account="A"), id="old")).repeated
    assert (await desk.commands.send(Look(account="A"), id="young")).repeated


async def test_purging_goes_page_by_page(store: Store) -> None:
    clock = ManualClock(NOON)
    answers = Answers(store, clock, kept=timedelta(hours=1))
    await answers.prepare()
    rows = {f"c-{n}": insert_of(Answer(id=f"c-{n}", command="C", digest="", at=NOON)).row for n in range(1_001)}
    await store.transact(Transaction(writes=[Put(table=ANSWERS, rows=rows)]))
    clock.advance(timedelta(hours=2))
    assert await answers.purge() == 1_001
    assert await store.scan(ANSWERS) == []
    assert await answers.purge() == 0


async def test_a_damaged_row_and_a_stream_that_is_shorter_are_errors(store: Store) -> None:
    desk = await open_desk(store)
    answer = Answer(id="c", command="Look", digest="", stream="account-A", version=3)
    with pytest.raises(UnreadableAnswer, match="'account-A' has no version 3"):
        await desk.answers.position_of(answer)
    await store.transact(Transaction(writes=[Put(table=ANSWERS, rows={"d": b'{"id":5}'})]))
    with pytest.raises(UnreadableAnswer, match="its row is damaged") as caught:
        await desk.commands.send(Look(account="A"), id="d")
    assert caught.value.id == "d"


class Grade(Enum):
    A = "a"


@dataclass(frozen=True)
class Line:
    sku: str
    price: Decimal


class SoldOut(DomainError):
    """Sold out."""

    line: Line
    others: tuple[Line, ...] = ()
    tags: frozenset[str] = frozenset()
    until: date | None = None
    grade: Grade = Grade.A


class Gone(SoldOut):
    """Gone for ever."""

    since: datetime


class Bare(DomainError):
    """No."""


LINE = Line("S", Decimal("1.50"))


@pytest.mark.parametrize(
    "error",
    [
        Bare(),
        SoldOut(line=LINE, others=(LINE,), tags=frozenset({"x", "y"}), until=date(2026, 1, 1)),
        Gone(line=LINE, since=NOON),
    ],
    ids=repr,
)
def test_a_refusal_comes_back_as_the_same_error_with_the_same_values(error: DomainError) -> None:
    refusal = msgspec.json.decode(msgspec.json.encode(refusal_of(error)), type=Refusal)
    again = refused_again(Answer(id="c", command="C", digest=""), refusal)
    assert type(again) is type(error)
    assert (again.fields, str(again)) == (error.fields, str(error))


def test_an_error_that_cannot_be_written_is_told() -> None:
    class Odd(DomainError):
        what: complex

    class Elsewhere(DomainError):
        what: Line2  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    with pytest.raises(DefinitionError, match=r"error .*Odd, value 'what' has no codec"):
        refusal_of(Odd(what=1j))
    with pytest.raises(
        DefinitionError, match=r"error .*Elsewhere: the name 'Line2' is not known .*define it in a module"
    ):
        refusal_of(Elsewhere(what=1))
    with pytest.raises(InvalidPayload, match="error SoldOut, line"):
        refusal_of(SoldOut(line="S"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal("shop:Sold", {}), "shop:Sold, which is no DomainError that is imported here"),
        (Refusal(f"{__name__}:SoldOut", {"line": msgspec.Raw(b"5")}), "SoldOut, whose fields have changed since"),
        (Refusal(f"{__name__}:SoldOut", {"gone": msgspec.Raw(b"5")}), "SoldOut, whose fields have changed since"),
    ],
)
def test_a_refusal_that_this_code_does_not_know_is_an_error(refusal: Refusal, said: str) -> None:
    with pytest.raises(UnreadableAnswer, match=said) as caught:
        refused_again(Answer(id="c", command="C", digest=""), refusal)
    assert (caught.value.id, caught.value.command) == ("c", "C")


async def test_answers_are_kept_for_thirty_days_when_nothing_else_is_said() -> None:
    assert Answers(MemoryStore()).kept == DAYS_30
