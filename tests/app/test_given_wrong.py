"""What an app says to whoever hands it another thing than it takes: what it is, and what to give."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
import pytest_asyncio

from leftfold import (
    Aggregate,
    App,
    AsOf,
    Attempt,
    Command,
    Context,
    ReadModel,
    Saga,
    StreamName,
    UnitOfWork,
    applies,
    step,
)
from leftfold.errors import (
    DefinitionError,
    InvalidAppend,
    InvalidInput,
    InvalidQuery,
    InvalidStreamName,
    StoreClosed,
    StoreError,
    UnknownCommand,
    UnknownQuery,
)
from leftfold.handling import logged
from leftfold.projections.projection import Keys
from leftfold.store import MemoryStore
from tests.app.shop import Order, Ordered, Place, Till, books, shop

till = Context("till")


class Promise(Command[int]):
    order: str


@till.command
async def promise(command: Promise) -> int:  # noqa: ARG001 - names what it handles
    return cast("int", asyncio.get_running_loop().create_future())  # as an await that was left out


class Nothing:
    def note(self, what: str) -> None:
        raise AssertionError(what)


@till.saga
class Count(Saga):
    coins: int = 0

    @step(undoable=False)
    async def count(self, attempt: Attempt) -> None: ...


@dataclass(frozen=True)
class Text:
    text: str


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    stores = {context.name: "memory:" for context in (shop, books, till)}
    async with App(shop, books, till, store=stores, provide={Till: Nothing()}, workers=False) as opened:
        yield opened


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (Place, "It is a class; give a value of it"),
        (Count(), "It is a saga; start it"),
        (Ordered(order="1", text="", tags=[], cents=1), "It is an event"),
        (3, "It is no command"),
    ],
)
async def test_what_is_no_command_is_told_what_to_do_with_it(app: App, given: object, advice: str) -> None:
    with pytest.raises(UnknownCommand, match=advice):
        await app.send(cast("Command", given))


async def test_a_command_that_is_asked_is_told_to_be_sent(app: App) -> None:
    asked: Any = Place(order="1")
    with pytest.raises(UnknownQuery, match="It is a command; send it"):
        await app.ask(asked)


@pytest.mark.parametrize("id", [3, ""])
async def test_an_id_that_nothing_can_be_known_by_is_refused(app: App, id: object) -> None:
    with pytest.raises(InvalidInput, match="give a text that is not empty"):
        await app.send(Place(order="1"), id=cast("str", id))
    with pytest.raises(InvalidInput, match="give a text that is not empty"):
        await app.start(Count(), id=cast("str", id))
    assert await app.sagas.count() == {}


async def test_metadata_of_another_type_are_refused(app: App) -> None:
    metadata: Any = {"actor": "ann"}
    with pytest.raises(InvalidInput, match="give a Metadata"):
        await app.send(Place(order="1"), metadata=metadata)
    with pytest.raises(InvalidInput, match="give a Metadata"):
        await app.start(Count(), metadata=metadata)


@pytest.mark.parametrize("given", [Count, Place(order="1")])
async def test_what_is_no_saga_cannot_be_started(app: App, given: object) -> None:
    with pytest.raises(DefinitionError, match="is no saga; give a value of a class derived from Saga"):
        await app.start(cast("Saga", given))


async def test_statuses_that_there_are_not_are_refused_instead_of_finding_nothing(app: App) -> None:
    wrong: list[Any] = ["completed", ["complete"], None, 3, [["completed"]]]
    for statuses in wrong:
        with pytest.raises(InvalidQuery, match="give a list, of running, compensating, completed"):
            [view async for view in app.sagas.find(statuses=statuses)]
        with pytest.raises(InvalidQuery, match="give a list, of missing, waiting"):
            [view async for view in app.processes.find(statuses=statuses)]
        with pytest.raises(InvalidQuery, match="give a list, of waiting, sending"):
            [view async for view in app.processes.parked(statuses=statuses)]


async def test_sagas_and_processes_are_named_by_text(app: App) -> None:
    wrong: Any = 3
    with pytest.raises(InvalidQuery, match=r"no sagas are called '3'; there is till\.Count"):
        await app.sagas.show(wrong, "1")
    with pytest.raises(InvalidQuery, match="no processes are called 3"):
        await app.processes.show(wrong, "1")


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"provide": [Nothing()]}, "give a mapping, as in provide={Mail: Mail()}"),
        ({"provide": {Nothing: Nothing}}, "the class Nothing itself is no Nothing"),
        ({"provide": {"till": Nothing()}}, "'till' is no type; give what handlers annotate with"),
        ({"upcasts": sorted}, "give a list of functions"),
        ({"clock": datetime.now}, "give a Clock, an object with now()"),
        ({"middleware": sorted}, "give a list of coroutine functions"),
        (
            {"middleware": [logged]},
            "middleware logged is not called with call and proceed; give what it returns, logged()",
        ),
        ({"middleware": [Nothing]}, "middleware Nothing is not called with call and proceed"),
        ({"snapshots": 100}, "give Snapshots(...)"),
    ],
)
def test_settings_of_another_type_are_refused_before_anything_is_opened(settings: dict[str, Any], advice: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(advice)):
        App(till, store="memory:", **settings)


class Local:
    """A clock as people write it first."""

    def now(self) -> datetime:
        return datetime.now()  # noqa: DTZ005 - the missing zone is the point


async def test_a_clock_that_tells_no_zone_is_refused_before_a_store_is_opened(each_url: str) -> None:
    with pytest.raises(DefinitionError, match=r"Local object.*its now\(\).*has no zone; give one"):
        await App(till, store=each_url, provide={Nothing: Nothing()}, clock=Local()).__aenter__()


async def test_an_open_app_is_not_opened_again_and_stays_open(app: App) -> None:
    with pytest.raises(DefinitionError, match="is open already"):
        await app.__aenter__()
    assert (await app.send(Place(order="1"))).position == 1


async def test_an_app_that_is_being_opened_is_not_opened_again(each_url: str) -> None:
    app = App(shop, store=each_url, provide={Till: Nothing()}, workers=False)
    opened = await asyncio.gather(app.__aenter__(), app.__aenter__(), return_exceptions=True)
    assert [type(one) for one in opened] == [App, DefinitionError]
    assert (await app.send(Place(order="1"))).position == 1
    async with app.with_settings() as beside:
        assert beside is not app
    await app.__aexit__(None, None, None)
    with pytest.raises(StoreClosed):
        app.events  # noqa: B018 - it is not open


async def test_an_app_that_is_open_on_a_running_loop_is_not_opened_on_another(tmp_path: Path) -> None:
    async with App(Order, store=f"sqlite:///{tmp_path}/shop.db", workers=False) as app:
        for elsewhere in (lambda: asyncio.run(app.__aenter__()), app.sync().__enter__):
            with pytest.raises(DefinitionError, match="is open already; open another one beside it"):
                await asyncio.to_thread(elsewhere)
        await app.repository(Order).edit("1", Order.place, "tea", [], 1)
    with app.sync() as beside:  # what was open on the other loop is not any more
        assert beside.repository(Order).get("1").version == 1


async def test_an_app_that_is_open_on_a_running_loop_is_not_closed_on_another_and_stays_open(each_url: str) -> None:
    async with App(shop, store=each_url, provide={Till: Nothing()}) as app:
        with pytest.raises(DefinitionError, match="closed on the event loop that it was opened on"):
            await asyncio.to_thread(lambda: asyncio.run(app.__aexit__(None, None, None)))
        for waiting in (app.followed, app.ready):
            with pytest.raises(StoreError, match="another one runs here"):
                await asyncio.to_thread(asyncio.run, waiting())
        assert (await app.send(Place(order="1"))).position == 1


def test_an_app_without_a_loop_of_asyncio_says_that_it_needs_one() -> None:
    opening = App(Order, store="memory:").__aenter__()
    with pytest.raises(DefinitionError, match=r"runs on asyncio, .* call App\(...\).sync\(\) from a thread"):
        opening.send(None)  # as another framework would do


async def test_an_app_that_is_opened_in_the_other_way_says_how() -> None:
    closed: Any = App(Order, store="memory:")
    with pytest.raises(DefinitionError, match=r"opened by `async with App\(...\) as app:`"), closed:
        pass
    with pytest.raises(DefinitionError, match=r"opened by `with`; a program that awaits leaves `sync\(\)` out"):
        async with closed.sync():
            pass


async def test_what_is_still_to_be_awaited_is_no_decision(app: App) -> None:
    later = asyncio.get_running_loop().create_future()

    def place(order: Order) -> object:
        order.place("tea", [], 1)
        return later  # as a coroutine function does

    orders = app.repository(Order)
    with pytest.raises(DefinitionError, match="is still to be awaited, and nothing was stored"):
        await orders.edit("1", place)
    assert await orders.find("1") is None


async def test_what_a_generator_would_have_decided_is_no_decision(app: App) -> None:
    def place(order: Order) -> Iterator[int]:
        order.place("tea", [], 1)
        yield 1

    orders = app.repository(Order)
    with pytest.raises(DefinitionError, match="of which nothing was run, and nothing was stored"):
        await orders.edit("1", place)
    assert await orders.find("1") is None


async def test_what_is_called_is_a_function(app: App) -> None:
    orders = app.repository(Order)
    with pytest.raises(InvalidInput, match=r"'place' is no function; give a method of Order"):
        await orders.edit("1", cast("Any", "place"))
    with pytest.raises(InvalidQuery, match=r"'cents' is no function; give one of the state"):
        await orders.history("1", cast("Any", "cents"))

    async def value(order: Order) -> str:
        return order.id

    with pytest.raises(InvalidQuery, match="is async; write a plain def"):
        await orders.history("1", value)


def _placed(work: UnitOfWork) -> None:
    work.repository(Order).new("1").place("tea", [], 1)


async def test_a_unit_of_work_is_a_coroutine_function() -> None:
    async with App(Order, store="memory:") as app:
        with pytest.raises(InvalidInput, match="None is no function; give an async def"):
            await app.transact(cast("Any", None))
        with pytest.raises(InvalidInput, match="has nothing to await, and nothing was stored; give an async def"):
            await app.transact(cast("Any", _placed))
        assert await app.repository(Order).find("1") is None


async def test_a_unit_of_work_has_repositories_of_classes() -> None:
    async def work(kind: object, unit: UnitOfWork) -> None:
        unit.repository(cast("Any", kind))

    async with App(Order, store="memory:") as app:
        for wrong in (None, "order", Order("1")):
            with pytest.raises(DefinitionError, match="is no class of aggregates; give a class derived from Aggregate"):
                await app.transact(partial(work, wrong))


async def test_the_name_of_a_stream_is_a_text(app: App) -> None:
    with pytest.raises(InvalidStreamName, match="stream name 5: give its name, a text"):
        await app.events_of("shop").read(cast("Any", 5))


@pytest.mark.parametrize("wrong", [None, [], {}, shop])
async def test_what_is_no_text_names_no_stream_to_write_to(app: App, wrong: object) -> None:
    with pytest.raises(InvalidStreamName, match="is no text"):
        await app.events_of("shop").append(
            cast("str", wrong), Ordered(order="1", text="", tags=[], cents=1), expected=0
        )


@pytest.mark.parametrize("wrong", [3, [], {}, shop])
async def test_a_context_is_named_by_text(app: App, wrong: object) -> None:
    for asked in (app.assembly, app.running, app.events_of):
        with pytest.raises(DefinitionError, match=r"this App has no context .*; it has shop, "):
            asked(cast("str", wrong))


@pytest.mark.parametrize("id", [3, True, b"1", UUID(int=1), None, ""])
async def test_the_id_of_an_aggregate_is_a_text(app: App, id: object) -> None:
    orders, wrong = app.repository(Order), cast("str", id)
    advice = "the id of a Order is|the id is"
    with pytest.raises(InvalidStreamName, match=advice):
        await orders.edit(wrong, Order.place, "tea", [], 1)
    for asked in (orders.get, orders.find, orders.at):
        with pytest.raises(InvalidStreamName, match=advice):
            await asked(wrong)
    with pytest.raises(InvalidStreamName, match=advice):
        StreamName("order", wrong)
    with pytest.raises(InvalidStreamName, match=advice):
        Order(wrong)
    assert [order.id async for order in orders.each()] == []


@pytest.mark.parametrize("id", [None, "once"])
async def test_what_a_handler_left_to_be_awaited_is_no_result(app: App, id: str | None) -> None:
    with pytest.raises(DefinitionError, match="is still to be awaited, and nothing was stored"):
        await app.send(Promise(order="1"), id=id)


@pytest.mark.parametrize(
    ("moment", "advice"),
    [
        (date(2026, 3, 31), "is no datetime"),
        ("2026", "is no datetime"),
        (datetime.fromisoformat("2026-03-31"), "has no zone"),
    ],
)
async def test_what_is_no_moment_is_refused(app: App, moment: datetime, advice: str) -> None:
    orders = app.repository(Order)
    await orders.edit("1", Order.place, "tea", [], 1)
    with pytest.raises(InvalidQuery, match=advice):
        await orders.at("1", valid=moment)
    with pytest.raises(InvalidQuery, match=advice):
        await orders.history("1", lambda order: order.cents, since=moment)
    with pytest.raises(InvalidQuery, match=advice):
        [view async for view in app.sagas.forget(before=moment)]
    with pytest.raises(InvalidAppend, match=f"valid_at=.*{advice}"):
        await orders.edit(
            "1", lambda order: order.record(Ordered(order="1", text="", tags=[], cents=1), valid_at=moment)
        )


async def test_what_is_no_version_is_refused(app: App) -> None:
    orders, wrong = app.repository(Order), cast("int", "1")
    with pytest.raises(InvalidQuery, match="versions are counted from 1"):
        await orders.at("1", version=wrong)
    with pytest.raises(InvalidQuery, match="is no point in time; give AsOf"):
        await orders.diff("1", cast("AsOf", 1), AsOf(version=2))


async def test_one_text_is_no_list_of_keys() -> None:
    rows = ReadModel(shop.projections[0], MemoryStore())
    with pytest.raises(InvalidQuery, match="give a list of keys, or use get"):
        await rows.get_many("12")


async def test_rows_with_a_key_are_read_by_one_and_the_one_row_without() -> None:
    def first_letter(event: Ordered) -> str:
        return event.text[:1]

    def texts(_row: Text | None, event: Ordered) -> Text:
        return Text(event.text)

    def rows(key: Keys) -> ReadModel[Any]:
        context = Context("post")
        context.projection(key=key)(texts)
        return ReadModel(context.projections[0], MemoryStore())

    with pytest.raises(InvalidQuery, match=r"get\(\) on 'texts' is given no key.*: get\(order\)"):
        await rows("order").get()
    with pytest.raises(InvalidQuery, match=r": get\(first_letter\)"):
        await rows(first_letter).get()
    with pytest.raises(InvalidQuery, match=r"one row in all and no key '12'; use get\(\)"):
        await rows(None).get(12)


def test_whether_an_aggregate_exists_is_no_text() -> None:
    def place(command: Place, order: Order) -> None: ...

    with pytest.raises(DefinitionError, match="exists='yes'; give True, False or None"):
        Context("post").decides(Order, id="order", exists=cast("bool", "yes"))(place)


def test_a_class_is_not_recorded_and_a_text_is_no_number_of_events() -> None:
    with pytest.raises(DefinitionError, match="is given a class; give it an event"):
        Order("1").record(cast("Ordered", Ordered))
    with pytest.raises(DefinitionError, match="snapshot_every='3': give a number of events"):

        class _Kept(Aggregate[Ordered], snapshot_every=cast("int", "3")):  # pyright: ignore[reportUnusedClass]
            @applies
            def _ordered(self, event: Ordered) -> None: ...


@pytest.mark.parametrize("register", ["starts", "migrates", "reacts", "translates", "publishes"])
def test_what_is_no_function_cannot_be_registered(register: str) -> None:
    with pytest.raises(DefinitionError, match="5 is no function; write the decorator above one"):
        getattr(Context("till"), register)(5)


def test_what_is_no_function_is_no_process() -> None:
    process: Any = Context("till").process(key="id")
    with pytest.raises(DefinitionError, match="5 is no function; write the decorator above one"):
        process(5)
