"""Queries are answered, and answers of a cached handler are given again for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from leftfold.errors import InvalidInput, InvalidPayload, UnknownQuery
from leftfold.handling import query_handler_of
from leftfold.handling.middleware import Call, Proceed
from leftfold.messages import Query
from leftfold.store import MemoryStore
from leftfold.testing import ManualClock
from tests.handling.teller import MAX_CACHED, Deposit, Desk, FindBalance, open_desk

MINUTE = timedelta(minutes=1)


class Names(Query[list[str]]):
    of: str = ""
    floor: int = 0


@dataclass
class Cached:
    """A desk whose one query says how often it ran."""

    desk: Desk
    clock: ManualClock
    runs: list[Names]


@pytest.fixture
async def cached() -> Cached:
    runs: list[Names] = []

    async def names(query: Names) -> list[str]:
        runs.append(query)
        return [query.of, str(len(runs))]

    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    desk = await open_desk(MemoryStore(), queries=[query_handler_of(names, MINUTE)], clock=clock)
    return Cached(desk, clock, runs)


async def test_a_query_is_answered(desk: Desk) -> None:
    assert await desk.queries.ask(FindBalance(account="A")) is None
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    assert await desk.queries.ask(FindBalance(account="A")) == 5


async def test_a_query_nobody_answers_is_unknown_and_the_error_names_what_is_near() -> None:
    class FindBalances(Query[int]):
        pass

    desk = await open_desk(MemoryStore())
    with pytest.raises(UnknownQuery) as caught:
        await desk.queries.ask(FindBalances())
    assert (caught.value.name, caught.value.near) == ("FindBalances", ("FindBalance",))


async def test_a_value_of_another_type_is_refused() -> None:
    desk = await open_desk(MemoryStore())
    with pytest.raises(InvalidInput, match="query 'FindBalance', field 'account': Expected `str`, got `int`"):
        await desk.queries.ask(FindBalance(account=5))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_without_a_cache_every_query_is_answered_anew(desk: Desk) -> None:
    for balance in (5, 10):
        await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
        assert await desk.queries.ask(FindBalance(account="A")) == balance


async def test_a_kept_answer_is_given_to_equal_queries_until_its_time_is_over(cached: Cached) -> None:
    ask, clock = cached.desk.queries.ask, cached.clock
    assert await ask(Names(of="A")) == ["A", "1"]
    clock.advance(MINUTE - timedelta(microseconds=1))
    assert await ask(Names(of="A")) == ["A", "1"]
    assert await ask(Names(of="A", floor=1)) == ["A", "2"]
    assert await ask(Names(of="B")) == ["B", "3"]
    clock.advance(timedelta(microseconds=1))
    assert await ask(Names(of="A")) == ["A", "4"]


async def test_what_is_done_to_an_answer_does_not_change_the_kept_one(cached: Cached) -> None:
    for _ in range(3):
        answer = await cached.desk.queries.ask(Names(of="A"))
        answer.append("changed")
    assert await cached.desk.queries.ask(Names(of="A")) == ["A", "1"]


async def test_a_fresh_answer_is_found_whatever_is_kept_and_is_kept_in_its_place(cached: Cached) -> None:
    ask = cached.desk.queries.ask
    assert [await ask(Names()), await ask(Names(), fresh=True), await ask(Names())] == [["", "1"], ["", "2"], ["", "2"]]


async def test_the_cache_is_bounded_and_keeps_what_was_used_last(cached: Cached) -> None:
    ask = cached.desk.queries.ask
    for n in range(MAX_CACHED):
        await ask(Names(floor=n))
    await ask(Names(floor=0))
    await ask(Names(floor=MAX_CACHED))
    assert len(cached.runs) == MAX_CACHED + 1
    await ask(Names(floor=0))
    assert len(cached.runs) == MAX_CACHED + 1
    await ask(Names(floor=1))
    assert len(cached.runs) == MAX_CACHED + 2


class Prices(Query[str]):
    above: Decimal


async def test_a_query_whose_values_are_converted_has_the_answer_of_the_one_it_becomes() -> None:
    async def prices(query: Prices) -> str:
        return type(query.above).__name__

    desk = await open_desk(MemoryStore(), queries=[query_handler_of(prices, MINUTE)])
    for above in (Decimal(5), 5):
        answer = await desk.queries.ask(Prices(above=above))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        assert answer == "Decimal"


async def test_a_value_of_another_type_is_refused_although_an_answer_is_kept(cached: Cached) -> None:
    await cached.desk.queries.ask(Names(floor=1))
    with pytest.raises(InvalidInput, match="field 'floor'"):
        await cached.desk.queries.ask(Names(floor="1"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_middleware_runs_around_a_kept_answer_too() -> None:
    seen: list[str] = []

    async def look(call: Call, proceed: Proceed) -> object:
        seen.append(call.name)
        return await proceed(call)

    async def names(query: Names) -> list[str]:
        return [query.of]

    desk = await open_desk(MemoryStore(), queries=[query_handler_of(names, MINUTE)], middleware=[look])
    for _ in range(2):
        assert await desk.queries.ask(Names(of="A")) == ["A"]
    assert seen == ["Names", "Names"]


async def test_an_answer_of_another_type_is_told_when_it_is_to_be_kept() -> None:
    async def wrong(query: Names) -> list[str]:
        return [query]  # type: ignore[list-item]  # pyright: ignore[reportReturnType]

    desk = await open_desk(MemoryStore(), queries=[query_handler_of(wrong, MINUTE)])
    with pytest.raises(InvalidPayload, match="query Names, answer"):
        await desk.queries.ask(Names())
