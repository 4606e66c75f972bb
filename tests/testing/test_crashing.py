"""A saga killed at each of its commits, against a world that keeps count."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from leftfold import (
    Aggregate,
    App,
    Attempt,
    Context,
    DomainError,
    Event,
    Outcome,
    Repository,
    Retry,
    Saga,
    applies,
    parallel,
    step,
)
from leftfold.errors import InvalidInput
from leftfold.store.port import Store
from leftfold.testing import CrashRun, ManualClock, crash_everywhere

_ONCE = Retry(attempts=1)


class Refused(DomainError):
    """The world says no."""


class World:
    """Does and undoes things, each key once; tells what is in effect."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.done: Counter[str] = Counter()
        self.undone: list[str] = []

    def do(self, key: str) -> None:
        """Do it, unless that fails; a key that is done already is answered again."""
        if self.failing and f"/{self.failing}/" in key:
            raise Refused
        self.done[key] = 1

    def undo(self, key: str) -> None:
        """Undo it; what was not done is kept from being done later."""
        if key not in self.undone:
            self.undone.append(key)
        self.done[key] = 0

    @property
    def in_effect(self) -> list[str]:
        """Steps that are done."""
        return [key.split("/")[-2] for key, count in self.done.items() if count]


class Announced(Event):
    """Trips of *traveller* are announced."""

    traveller: str


class News(Aggregate[Announced]):
    """What is known."""

    @applies
    def _announced(self, event: Announced) -> None: ...


class Trip(Saga):
    traveller: str

    @step(retry=_ONCE)
    async def book(self, world: World, attempt: Attempt) -> str:
        world.do(attempt.key)
        return "seat 1"

    @book.undo
    async def cancel(self, was: Outcome[str], world: World, attempt: Attempt) -> None:
        assert attempt.undoes is not None
        world.undo(attempt.undoes)

    @step
    async def rent(self, world: World, attempt: Attempt) -> None:
        world.do(attempt.key)

    @rent.undo
    async def give_back(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        assert attempt.undoes is not None
        world.undo(attempt.undoes)

    @step
    async def insure(self, world: World, attempt: Attempt) -> None:
        world.do(attempt.key)

    @insure.undo
    async def revoke(self, was: Outcome[None], world: World, attempt: Attempt) -> None:
        assert attempt.undoes is not None
        world.undo(attempt.undoes)

    beside = parallel(rent, insure)

    @step(pivot=True, retry=Retry(attempts=3, first=timedelta(minutes=1)))
    async def pay(self, world: World, attempt: Attempt) -> None:
        world.do(attempt.key)

    @step
    async def send_tickets(self, world: World, attempt: Attempt) -> None:
        world.do(attempt.key)


class Announce(Saga):
    """Says twice that somebody travels."""

    traveller: str

    @step(undoable=False)
    async def announce(self, news: Repository[News]) -> None:
        (await news.get("1")).record(Announced(traveller=self.traveller))

    @step(undoable=False)
    async def remind(self, news: Repository[News]) -> None:
        (await news.get("1")).record(Announced(traveller=self.traveller))


travel = Context("travel")
travel.saga(Trip)
travel.saga(Announce)
travel.includes(News)


def _app(world: World, store: Store, clock: ManualClock) -> App:
    return App(travel, store=store, clock=clock, workers=False, provide={World: world})


async def test_a_saga_killed_at_any_commit_has_done_everything_once() -> None:
    def check(world: World, run: CrashRun) -> None:
        assert run.view.status in ("completed", "compensated")
        assert (
            world.in_effect
            == {"completed": ["book", "rent", "insure", "pay", "send_tickets"], "compensated": []}[run.view.status]
        )

    runs = await crash_everywhere(Trip(traveller="Ada"), World, _app, check)
    assert [run.commit for run in runs] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, None]
    assert runs[-1].view.status == "completed"
    # Whether a step with one try was done when its worker was killed is not known, so it is undone.
    assert "compensated" in {run.view.status for run in runs}


@pytest.mark.parametrize("failing", ["book", "rent", "insure", "pay"])
async def test_a_saga_that_is_refused_and_killed_at_any_commit_has_undone_everything(failing: str) -> None:
    def check(world: World, run: CrashRun) -> None:
        assert run.view.status == "compensated"
        assert world.in_effect == []
        order = [key.split("/")[-2] for key in world.undone]
        assert order == [one for one in ("insure", "rent", "book") if one in order]

    runs = await crash_everywhere(Trip(traveller="Ada"), lambda: World(failing), _app, check)
    assert len(runs) > 3


async def test_what_a_check_finds_tells_where_the_saga_was_killed() -> None:
    def check(_world: World, run: CrashRun) -> None:
        assert not (run.commit == 2 and run.stored)

    with pytest.raises(AssertionError) as caught:
        await crash_everywhere(Trip(traveller="Ada"), World, _app, check)
    assert "killed after commit 2" in str(getattr(caught.value, "__notes__", ()))


async def test_each_run_begins_with_what_is_given_which_nothing_kills() -> None:
    ada, announced = Announced(traveller="Ada"), list[int]()

    async def given(app: App) -> None:
        announced.append((await app.events.append("news-1", ada, ada, expected=0)).position)

    def check(_world: World, run: CrashRun) -> None:
        assert run.events == [ada, ada]

    runs = await crash_everywhere(Trip(traveller="Ada"), World, _app, check, given=given)
    assert [run.commit for run in runs] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, None]
    assert announced == [2] * len(runs)


async def test_a_transactional_step_records_its_events_once_wherever_it_is_killed() -> None:
    ada, bob = Announced(traveller="Ada"), Announced(traveller="Bob")

    async def given(app: App) -> None:
        await app.events.append("news-1", ada, expected=0)

    def check(_world: World, run: CrashRun) -> None:
        assert run.view.status == "completed"
        assert run.events == [ada, bob, bob], "recorded twice, or lost"

    runs = await crash_everywhere(Announce(traveller="Bob"), World, _app, check, given=given)
    assert len(runs) > 3


async def test_what_is_given_has_to_be_async() -> None:
    def given(_app: App) -> None:
        pass

    with pytest.raises(InvalidInput, match="cannot be awaited; give an async function"):
        await crash_everywhere(
            Trip(traveller="Ada"),
            World,
            _app,
            lambda _world, _run: None,
            given=given,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        )
