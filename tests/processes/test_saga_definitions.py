"""A saga that cannot run is refused where it is written, with every finding, and the step that it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from leftfold import (
    Attempt,
    DefinitionError,
    Outcome,
    Retry,
    Saga,
    Steps,
    parallel,
    step,
)
from leftfold.processes import Step
from leftfold.processes.saga import SagaType

_UNTYPED: Any = 5


def loosely(of: Step[Any]) -> Callable[[Callable[..., Any]], object]:
    """The decorator of its undo, for what a type checker would refuse."""
    return of.undo


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


def _deadline_beyond_all_moments() -> type[Saga]:
    class Endless(Saga, deadline=timedelta.max):
        @step(undoable=False)
        async def one(self) -> None: ...

    return Endless


def _words_of_other_types() -> type[Saga]:
    class Loose(Saga, deadline=_UNTYPED):
        @step(timeout=_UNTYPED, retry=_UNTYPED, refused=_UNTYPED)
        async def one(self) -> None: ...

        @one.undo(timeout=_UNTYPED, retry=_UNTYPED)
        async def unone(self, was: Outcome[None]) -> None: ...

    return Loose


class Sound(Saga):
    @step(undoable=False)
    async def one(self) -> None: ...


def _derived() -> type[Saga]:
    class Derived(Sound):
        @step(undoable=False)
        async def two(self) -> None: ...

    return Derived


class Lent:
    """Has a step, and is no saga."""

    @step(undoable=False)
    async def lent(self) -> None: ...


def _step_of_a_mixin() -> type[Saga]:
    class Borrowing(Saga, Lent):
        @step(undoable=False)
        async def own(self) -> None: ...

    return Borrowing


def _parallel_function() -> type[Saga]:
    class Bare(Saga):
        @step(undoable=False)
        async def one(self) -> None: ...

        async def two(self) -> None: ...

        both = parallel(one, cast("Any", two))

    return Bare


def _parallel_within_parallel() -> type[Saga]:
    class Nested(Saga):
        @step(undoable=False)
        async def one(self) -> None: ...

        @step(undoable=False)
        async def two(self) -> None: ...

        both = parallel(one, two)
        more = parallel(cast("Any", both), one)

    return Nested


def _undo_that_is_none() -> type[Saga]:
    class Torn(Saga):
        @step
        async def one(self) -> None: ...

        loosely(one)(_UNTYPED)

    return Torn


def _name_with_a_slash() -> type[Saga]:
    class Slashed(Saga, name="orders/place"):
        @step(undoable=False)
        async def one(self) -> None: ...

    return Slashed


def _step_that_is_a_field() -> type[Saga]:
    namespace: dict[str, object] = {"__annotations__": {"elsewhere": int}, "elsewhere": elsewhere}
    return cast("type[Saga]", SagaType("Both", (Saga,), namespace))


def _forgotten_step() -> type[Saga]:
    class Forgetful(Saga):
        @step(undoable=False)
        async def one(self) -> None: ...

        async def two(self) -> None: ...

    return Forgetful


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (_forgotten_step, "saga Forgetful: 'two' is async and no step, so nobody would call it; write @step above it"),
        (_step_of_a_mixin, "saga Borrowing: step 'lent' of Lent would be lost; write it in the class itself"),
        (_parallel_function, "parallel() begins steps, and <function"),
        (_parallel_within_parallel, "parallel() begins steps, and parallel('one', 'two') is none"),
        (_undo_that_is_none, "step 'one': its undo is 5; write an async method under @one.undo"),
        (_step_that_is_a_field, "saga Both: step 'elsewhere' has the name of a field; give one of them another"),
        (_name_with_a_slash, "saga Slashed: its name 'orders/place' holds '/', which stands between it and the id of"),
        (_no_steps, "saga Empty: it has no steps"),
        (_positional, "saga Loose: fields are always keyword-only"),
        (_no_undo, "saga Stays: step 'one' has no undo; write one with @one.undo"),
        (_undo_of_nothing, "saga Torn: step 'one' has an undo, and says undoable=False"),
        (_two_undos, "step 'one' has two undos"),
        (_undo_in_the_place_of_its_step, "step 'one': its undo has its name"),
        (_undo_after_the_pivot, "step 'two' comes after the pivot, from where nothing is undone; leave its undo out"),
        (
            _undoable_after_the_pivot,
            "step 'two' comes after the pivot, from where nothing is undone; leave undoable=False out",
        ),
        (_two_pivots, "saga Torn: there is one pivot at most; 'one', 'two' are declared so"),
        (_parallel_pivot, "saga Torn: step 'one' is the pivot, and begun together with others"),
        (_parallel_alone, "saga Alone: parallel() begins several steps at once, and has 1"),
        (_parallel_twice, "saga Twice: step 'one' stands here twice"),
        (_parallel_stranger, "saga Strange: parallel step 'elsewhere' is no step of this class"),
        (_other_name, "saga Named: step 'elsewhere' stands here as 'one'"),
        (_no_time, "saga Hasty: step 'one': timeout=0:00:00"),
        (_no_time_to_undo, "saga Hasty: step 'one': timeout=0:00:00"),
        (_no_tries, "Retry(attempts=0): tries count from 1"),
        (_no_tries_to_undo, "Retry(attempts=-1): tries count from 1"),
        (_undone_for_ever, "saga Stubborn: step 'one': its undo would be tried for ever"),
        (_deadline_in_the_past, "saga Over: deadline=0:00:00; give a time above 0"),
        (_deadline_beyond_all_moments, "23:59:59.999999; give 365000 days at most"),
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


def test_words_of_other_types_are_refused_at_the_class_statement() -> None:
    with pytest.raises(DefinitionError) as refused:
        _words_of_other_types()
    assert refused.value.findings == (
        "saga Loose: deadline=5; give a timedelta, as in timedelta(minutes=5)",
        "saga Loose: step 'one': retry=5; give a Retry, as in Retry(attempts=3)",
        "saga Loose: step 'one': timeout=5; give a timedelta, as in timedelta(minutes=5)",
        "saga Loose: step 'one': refused=5; give a tuple of exception classes",
    )


def test_every_finding_about_a_class_is_told_at_once() -> None:
    with pytest.raises(DefinitionError) as refused:
        _wrong_in_three_ways()
    assert [word in str(refused.value) for word in ("deadline", "'one'", "'two'")] == [True, True, True]


def test_what_is_async_and_no_step_may_help_steps_by_a_private_name_or_be_handed_to_them_by_a_function() -> None:
    class Helped(Saga):
        async def _ask(self) -> None: ...

        @step
        async def one(self) -> None:
            await self._ask()

        @one.undo
        async def unone(self, was: Outcome[None]) -> None: ...

        def told(self) -> str:
            return "plain"

    class Guided(Saga):
        async def order(self, attempt: Attempt) -> None: ...

        async def run(self, steps: Steps) -> None:
            await steps.do("order", self.order, undo=None)

    assert [cls.__name__ for cls in (Helped, Guided)] == ["Helped", "Guided"]
