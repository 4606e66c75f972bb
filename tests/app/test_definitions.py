"""What an app refuses to be made of; it tells everything at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import (
    App,
    Command,
    Context,
    DefinitionError,
    Event,
    IntegrationEvent,
    Metadata,
    Query,
    ReadModel,
    Saga,
    step,
)
from leftfold.store import MemoryStore
from tests.app.shop import Open, Order, Ordered, Till, books, shop


class Sent(Event):
    parcel: str


class Announced(IntegrationEvent):
    """Something was announced."""


class Ask(Query[int]):
    pass


class Send(Command):
    parcel: str


class Postman(Protocol):
    def ring(self) -> None: ...


@dataclass(frozen=True)
class Parcel:
    parcel: str


@dataclass(frozen=True)
class Letter:
    parcel: str


class Nothing:
    def note(self, what: str) -> None:
        raise AssertionError(what)


def parcels(_row: Parcel | None, event: Sent) -> Parcel:
    return Parcel(event.parcel)


def letters(_row: Letter | None, event: Sent) -> Letter:
    return Letter(event.parcel)


async def _awaited(event: Sent) -> str:
    return event.parcel


def _without() -> str:
    return "one"


def _of_three(event: Sent, _recorded: object, _more: object) -> str:
    return event.parcel


def _of_metadata(event: Sent, _metadata: Metadata) -> str:
    return event.parcel


def _defaulting(event: Sent, length: int = 3) -> str:
    return event.parcel[:length]


def _yielding(_one: object, _other: Sent) -> Iterator[Sent]:
    yield _other


_YIELDING: tuple[Callable[[Context], Any], ...] = (
    lambda post: post.projection(key="parcel"),
    lambda post: post.process(key="parcel"),
    lambda post: post.reacts,
    lambda post: post.starts,
    lambda post: post.publishes,
    lambda post: post.decides(Order, id="parcel"),
)


@pytest.mark.parametrize("decorator", _YIELDING)
def test_a_generator_function_is_refused_where_it_would_be_called_and_nothing_of_it_run(
    decorator: Callable[[Context], Any],
) -> None:
    with pytest.raises(DefinitionError, match="yields, so a call of it does nothing yet"):
        decorator(Context("post"))(_yielding)


def test_what_is_called_by_place_cannot_be_taken_by_name() -> None:
    def send(*, _command: Send, _order: Order) -> None: ...

    with pytest.raises(DefinitionError, match=r"takes '_command' by its name alone; write no \* before it"):
        Context("post").decides(Order, id="parcel")(cast("Any", send))


def test_every_finding_is_told_at_once() -> None:
    post = Context("post")
    post.includes(Order)
    post.projection(key="parcel", shards=4)(parcels)
    post.projection(key="parcel", name="others")(parcels)
    post.projection(key="parcel")(letters)

    @post.on(name="letters")
    async def tell(_event: Sent, postman: Postman) -> None:
        postman.ring()

    @post.query(cache=timedelta(seconds=1))
    async def ask(_query: Ask) -> int:
        return 1

    @post.command
    async def send(_command: Send, postman: Postman) -> None:
        postman.ring()

    with pytest.raises(DefinitionError) as caught:
        App(post, store="memory:", inline=["parcels", "nobody"])
    said = "\n".join(caught.value.findings)
    wanted = [
        r"'letters' is the name of 2 projections, reactions and processes",
        r"projections 'parcels' and 'others' both have rows of Parcel",
        r"inline: 'parcels' has shards",
        r"inline: there is no projection 'nobody'",
        r"keeps its answers \(cache=\) and reads no ReadModel",
        r"reaction 'letters', parameter 'postman'.*Postman",
        r"send.*postman.*Postman",
    ]
    assert [finding for finding in wanted if not re.search(finding, said)] == []
    assert len(caught.value.findings) == len(wanted)


def test_a_query_of_rows_that_no_projection_has_is_refused() -> None:
    post = Context("post")

    @post.query
    async def ask(_query: Ask, rows: ReadModel[Parcel]) -> int:
        return len(await rows.find())

    with pytest.raises(DefinitionError, match="parameter 'rows': no projection here has rows of Parcel;"):
        App(post, store="memory:")


def test_what_is_asked_for_with_arguments_is_named_as_it_would_be_provided() -> None:
    post = Context("post")

    @post.on()
    async def tell(_event: Sent, postmen: Mapping[str, Postman]) -> None:
        postmen[""].ring()

    with pytest.raises(DefinitionError, match=re.escape("give it as provide={Mapping[str, Postman]: ...}")):
        App(post, store="memory:")


def test_one_text_is_no_list_of_projections() -> None:
    with pytest.raises(DefinitionError, match=re.escape("give a list of names, inline=['parcels']")):
        App(Context("post"), store="memory:", inline="parcels")


@given(st.from_regex(r"\{[a-z_]{0,12}\}", fullmatch=True).filter(lambda place: place != "{context}"))
def test_only_a_context_stands_in_braces_of_a_store_url(place: str) -> None:
    for parts in ([Context("post")], [shop, books]):
        with pytest.raises(DefinitionError, match=re.escape(f"has {place} in it; the name of a context goes where")):
            App(*parts, store=f"sqlite:///{{context}}{place}.db", provide={Till: Nothing()})
    App(Context("post"), store=f"postgresql://me:{place}@here/there")


def test_a_key_that_is_no_field_of_an_event_is_refused_where_it_is_declared() -> None:
    with pytest.raises(DefinitionError, match="key='box' is no field of Sent"):
        Context("post").projection(key="box")(parcels)


def test_a_search_through_what_is_no_text_is_refused_where_it_is_declared() -> None:
    def opened(_row: Open | None, event: Ordered) -> Open:
        return Open(event.order, event.text, event.tags, event.cents)

    with pytest.raises(DefinitionError, match="search= looks through text, and 'tags' is none"):
        Context("post").projection(key="order", search=["text", "tags"])(opened)


def test_two_contexts_of_one_name_are_refused() -> None:
    with pytest.raises(DefinitionError, match="2 contexts called 'post'"):
        App(Context("post"), Context("post"), store="memory:")


def test_contexts_never_share_a_store_by_accident() -> None:
    provide = {Till: Nothing()}
    with pytest.raises(DefinitionError, match=re.escape("put {context} into it")):
        App(shop, books, store="sqlite:///one.db", provide=provide)
    with pytest.raises(DefinitionError, match="has nothing for context 'books'"):
        App(shop, books, store={"shop": "memory:"}, provide=provide)
    opened = MemoryStore()
    for shared in ("sqlite:///one.db", "postgresql://me:secret@here/there", opened):
        with pytest.raises(DefinitionError, match=r"gives contexts 'shop' and 'books' the same store") as told:
            App(shop, books, store={"shop": shared, "books": shared}, provide=provide)
        assert "secret" not in str(told.value)
    app = App(shop, books, store=dict.fromkeys(("shop", "books"), "sqlite:///{context}.db"), provide=provide)
    assert app.stores == {"shop": "sqlite:///shop.db", "books": "sqlite:///books.db"}
    App(shop, books, store="sqlite:///{context}.db", provide=provide)


def test_what_no_context_of_the_app_publishes_cannot_be_followed() -> None:
    with pytest.raises(DefinitionError, match="no context of this App publishes Sold"):
        App(books, store="memory:")


def test_an_event_that_another_context_records_is_not_followed_as_ones_own() -> None:
    post = Context("post")

    @post.on(Ordered)
    async def note(event: Ordered) -> None: ...

    told = r"context 'post', 'note' follows Ordered, which context 'shop' records in a log of its own.*@shop\.publishes"
    with pytest.raises(DefinitionError, match=told):
        App(shop, post, store="memory:", provide={Till: Nothing()})
    post.includes(Order)
    App(shop, post, store="memory:", provide={Till: Nothing()})


def test_an_event_that_another_context_records_is_not_published_as_ones_own() -> None:
    post = Context("post")

    @post.publishes
    def announce(_event: Ordered) -> Announced:
        return Announced()

    told = r"context 'post', publishes \S*Announced of Ordered, which context 'shop' records in a log of its own"
    with pytest.raises(DefinitionError, match=told):
        App(shop, post, store="memory:", provide={Till: Nothing()})


def test_a_saga_that_two_contexts_register_is_refused_for_it_would_begin_in_one_of_them_only() -> None:
    class Carry(Saga):
        @step(undoable=False)
        async def carry(self) -> None: ...

    post, mail = Context("post"), Context("mail")
    post.saga(Carry)
    App(post, mail, store="memory:")
    mail.saga(Carry)
    told = "contexts 'post' and 'mail' both register the saga .*Carry, and App.start .* in 'post' alone; keep one"
    with pytest.raises(DefinitionError, match=told):
        App(post, mail, store="memory:")


def test_a_reaction_registered_without_brackets_is_told_at_once() -> None:
    async def note(_event: Sent) -> None: ...

    with pytest.raises(DefinitionError, match=r"note.*write @context\.on\(\) with its brackets"):
        Context("post").on(note)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("verb", ["process", "projection"])
def test_what_takes_keywords_only_says_so_without_its_brackets(verb: str) -> None:
    with pytest.raises(DefinitionError, match=rf"above parcels, write @context\.{verb}\(key=.*\) with its brackets"):
        getattr(Context("post"), verb)(parcels)


_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"key": 3}, "key=3; give the name of a field, a function of the event, or None"),
    ({"key": "parcel", "index": "parcel"}, "give a list of fields, index=['parcel']"),
    ({"key": "parcel", "search": "parcel"}, "give a list of fields, search=['parcel']"),
    ({"key": "parcel", "shards": "2"}, "shards='2'; there are 1 to 64"),
    ({"key": "parcel", "version": "2"}, "version='2'; versions count from 1"),
    ({"key": "parcel", "version": 10**6}, "version 1000000 is not in 1..32767"),
    ({"key": "parcel", "index": [("parcel", "parcel")]}, "the index ('parcel', 'parcel') is not of columns"),
    ({"key": "parcel", "index": [()]}, "the index () is not of columns"),
    ({"key": "parcel", "search": ["parcel", "parcel"]}, "columns of text, each once; 'parcel'"),
    ({"key": "parcel", "name": "events"}, "the name is the store's own"),
    ({"key": "parcel", "name": "leftfold_letters"}, "names that begin with leftfold_ and sqlite_ are the store's"),
    ({"key": "parcel", "name": "sqlite_parcels"}, "names that begin with leftfold_ and sqlite_ are the store's"),
    ({"key": _without}, "_without, which finds its key, takes (event), or (event, recorded)"),
    ({"key": _of_three}, "_of_three, which finds its key, takes (event), or (event, recorded)"),
    ({"key": _awaited}, "_awaited, which finds its key, is a coroutine function; make it a plain one"),
    (
        {"key": _of_metadata},
        "_of_metadata, which finds its key, is handed a RecordedEvent for '_metadata', not Metadata",
    ),
    (
        {"key": _defaulting},
        "_defaulting, which finds its key, is handed a RecordedEvent for 'length', never its default",
    ),
]


@pytest.mark.parametrize(("option", "advice"), _OPTIONS)
def test_an_option_of_another_type_is_refused_where_it_is_declared(option: dict[str, Any], advice: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(advice)):
        Context("post").projection(**option)(parcels)


def test_an_index_of_what_has_no_order_is_refused_where_it_is_declared() -> None:
    def opened(_row: Open | None, event: Ordered) -> Open:
        return Open(event.order, event.text, event.tags, event.cents)

    with pytest.raises(DefinitionError, match=r"projection 'opened'.*the index \('tags',\) has a column of JSON"):
        Context("post").projection(key="order", index=["tags"])(opened)


def test_a_fold_that_takes_what_nobody_hands_it_is_refused_where_it_is_declared() -> None:
    def counted(_row: Parcel | None, event: Sent, *, more: int) -> Parcel:
        return Parcel(event.parcel * more)

    with pytest.raises(DefinitionError, match=r"'counted' takes \(row, event\), or \(row, event, recorded\)"):
        Context("post").projection(key="parcel")(counted)


def test_a_fold_whose_third_parameter_is_no_recorded_event_is_refused_where_it_is_declared() -> None:
    def named(_row: Parcel | None, event: Sent, _metadata: Metadata) -> Parcel:
        return Parcel(event.parcel)

    def repeated(_row: Parcel | None, event: Sent, times: int = 2) -> Parcel:
        return Parcel(event.parcel * times)

    with pytest.raises(DefinitionError, match="'named' is handed a RecordedEvent for '_metadata', not Metadata"):
        Context("post").projection(key="parcel")(named)
    with pytest.raises(DefinitionError, match="'repeated' is handed a RecordedEvent for 'times', never its default"):
        Context("post").projection(key="parcel")(repeated)


def test_a_publication_that_takes_more_than_the_event_is_refused_where_it_is_declared() -> None:
    def announced(_event: Sent, _recorded: object) -> Announced:
        return Announced()

    with pytest.raises(DefinitionError, match="publication announced takes the event, and nothing else"):
        Context("post").publishes(announced)
