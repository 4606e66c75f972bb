"""An app of contexts: commands, read models that follow or are inline, reactions, published events, kept answers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from leftfold import App, DefinitionError, NotCaughtUp, Receipt
from leftfold.errors import InvalidQuery, NoWorker, StoreClosed
from leftfold.store import Expected
from tests.app.shop import (
    Booked,
    Cancel,
    GetBooked,
    GetKept,
    GetOpen,
    GetTagged,
    GetTurnover,
    ListOpen,
    Open,
    Ordered,
    Place,
    SearchOpen,
    Tagged,
    Till,
    Turnover,
    books,
    shop,
)


class Notes:
    """Keeps what it is told, and wakes who waits for it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.told = asyncio.Event()

    def note(self, what: str) -> None:
        self.notes.append(what)
        self.told.set()


def opened(store: str, notes: Notes | None = None, *, inline: Collection[str] = (), workers: bool = True) -> App:
    return App(shop, store=store, provide={Till: notes or Notes()}, inline=inline, workers=workers)


async def test_a_question_after_a_receipt_sees_its_own_write(each_url: str) -> None:
    async with opened(each_url) as app:
        for cents in range(100, 600, 100):
            receipt = await app.send(Place(order="A"))
            assert await app.ask(GetOpen(order="A"), after=receipt) == Open("A", "tea", [], cents)


async def test_a_row_is_deleted_where_the_fold_gives_none(each_url: str) -> None:
    async with opened(each_url) as app:
        await app.send(Place(order="A"))
        assert await app.ask(GetOpen(order="A"), after=await app.send(Cancel(order="A"))) is None
        again = await app.send(Place(order="A"))
        assert await app.ask(GetOpen(order="A"), after=again) == Open("A", "tea", [], 100)


async def test_an_event_changes_the_row_of_each_of_its_keys_and_the_one_row_of_all(each_url: str) -> None:
    async with opened(each_url) as app:
        await app.send(Place(order="A", tags=["new", "hot"]))
        last = await app.send(Place(order="B", tags=["hot"], cents=50))
        assert await app.ask(GetTagged(tag="hot"), after=last) == Tagged("hot", 2)
        assert await app.ask(GetTagged(tag="new"), after=last) == Tagged("new/hot", 1)
        assert await app.ask(GetTagged(tag="all"), after=last) is None
        assert await app.ask(GetTurnover(), after=last) == Turnover(150)


async def test_rows_are_found_by_column_by_text_and_by_tag(each_url: str) -> None:
    async with opened(each_url) as app:
        await app.send(Place(order="A", text="green tea", tags=["hot"], cents=300))
        await app.send(Place(order="B", text="black tea", tags=["cold"], cents=500))
        last = await app.send(Place(order="C", text="coffee", tags=["hot"], cents=100))
        assert await app.ask(ListOpen(least=300), after=last) == ["B", "A"]
        assert await app.ask(SearchOpen(text="tea")) == ["A", "B"]
        assert await app.ask(SearchOpen(text="gre*")) == ["A"]
        assert await app.ask(SearchOpen(text="tea", tag="hot")) == ["A"]


async def test_without_a_worker_a_question_after_a_receipt_fails_at_once(each_url: str) -> None:
    async with opened(each_url, workers=False) as app:
        receipt = await app.send(Place(order="A"))
        async with asyncio.timeout(5):
            with pytest.raises(NoWorker, match="open_orders"):
                await app.ask(GetOpen(order="A"), after=receipt, timeout=60)


async def test_a_question_that_cannot_wait_long_enough_names_projection_and_positions(each_url: str) -> None:
    async with opened(each_url) as app:
        receipt = await app.send(Place(order="A"))
        await app.ask(GetOpen(order="A"), after=receipt)
        ahead: Receipt[Any] = Receipt(result=None, position=receipt.position + 5, context="shop")
        with pytest.raises(NotCaughtUp) as caught:
            await app.ask(GetOpen(order="A"), after=ahead, timeout=0.05)
        assert (caught.value.projection, caught.value.wanted, caught.value.reached) == ("open_orders", 6, 1)


async def test_an_inline_projection_shows_an_append_when_it_returns_and_needs_no_worker(each_url: str) -> None:
    async with opened(each_url, inline=["open_orders"], workers=False) as app:
        for cents in (100, 200):
            receipt = await app.send(Place(order="A"))
            assert await app.ask(GetOpen(order="A")) == Open("A", "tea", [], cents)
            assert await app.ask(GetOpen(order="A"), after=receipt) == Open("A", "tea", [], cents)


async def test_an_inline_projection_that_raises_refuses_its_own_append_only(each_url: str) -> None:
    async with opened(each_url, inline=["open_orders"], workers=False) as app:
        sent = [app.send(Place(order=order, cents=cents)) for order, cents in (("A", 1), ("B", -1), ("C", 3))]
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
        assert {event.stream for event in (await app.events.read_log()).events} == {"order-A", "order-C"}
        assert await app.ask(ListOpen(least=0)) == ["C", "A"]


async def test_a_reaction_is_given_its_key_and_what_the_app_provides(each_url: str) -> None:
    notes = Notes()
    async with opened(each_url, notes) as app:
        await app.send(Place(order="A"))
        await app.send(Cancel(order="A"))
        async with asyncio.timeout(20):
            await notes.told.wait()
        _, cancelled = await app.events.read("order-A")
        assert notes.notes == [f"refund A shop.refund:{cancelled.id}"]


async def test_another_context_shows_what_is_published_in_a_store_of_its_own(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/{{context}}.db"
    async with App(shop, books, store=url, provide={Till: Notes()}) as app:
        await app.send(Place(order="free", cents=0))
        receipt = await app.send(Place(order="A", cents=7))
        assert receipt.context == "shop"
        assert await app.ask(GetBooked(order="A"), after=receipt) == Booked("A", 7)
        assert await app.ask(GetBooked(order="free"), after=receipt) is None
        assert (await app.running("shop").store.head(), await app.running("books").store.head()) == (2, 0)
    assert {path.name for path in tmp_path.glob("*.db")} == {"shop.db", "books.db"}


async def test_the_events_of_each_context_are_read_by_its_name() -> None:
    async with App(shop, books, store="memory:", provide={Till: Notes()}) as app:
        await app.send(Place(order="A"))
        assert [event.stream for event in (await app.events_of("shop").read_log()).events] == ["order-A"]
        assert (await app.events_of("books").read_log()).events == []
        with pytest.raises(DefinitionError, match=r"no context 'bocks'; it has shop, books"):
            app.events_of("bocks")
        with pytest.raises(DefinitionError, match=r"app.events_of\('shop'\)"):
            _ = app.events
    with pytest.raises(StoreClosed):
        app.events_of("shop")


def test_the_events_of_each_context_are_read_without_await() -> None:
    with App(shop, books, store="memory:", provide={Till: Notes()}).sync() as app:
        app.send(Place(order="A"))
        assert [len(app.events_of(name).read_log().events) for name in ("shop", "books")] == [1, 0]


async def test_what_is_no_receipt_no_letter_and_no_version_is_told(each_url: str) -> None:
    wrong: Any = 7
    identity: Any = "7-abc"
    async with opened(each_url) as app:
        with pytest.raises(InvalidQuery, match="after=7 is no receipt"):
            await app.ask(GetOpen(order="A"), after=wrong)
        for position in ("7", None):  # as a URL has it, or has not
            unread: Any = position
            for call in (
                app.ask(GetOpen(order="A"), after=Receipt(result=None, position=unread)),
                app.monitor.wait("open_orders", position=unread),
                app.monitor.wait_for_cache("open_orders", position=unread),
            ):
                with pytest.raises(InvalidQuery, match=f"position={position!r} is no whole number"):
                    await call
        with pytest.raises(InvalidQuery, match=r"replay takes letters, and '7-abc' is none"):
            await app.dead_letters.replay(identity)
        with pytest.raises(InvalidQuery, match=r"drop takes letters, and 7 is none"):
            await app.dead_letters.drop(wrong)
        for version in (0, -3):
            with pytest.raises(InvalidQuery, match=f"version={version}: the versions of a stream count from 1"):
                await app.monitor.wait_for_version("open_orders", "order-A", version)


async def test_the_monitor_says_how_far_everything_is_and_waits_for_a_version(each_url: str) -> None:
    async with opened(each_url) as app:
        waiting = asyncio.create_task(app.monitor.wait_for_version("open_orders", "order-A", 2))
        await app.send(Place(order="A"))
        last = await app.send(Place(order="A"))
        await waiting
        assert (await app.monitor.stream("open_orders", "order-A")).visible == 2
        await app.monitor.wait("tagged", position=last.position)
        await app.monitor.wait("turnover", position=last.position)
        lags = {lag.name.partition("@")[0]: lag for lag in await app.monitor.lags()}
        assert set(lags) == {"open_orders", "tagged", "turnover", "refund"}
        assert {(lag.context, lag.head) for lag in lags.values()} == {("shop", 2)}
        assert [lags[name].behind for name in ("open_orders", "tagged", "turnover")] == [0, 0, 0]


async def test_without_a_worker_the_monitor_tells_what_is_not_shown(each_url: str) -> None:
    async with opened(each_url, workers=False) as app:
        await app.events.append("order-A", Ordered(order="A", text="", tags=[], cents=1), expected=Expected.NO_STREAM)
        assert (await app.monitor.stream("open_orders", "order-A")).behind == 1
        assert {lag.behind for lag in await app.monitor.lags()} == {1}


async def test_many_who_ask_at_once_have_one_answer_loaded_until_its_rows_change(each_url: str) -> None:
    notes = Notes()
    async with opened(each_url, notes) as app:
        first = await app.send(Place(order="A"))
        await app.monitor.wait("open_orders", position=first.position)
        await app.monitor.wait_for_cache("open_orders", position=first.position)
        assert await asyncio.gather(*(app.ask(GetKept(order="A")) for _ in range(50))) == [100] * 50
        other = await app.send(Place(order="B"))
        await app.monitor.wait("open_orders", position=other.position)
        await app.monitor.wait_for_cache("open_orders", position=other.position)
        assert await app.ask(GetKept(order="A")) == 100
        assert notes.notes == ["loaded A"]
        changed = await app.send(Place(order="A"))
        await app.monitor.wait("open_orders", position=changed.position)
        await app.monitor.wait_for_cache("open_orders", position=changed.position)
        assert await app.ask(GetKept(order="A")) == 200
        assert notes.notes == ["loaded A", "loaded A"]


def test_the_synchronous_app_sends_and_asks_the_same(each_url: str) -> None:
    with opened(each_url).sync() as app:
        receipt = app.send(Place(order="A"))
        assert app.ask(GetOpen(order="A"), after=receipt) == Open("A", "tea", [], 100)
