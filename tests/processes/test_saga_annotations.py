"""What the annotations of a saga's steps say is checked when it is registered, each finding with the step."""

from __future__ import annotations

from collections.abc import Callable
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
    Steps,
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


class Strange(Saga):
    """Wrong in the ways that show only with annotations resolved."""

    id: str
    gate: Gate

    @loose_step
    def plain(self) -> None: ...

    @loose_step
    async def bare(self, *gates: Gate) -> None: ...

    @loose_step
    async def selfless() -> None: ...

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
        "Strange.bare: parameter 'gates' is no plain parameter",
        "step 'selfless': 'selfless' takes no self; write it as a method of the saga",
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


def test_what_nothing_provides_to_a_function_is_told_when_the_app_is_made() -> None:
    shop = Context("shop")

    @shop.saga
    class Needy(Saga):
        async def run(self, steps: Steps, gate: Gate, sender: Sender) -> None: ...

    with pytest.raises(DefinitionError, match="Needy, run, parameter 'gate': nothing provides"):
        App(shop, store="memory:")
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
