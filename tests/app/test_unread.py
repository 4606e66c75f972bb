"""What another context publishes and nothing here can read: parked with its stream, never skipped, and mended later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leftfold import App, ConsumerView, Context, IntegrationEvent, ReadModel
from leftfold.errors import UnsupportedVersion
from leftfold.integration import CountryCode, PublishedLanguage
from leftfold.subscriptions import DeadLetter, Failing, LetterState, Policy
from tests.app.delivery import AT_ONCE, AskDue, Due, Notes, Order, Ordered, Street, Take, delivering, ordering


class Lenient(ConsumerView, of="acme.placed", versions=">=1"):
    order: str
    to: Street = Street("unknown")


class Cautious(ConsumerView, of="acme.placed", versions=">=2"):
    order: str
    total: int


class Explosive(ConsumerView, of="acme.placed", versions=">=2"):
    order: str
    total: int

    def __post_init__(self) -> None:
        if self.total > 1_000:
            raise ValueError("a thousand at most")


def tolerant() -> Context:
    """The next deployment of the context that delivers: it reads version 1 as well."""
    context = Context("delivering")

    @context.projection(key="order", policy=AT_ONCE)
    def due(_row: Due | None, event: Lenient) -> Due:
        return Due(event.to.street)

    @context.query
    async def ask_due(query: AskDue, rows: ReadModel[Due]) -> Due | None:
        return await rows.get(query.order)

    @context.on(policy=AT_ONCE)
    async def tell(event: Lenient, notes: Notes) -> None:
        notes.notes.append(f"told {event.order} {event.to.street}")

    return context


def app(url: str, deliver: Callable[[], Context], notes: Notes) -> App:
    return App(ordering(), deliver(), store=url, provide={Notes: notes})


async def letters(opened: App, name: str) -> list[DeadLetter]:
    return [letter async for letter in opened.dead_letters.all(name)]


async def test_a_version_out_of_range_is_parked_with_its_stream_and_the_others_go_on(tmp_path: Path) -> None:
    notes = Notes()
    async with app(f"sqlite:///{tmp_path}/{{context}}.db", delivering, notes) as opened:
        await opened.send(Take(order="A", street="First"))
        await opened.send(Take(order="A", cents=0, street="Second"))  # told in version 1 alone
        await opened.send(Take(order="A", street="Third"))
        last = await opened.send(Take(order="B", street="Other"))
        await opened.running("delivering").keep_up()
        assert await opened.ask(AskDue(order="A"), after=last) == Due("First")
        assert await opened.ask(AskDue(order="B"), after=last) == Due("Other")
        assert [note for note in notes.notes if "told" in note] == ["told A fragile=False", "told B fragile=False"]
        for name in ("due", "tell", "to_deliver", "process:delivering.touring<ordering", "insure"):
            first, second = await letters(opened, name)
            assert (first.position, second.position) == (2, 3), name
            assert first.error.startswith("UnsupportedVersion: message 'acme.placed': version 1 is not supported")
            assert second.state is LetterState.WAITING, name


async def test_after_a_deployment_that_reads_it_a_replay_goes_on_in_order(tmp_path: Path) -> None:
    url, notes = f"sqlite:///{tmp_path}/{{context}}.db", Notes()
    async with app(url, delivering, notes) as opened:
        for cents, street in ((1, "First"), (0, "Second"), (1, "Third")):
            await opened.send(Take(order="A", cents=cents, street=street))
        await opened.running("delivering").keep_up()
    notes.notes.clear()
    async with app(url, tolerant, notes) as opened:
        await opened.send(Take(order="B", street="Other"))
        await opened.running("delivering").keep_up()
        for name in ("due", "tell"):
            await opened.dead_letters.replay(*await letters(opened, name))
            assert await letters(opened, name) == []
        await opened.running("delivering").keep_up()
        assert await opened.ask(AskDue(order="A")) == Due("Third")
        assert notes.notes == ["told B Other", "told A unknown", "told A Third"]


@pytest.mark.parametrize("failing", list(Failing))
async def test_what_does_not_decode_into_the_view_is_a_letter_that_names_view_and_version(failing: Failing) -> None:
    context, seen = Context("watching"), list[int]()

    @context.on(policy=Policy(retry=AT_ONCE.retry, failing=failing))
    async def watch(event: Explosive) -> None:
        seen.append(event.total)

    async with App(ordering(), context, store="memory:{context}") as opened:
        for cents in (1, 2_000, 3):
            await opened.send(Take(order="A", cents=cents))
        await opened.running("watching").keep_up()
        first = (await letters(opened, "watch"))[0]
        assert (first.position, first.stream) == (2, "order-A")
        assert "version 2 does not read as Explosive: a thousand at most" in first.error
        assert seen == ([1] if failing is Failing.PARK else [1, 3])


async def test_a_stream_is_not_tried_ahead_of_a_key_that_is_parked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/{{context}}.db"
    patience = {"broken": True}

    def watching(view: type[Cautious | Lenient]) -> Context:
        context = Context("watching")

        def due(row: Due | None, event: object) -> Due:
            order = getattr(event, "to", Street("first")).street
            if patience["broken"] and order == "first":
                raise ValueError("not yet")
            return Due(f"{row.street if row else ''}/{order}")

        due.__annotations__["event"] = view
        context.projection(key="order", policy=AT_ONCE)(due)

        @context.query
        async def ask_due(query: AskDue, rows: ReadModel[Due]) -> Due | None:
            return await rows.get(query.order)

        return context

    async with App(ordering(), watching(Cautious), store=url) as opened:
        for cents, street in ((1, "first"), (0, "second"), (1, "third")):
            await opened.send(Take(order="A", cents=cents, street=street))
        await opened.running("watching").keep_up()
        assert {letter.subject for letter in await letters(opened, "due")} == {"A", "stream order-A"}
    async with App(ordering(), watching(Lenient), store=url) as opened:
        last = await opened.send(Take(order="B", street="other"))
        assert await opened.ask(AskDue(order="B"), after=last) == Due("/other")
        waiting = [letter for letter in await letters(opened, "due") if letter.subject != "A"]
        (again,) = await opened.dead_letters.replay(waiting[0])
        assert "it waits for 'A', which is parked" in again.error
        patience["broken"] = False
        for subject in ("A", "stream order-A"):
            await opened.dead_letters.replay(*[one for one in await letters(opened, "due") if one.subject == subject])
        assert await letters(opened, "due") == []
        assert await opened.ask(AskDue(order="A")) == Due("/first/unknown/third")


async def test_a_process_is_not_handed_nothing_where_an_event_cannot_be_read_any_more(tmp_path: Path) -> None:
    async with app(f"sqlite:///{tmp_path}/{{context}}.db", delivering, Notes()) as opened:
        await opened.send(Take(order="A", cents=0))
        await opened.send(Take(order="B"))
        coordination = opened.running("delivering").coordination
        assert coordination is not None
        (process,) = coordination.processes
        (read,) = await process.event_at("ordering", 2)
        assert read.stream == "order-B"
        with pytest.raises(UnsupportedVersion):
            await process.event_at("ordering", 1)


class Sold(IntegrationEvent, name="acme.sold"):
    """It names a format, and only its language holds it to that."""

    country: CountryCode


class SoldView(ConsumerView, of="acme.sold", versions="1"):
    country: str


@pytest.mark.parametrize("follows", [Sold, SoldView])
async def test_what_is_not_of_its_language_is_a_letter_of_who_follows(follows: type) -> None:
    selling, listening = Context("selling", language=PublishedLanguage("acme")), Context("listening")
    heard: list[str] = []

    @selling.decides(Order, id="order")
    def take(command: Take, order: Order) -> None:
        order.take(command.cents, command.street)

    @selling.publishes
    def sold(event: Ordered) -> Sold:
        return Sold(country=event.street)

    async def hear(event: object) -> None:
        heard.append(getattr(event, "country", ""))

    hear.__annotations__["event"] = follows
    listening.on(policy=AT_ONCE)(hear)
    async with App(selling, listening, store="memory:{context}") as opened:
        await opened.send(Take(order="A", street="DE"))
        await opened.send(Take(order="B", street="ZZ"))
        await opened.running("listening").keep_up()
        (letter,) = await letters(opened, "hear")
        assert heard == ["DE"]
        assert letter.stream == "order-B"
        assert letter.error.startswith("InvalidFormat: Sold.country")
