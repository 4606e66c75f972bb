"""A saga that cannot run is refused where it is written, with every finding, and the step that it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from leftfold import (
    Aggregate,
    App,
    Attempt,
    Context,
    DefinitionError,
    Done,
    Event,
    InDoubt,
    Outcome,
    Repository,
    Retry,
    Saga,
    Sender,
    applies,
    parallel,
    step,
)
from leftfold.processes import Step, saga_definition


class Opened(Event):
    pass


class Box(Aggregate[Opened]):
    def open(self) -> None:
        self.record(Opened())

    @applies
    def _opened(self, event: Opened) -> None:
        pass


class Gate:
    """Something that is provided."""


def loosely(of: Step[Any]) -> Callable[[Callable[..., Any]], object]:
    """The decorator of its undo, for what a type checker would refuse."""
    return of.undo


def loose_step(do: Callable[..., Any]) -> object:
    return step(undoable=False)(do)


@step(undoable=False)
async def elsewhere(self: Saga) -> None: ...


def _no_steps() -> type[Saga]:
    class Empty(Saga):
        id: str

    return Empty


def _positional() -> type[Saga]:
    class Loose(Saga, kw_only=False):
        @step(undoable=False)
        async def one(self) -> None: ...

    return Loose


def _no_undo() -> type[Saga]:
    class Stays(Saga):
        @step
        async def one(self) -> None: ...

    return Stays


def _undo_of_nothing() -> type[Saga]:
    class Torn(Saga):
        @step(undoable=False)
        async def one(self) -> None: ...

        @one.undo
        async def unone(self, was: Outcome[None]) -> None: ...

    return Torn


def _two_undos() -> type[Saga]:
    class Torn(Saga):
        @step
        async def one(self) -> None: ...

        @one.undo
        async def unone(self, was: Outcome[None]) -> None: ...

        @one.undo
        async def again(self, was: Outcome[None]) -> None: ...

    return Torn


def _undo_in_the_place_of_its_step() -> type[Saga]:
    class Torn(Saga):
        @step
        async def one(self) -> None: ...

        async def undo(self, was: Outcome[None]) -> None: ...

        undo.__name__ = "one"
        loosely(one)(undo)

    return Torn


def _undo_after_the_pivot() -> type[Saga]:
    class Late(Saga):
        @step(pivot=True)
        async def one(self) -> None: ...

        @step
        async def two(self) -> None: ...

        @two.undo
        async def untwo(self, was: Outcome[None]) -> None: ...

    return Late


def _undoable_after_the_pivot() -> type[Saga]:
    class Late(Saga):
        @step(pivot=True)
        async def one(self) -> None: ...

        @step(undoable=False)
        async def two(self) -> None: ...

    return Late


def _two_pivots() -> type[Saga]:
    class Torn(Saga):
        @step(pivot=True)
        async def one(self) -> None: ...

        @step(pivot=True)
        async def two(self) -> None: ...

    return Torn


def _parallel_pivot() -> type[Saga]:
    class Torn(Saga):
        @step(pivot=True)
        async def one(self) -> None: ...

        @step(undoable=False)
        async def two(self) -> None: ...

        both = parallel(one, two)

    return Torn


def _parallel_alone() -> type[Saga]:
    class Alone(Saga):
        @step(undoable=False)
        async def one(self) -> None: ...

        both = parallel(one)

    return Alone


def _parallel_twice() -> type[Saga]:
    class Twice(Saga):
        @step(undoable=False)
        async def one(self) -> None: ...

        both = parallel(one, one)

    return Twice


def _parallel_stranger() -> type[Saga]:
    class Strange(Saga):
        @step(undoable=False)
        async def one(self) -> None: ...

        both = parallel(one, elsewhere)

    return Strange


def _other_name() -> type[Saga]:
    class Named(Saga):
        one = elsewhere

    return Named


def _no_time() -> type[Saga]:
    class Hasty(Saga):
        @step(undoable=False, timeout=timedelta())
        async def one(self) -> None: ...

    return Hasty


def _no_time_to_undo() -> type[Saga]:
    class Hasty(Saga):
        @step
        async def one(self) -> None: ...

        @one.undo(timeout=timedelta())
        async def unone(self, was: Outcome[None]) -> None: ...

    return Hasty


def _no_tries() -> type[Saga]:
    class Idle(Saga):
        @step(undoable=False, retry=Retry(attempts=0))
        async def one(self) -> None: ...

    return Idle


def _no_tries_to_undo() -> type[Saga]:
    class Idle(Saga):
        @step
        async def one(self) -> None: ...

        @one.undo(retry=Retry(attempts=-1))
        async def unone(self, was: Outcome[None]) -> None: ...

    return Idle


def _undone_for_ever() -> type[Saga]:
    class Stubborn(Saga):
        @step
        async def one(self) -> None: ...

        @one.undo(retry=Retry(attempts=None))
        async def unone(self, was: Outcome[None]) -> None: ...

    return Stubborn


def _deadline_in_the_past() -> type[Saga]:
    class Over(Saga, deadline=timedelta()):
        @step(undoable=False)
        async def one(self) -> None: ...

    return Over


class Sound(Saga):
    @step(undoable=False)
    async def one(self) -> None: ...


def _derived() -> type[Saga]:
    class Derived(Sound):
        @step(undoable=False)
        async def two(self) -> None: ...

    return Derived


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (_no_steps, "saga Empty: it has no steps"),
        (_positional, "saga Loose: fields are always keyword-only"),
        (_no_undo, "saga Stays: step 'one' has no undo; write one with @one.undo"),
        (_undo_of_nothing, "saga Torn: step 'one' has an undo, and says undoable=False"),
        (_two_undos, "step 'one' has two undos"),
        (_undo_in_the_place_of_its_step, "step 'one': its undo has its name"),
        (_undo_after_the_pivot, "saga Late: step 'two' comes after the pivot"),
        (_undoable_after_the_pivot, "saga Late: step 'two' comes after the pivot"),
        (_two_pivots, "saga Torn: there is one pivot at most; 'one', 'two' are declared so"),
        (_parallel_pivot, "saga Torn: step 'one' is the pivot, and begun together with others"),
        (_parallel_alone, "saga Alone: parallel() begins several steps at once, and has 1"),
        (_parallel_twice, "saga Twice: step 'one' stands here twice"),
        (_parallel_stranger, "saga Strange: parallel step 'elsewhere' is no step of this class"),
        (_other_name, "saga Named: step 'elsewhere' stands here as 'one'"),
        (_no_time, "saga Hasty: step 'one': timeout=0:00:00"),
        (_no_time_to_undo, "saga Hasty: step 'one': timeout=0:00:00"),
        (_no_tries, "saga Idle: step 'one': Retry(attempts=...) below 1"),
        (_no_tries_to_undo, "saga Idle: step 'one': Retry(attempts=...) below 1"),
        (_undone_for_ever, "saga Stubborn: step 'one': its undo would be tried for ever"),
        (_deadline_in_the_past, "saga Over: deadline=0:00:00; it has to be more than nothing"),
        (_derived, "saga Derived: it is derived from the saga Sound, whose steps it would lose"),
    ],
)
def test_a_saga_that_cannot_run_is_refused_at_its_class_statement(written: Callable[[], type[Saga]], said: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        written()
    assert said in str(refused.value)


def _wrong_in_three_ways() -> type[Saga]:
    class Wrong(Saga, deadline=-timedelta(1)):
        @step
        async def one(self) -> None: ...

        @step(timeout=timedelta(), undoable=False)
        async def two(self) -> None: ...

    return Wrong


def test_every_finding_about_a_class_is_told_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        _wrong_in_three_ways()
    assert [word in str(refused.value) for word in ("deadline", "'one'", "'two'")] == [True, True, True]


class Strange(Saga):
    """Wrong in the ways that show only with annotations resolved."""

    id: str
    gate: Gate

    @loose_step
    def plain(self) -> None: ...

    @loose_step
    async def bare(self, *gates: Gate) -> None: ...

    @step(undoable=False)
    async def keyed(self, boxes: Repository[Box], attempt: Attempt) -> None: ...

    @step(undoable=False)
    async def sending(self, boxes: Repository[Box], sender: Sender) -> None: ...

    @step(undoable=False)
    async def returns(self) -> Gate: ...  # type: ignore[empty-body]

    @step
    async def done(self) -> int: ...  # type: ignore[empty-body]

    @step
    async def dealt(self) -> int: ...  # type: ignore[empty-body]

    @step
    async def kept(self) -> None: ...

    @step
    async def undone(self) -> None: ...

    @loosely(done)
    async def undo_done(self, was: Outcome[str]) -> None: ...

    @loosely(dealt)
    async def undo_dealt(self) -> None: ...

    @loosely(kept)
    async def undo_kept(self, was: Outcome[None]) -> int: ...  # type: ignore[empty-body]

    @undone.undo
    async def undo_undone(self, was: Outcome[None], boxes: Repository[Box], attempt: Attempt) -> None: ...


class Mixed(Saga):
    @step(undoable=False)
    async def one(self, boxes: Repository[Box]) -> None: ...

    @step(undoable=False)
    async def two(self) -> None: ...

    both = parallel(one, two)


@pytest.mark.parametrize(
    "said",
    [
        "step 'plain': 'plain' acts on the world; write async def",
        "step 'bare': tests.processes.test_saga_definitions.Strange.bare: parameter 'gates' is no plain parameter",
        "step 'keyed' takes a Repository and an Attempt",
        "step 'sending' takes a Repository and a Sender",
        "step 'returns'",
        "step 'done', its undo: annotate 'was' as Outcome[int]",
        "step 'dealt', its undo takes an Outcome[int] as its first parameter",
        "step 'kept', its undo returns int; nobody would be told, write -> None",
        "step 'undone', its undo takes a Repository and an Attempt",
        "field 'gate'",
    ],
)
def test_what_a_steps_annotations_say_wrongly_is_told_with_the_step(said: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        saga_definition(Strange, "shop")
    assert said in str(refused.value)


def test_a_transactional_step_is_begun_alone() -> None:
    with pytest.raises(DefinitionError, match="step 'one' is transactional, and begun together with others"):
        saga_definition(Mixed, "shop")


def test_saga_itself_is_no_saga() -> None:
    with pytest.raises(DefinitionError, match="Saga has no steps; derive a class"):
        saga_definition(Saga, "shop")


def test_what_nothing_provides_is_told_when_the_app_is_made() -> None:
    shop = Context("shop")

    @shop.saga
    class Needy(Saga):
        @step
        async def one(self, gate: Gate) -> None: ...

        @one.undo
        async def unone(self, was: Outcome[None], gate: Gate) -> None: ...

    with pytest.raises(DefinitionError) as refused:
        App(shop, store="memory:")
    assert "step 'one', parameter 'gate': nothing provides" in str(refused.value)
    App(shop, store="memory:", provide={Gate: Gate()})


def test_a_saga_is_registered_once_for_each_of_its_versions() -> None:
    shop = Context("shop")

    @shop.saga
    class First(Saga, name="Same", version=1):
        @step(undoable=False)
        async def one(self) -> None: ...

    @shop.saga
    class Second(Saga, name="Same", version=1):
        @step(undoable=False)
        async def one(self) -> None: ...

    with pytest.raises(DefinitionError, match=r"First and .*Second are both shop\.Same in version 1"):
        App(shop, store="memory:")


def test_steps_stand_in_the_order_of_the_class_and_parallel_ones_where_parallel_stands() -> None:
    class Ordered(Saga):
        @step
        async def second(self) -> None: ...

        @step
        async def first(self) -> None: ...

        @step(undoable=False)
        async def third(self) -> None: ...

        @step(pivot=True)
        async def last(self, boxes: Repository[Box]) -> None: ...

        begun = parallel(first, second)

        @step
        async def after(self) -> None: ...

    definition = saga_definition(Ordered, "shop")
    groups = [[plan.name for plan in group] for group in definition.groups]
    assert groups == [["third"], ["last"], ["first", "second"], ["after"]]


def test_a_step_is_tried_three_times_before_the_pivot_and_for_ever_after_it_unless_it_says_otherwise() -> None:
    class Trying(Saga):
        @step(undoable=False)
        async def before(self) -> None: ...

        @step(pivot=True)
        async def pivot(self) -> None: ...

        @step
        async def after(self) -> None: ...

        @step(retry=Retry(attempts=7))
        async def bounded(self) -> None: ...

    definition = saga_definition(Trying, "shop")
    assert [plan.retry.attempts for plan in definition.plans] == [3, 3, None, 7]


def test_an_outcome_says_whether_a_step_is_done_or_in_doubt() -> None:
    assert Done(3) == Done(3) != Done(4)
    assert InDoubt("no answer").reason == "no answer"
