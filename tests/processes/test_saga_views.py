"""The view of a saga: its fields typed, and the reason when there is no reading them."""

from __future__ import annotations

from typing import cast

import pytest

from leftfold import App, Attempt, Context, Saga, step
from leftfold.errors import DefinitionError, InvalidInput, UnreadableState
from leftfold.processes import SagaView
from leftfold.store import MemoryStore


class Trip(Saga):
    nights: int = 1
    room: str | None = None

    @step(undoable=False)
    async def book(self, _attempt: Attempt) -> None:
        self.room = f"room for {self.nights}"


class OtherSteps(Saga, name="Trip"):
    nights: int = 1
    room: str | None = None

    @step(undoable=False)
    async def book_it(self, _attempt: Attempt) -> None: ...


class OtherFields(Saga, name="Trip"):
    nights: str

    @step(undoable=False)
    async def book(self, _attempt: Attempt) -> None: ...


class Choosy(Saga, name="Trip"):
    nights: int = 1

    def __post_init__(self) -> None:
        raise RuntimeError("never")

    @step(undoable=False)
    async def book(self, _attempt: Attempt) -> None: ...


class NewTrip(Saga, name="Trip", version=2):
    nights: int = 1

    @step(undoable=False)
    async def book(self, _attempt: Attempt) -> None: ...


class Meal(Saga):
    nights: int = 1

    @step(undoable=False)
    async def cook(self, _attempt: Attempt) -> None: ...


def agency(*sagas: type[Saga]) -> Context:
    context = Context("agency")
    for saga in sagas:
        context.saga(saga)
    return context


async def taken(store: MemoryStore) -> SagaView:
    """A trip that has ended."""
    async with App(agency(Trip), store=store) as app:
        await app.start(Trip(nights=3), id="1")
        return await app.sagas.ended(Trip, "1", timeout=10)


async def test_a_view_is_read_as_the_saga_with_what_its_steps_have_changed() -> None:
    view = await taken(MemoryStore())
    trip = view.read(Trip)
    assert (trip, view.unreadable) == (Trip(nights=3, room="room for 3"), None)
    trip.room = "another"
    assert view.read(Trip).room == "room for 3"


@pytest.mark.parametrize(
    ("saga", "known"),
    [
        (Meal, "is read as Meal, which is 'Meal' version 1; give"),
        (NewTrip, "is read as NewTrip, which is 'Trip' version 2; give"),
        (Saga, "is read as Saga; give"),
    ],
)
async def test_a_view_is_not_read_as_another_saga_or_another_version(saga: type[Saga], known: str) -> None:
    view = await taken(MemoryStore())
    with pytest.raises(InvalidInput) as caught:
        view.read(saga)
    assert str(caught.value) == f"agency.Trip '1' runs by version 1, and {known} the class that it runs by"


async def test_a_view_is_read_as_a_class_of_sagas_only() -> None:
    view = await taken(MemoryStore())
    for wrong in (dict, Trip()):
        with pytest.raises(DefinitionError, match="is no class of sagas"):
            view.read(cast("type[Saga]", wrong))


@pytest.mark.parametrize("sagas", [(OtherSteps,), (Meal,)])
async def test_a_view_that_this_code_cannot_read_says_so_and_is_never_read_as_a_saga_of_defaults(
    sagas: tuple[type[Saga], ...],
) -> None:
    store = MemoryStore()
    await taken(store)
    async with App(agency(*sagas), store=store, workers=False) as app:
        [view] = [one async for one in app.sagas.find()]
    why = "it runs by the steps book, and" if OtherSteps in sagas else "no saga of this name and version is registered"
    assert (view.status, str(view.unreadable)[: len(why)]) == ("completed", why)
    with pytest.raises(UnreadableState) as caught:
        view.read(OtherSteps)
    assert str(caught.value) == view.reason
    assert caught.value.reason == view.unreadable


@pytest.mark.parametrize(("saga", "why"), [(OtherFields, "Expected `str`, got `int`"), (Choosy, "never")])
async def test_a_view_is_not_read_as_a_class_whose_fields_are_others(saga: type[Saga], why: str) -> None:
    view = await taken(MemoryStore())
    with pytest.raises(UnreadableState, match=why) as caught:
        view.read(saga)
    assert (caught.value.item, caught.value.queue) == ("saga/agency.Trip/1", "saga/agency.Trip/1")


async def test_a_saga_that_is_being_undone_is_read_all_the_same() -> None:
    async with App(agency(Trip), store=MemoryStore(), workers=False) as app:
        await app.start(Trip(nights=3), id="1")
        view = await app.sagas.abort(Trip, "1", who="ann", why="it rains")
    assert (view.reason, view.read(Trip)) == ("aborted by ann: it rains", Trip(nights=3))
