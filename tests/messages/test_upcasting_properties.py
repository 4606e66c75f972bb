"""Histories that any mixture of generations has written, read by today's code, equal a plain model of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from tempfile import TemporaryDirectory
from typing import TypeAlias

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import Aggregate, App, applies
from leftfold.app import open_store
from leftfold.messages import Codec, Registry
from leftfold.store import EventStore, Store
from tests.messages.versions import (
    OLD,
    TODAY,
    UPCASTS,
    Added,
    CardUsed,
    Cashed,
    Cleared,
    Clicked,
    Counted,
    Ordered,
    PaidV1,
    PaidV2,
    PaidV3,
    Taken,
)

ANY_CODE = Codec(Registry("shop", OLD, TODAY))
Sales: TypeAlias = tuple[dict[str, Decimal], list[str]]


class Shop(Aggregate[TODAY]):
    paid: dict[str, Decimal] = {}  # noqa: RUF012
    items: list[str] = []  # noqa: RUF012

    @applies
    def _paid(self, event: PaidV3) -> None:
        self.paid[event.currency] = self.paid.get(event.currency, Decimal(0)) + event.value

    @applies
    def _added(self, event: Added) -> None:
        self.items.append(f"+{event.item}")

    @applies
    def _taken(self, event: Taken) -> None:
        self.items.append(f"-{event.item}")


def payments(event: object) -> list[tuple[str, Decimal]]:
    """What an event paid, said without any upcast."""
    match event:
        case PaidV1(amount=amount) | CardUsed(amount=amount) | Ordered(amount=amount):
            return [("USD", amount)]
        case PaidV2(amount=amount, currency=currency) | PaidV3(value=amount, currency=currency):
            return [(currency, amount)]
        case Cashed(cents=cents):
            return [("EUR", Decimal(cents) / 100)]
        case _:
            return []


def movements(event: object) -> list[str]:
    """What an event moved, said without any upcast."""
    match event:
        case Added(item=item) | Ordered(item=item):
            return [f"+{item}"]
        case Taken(item=item):
            return [f"-{item}"]
        case Cleared(items=items):
            return [f"-{item}" for item in items]
        case Counted(count=count) if count:
            return ["+counted" if count > 0 else "-counted"]
        case _:
            return []


def model(history: Sequence[object]) -> Sales:
    """What a history comes to."""
    paid: dict[str, Decimal] = {}
    for event in history:
        for currency, amount in payments(event):
            paid[currency] = paid.get(currency, Decimal(0)) + amount
    return paid, [moved for event in history for moved in movements(event)]


amounts = st.decimals(-(10**6), 10**6, places=2)
words = st.text("abc", max_size=3)
currencies = st.sampled_from(["USD", "EUR"])
histories = st.lists(
    st.one_of(
        st.builds(PaidV1, amount=amounts, note=words),
        st.builds(PaidV2, amount=amounts, note=words, currency=currencies),
        st.builds(PaidV3, value=amounts, currency=currencies),
        st.builds(Cashed, cents=st.integers(-(10**6), 10**6)),
        st.builds(CardUsed, amount=amounts),
        st.builds(Ordered, item=words, amount=amounts),
        st.builds(Cleared, items=st.lists(words, max_size=3).map(tuple)),
        st.builds(Clicked, where=words),
        st.builds(Counted, count=st.integers(-1, 1)),
        st.builds(Added, item=words),
        st.builds(Taken, item=words),
    ),
    max_size=30,
)


async def stored_bytes(store: Store) -> str:
    page = await store.read_log(limit=1_000)
    return sha256(msgspec.json.encode(page.events)).hexdigest()


async def read_in_every_way(store: Store, count: int) -> tuple[list[Sales], str, str]:
    """What the history in *store* comes to: folded at once, folded from a page's events, and read in small pages."""
    before = await stored_bytes(store)
    async with App(Shop, store=store, upcasts=UPCASTS) as app:
        folded = await app.repository(Shop).find("1")
        logged = [event.event for event in (await app.events.read_log()).events]
        paged: list[object] = []
        after = 0
        while page := await app.events.read("shop-1", after=after, limit=2):
            paged += [event.event for event in page]
            after = page[-1].version
    assert (folded.version if folded else 0) == count
    sales: Sales = (folded.paid, folded.items) if folded else ({}, [])
    return [sales, model(logged), model(paged)], before, await stored_bytes(store)


async def try_history(url: str, history: Sequence[object]) -> None:
    store = await open_store(url)
    try:
        if history:
            await EventStore(store, ANY_CODE).append("shop-1", *history, expected=0)
        read, before, after = await read_in_every_way(store, len(history))
    finally:
        await store.close()
    assert read == [model(history)] * 3
    assert before == after


@given(histories)
def test_todays_code_reads_what_any_generation_wrote_and_stored_bytes_stay(history: Sequence[object]) -> None:
    asyncio.run(try_history("memory:", history))


@settings(max_examples=15)
@given(histories)
def test_the_same_from_a_file(history: Sequence[object]) -> None:
    with TemporaryDirectory() as directory:
        asyncio.run(try_history(f"sqlite:///{directory}/shop.db", history))
