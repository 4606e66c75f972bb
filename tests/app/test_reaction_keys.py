"""The key that a reaction is given stands for one thing: this reaction, of this context, to this part of an event."""

from __future__ import annotations

from decimal import Decimal

from leftfold import App, Attempt, Context, Event, IntegrationEvent
from leftfold.store import Expected
from tests.handling.bank import Account, Deposited


class Moved(Event):
    cents: int


class Given(Event):
    cents: int


class Taken(Event):
    cents: int


class CameIn(IntegrationEvent):
    cents: int


class WentOut(IntegrationEvent):
    cents: int


def _noting(context: Context, *events: type) -> list[tuple[str, str]]:
    keys: list[tuple[str, str]] = []

    @context.on(*events, name="note")
    async def note(event: CameIn | WentOut | Given | Taken, attempt: Attempt) -> None:
        keys.append((type(event).__name__, attempt.key))

    return keys


async def test_reactions_of_one_name_in_two_contexts_have_keys_of_their_own() -> None:
    bank, buyers, sellers = Context("bank"), Context("buyers"), Context("sellers")
    bank.includes(Account)
    bank.publishes(_came_in)
    noted = [_noting(context, CameIn) for context in (buyers, sellers)]
    async with App(bank, buyers, sellers, store="memory:") as app:
        await app.events_of("bank").append("account-A", Deposited(amount=Decimal(5)), expected=Expected.NO_STREAM)
        await app.settle()
        (deposited,) = (await app.events_of("bank").read_log()).events
    assert noted == [[("CameIn", f"buyers.note:{deposited.id}")], [("CameIn", f"sellers.note:{deposited.id}")]]


async def test_each_part_of_what_is_published_of_one_event_has_a_key_of_its_own() -> None:
    bank, books = Context("bank"), Context("books")
    bank.includes(Account)
    bank.publishes(_came_in)
    bank.publishes(_went_out)
    noted = _noting(books, CameIn, WentOut)
    async with App(bank, books, store="memory:") as app:
        await app.events_of("bank").append("account-A", Deposited(amount=Decimal(5)), expected=Expected.NO_STREAM)
        await app.settle()
        (deposited,) = (await app.events_of("bank").read_log()).events
    assert noted == [("CameIn", f"books.note:{deposited.id}"), ("WentOut", f"books.note:{deposited.id}.1")]


async def test_each_part_of_an_event_that_an_upcast_splits_has_a_key_of_its_own() -> None:
    bank = Context("bank")
    bank.upcasts(_moved_is_two)
    noted, of_one = _noting(bank, Given, Taken), list[str]()

    @bank.on()
    async def take(_event: Taken, attempt: Attempt) -> None:
        of_one.append(attempt.key)

    async with App(bank, store="memory:") as app:
        await app.events.append("move-A", Moved(cents=5), expected=Expected.NO_STREAM)
        await app.settle()
        parts = (await app.events.read_log()).events
    id = parts[0].id
    assert [one.part for one in parts] == [0, 1]
    assert noted == [("Given", f"bank.note:{id}"), ("Taken", f"bank.note:{id}.1")]
    assert of_one == [f"bank.take:{id}.1"]


def _came_in(event: Deposited) -> CameIn:
    return CameIn(cents=int(event.amount))


def _went_out(event: Deposited) -> WentOut:
    return WentOut(cents=-int(event.amount))


def _moved_is_two(old: Moved) -> tuple[Given, Taken]:
    return Given(cents=old.cents), Taken(cents=-old.cents)
