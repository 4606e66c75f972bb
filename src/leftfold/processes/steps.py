"""What a saga that is written as a function does its steps with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any, Final, Protocol, TypeVar, overload

from leftfold.domain.errors import DomainError
from leftfold.errors import DefinitionError
from leftfold.processes.declaring import Step
from leftfold.processes.outcome import Outcome
from leftfold.processes.saga import Saga
from leftfold.subscriptions.policy import Retry
from leftfold.subscriptions.reaction import Attempt

__all__ = ["Guiding", "Steps"]

R = TypeVar("R")
S = TypeVar("S", bound=Saga)

_NONE: Final = type(None)
_A_MINUTE: Final = timedelta(minutes=1)
_THREE_TIMES: Final = Retry(attempts=3)
_TEN_TIMES: Final = Retry(attempts=10)


class Guiding(Protocol):
    """Answers steps from the journal, or has them done."""

    async def answered(self, name: str, step: Step[R], returns: type[R]) -> R:
        """What the step returned."""
        ...

    async def child(self, name: str, saga: S) -> S:
        """The saga as it was when it was completed."""
        ...


class Steps:
    """Does the steps of a saga that is written as a function.

    ::

        class Restock(Saga):
            skus: tuple[str, ...]

            async def run(self, steps: Steps, supplier: Supplier) -> None:
                for sku in self.skus:
                    await steps.do(f"order {sku}", partial(supplier.order, sku), undo=partial(supplier.cancel, sku))

    The function is called again from its start whenever the saga goes on; a step that is done is answered at once, by
    its name. So between steps it does nothing that may not happen twice, and it awaits one step before the next. It may
    catch `StepRefused` and take another way; any error that it raises has the saga undone, and so has a step in doubt.
    Each call begins with the fields that the saga began with; what it has changed in them is kept at its end.
    """

    def __init__(self, guiding: Guiding) -> None:
        self._guiding = guiding
        self._asked: list[tuple[str, Coroutine[object, object, object]]] = []

    @overload
    async def do(
        self,
        name: str,
        do: Callable[[Attempt], Awaitable[R]],
        *,
        returns: type[R],
        undo: Callable[[Outcome[R], Attempt], Awaitable[None]] | None,
        retry: Retry = ...,
        undo_retry: Retry = ...,
        timeout: timedelta = ...,
        refused: tuple[type[Exception], ...] = ...,
    ) -> R: ...
    @overload
    async def do(
        self,
        name: str,
        do: Callable[[Attempt], Awaitable[None]],
        *,
        undo: Callable[[Outcome[None], Attempt], Awaitable[None]] | None,
        retry: Retry = ...,
        undo_retry: Retry = ...,
        timeout: timedelta = ...,
        refused: tuple[type[Exception], ...] = ...,
    ) -> None: ...
    def do(  # noqa: PLR0913 - each is a word about the step
        self,
        name: str,
        do: Callable[[Attempt], Awaitable[Any]],
        *,
        undo: Callable[[Outcome[Any], Attempt], Awaitable[None]] | None,
        returns: type[Any] = _NONE,
        retry: Retry = _THREE_TIMES,
        undo_retry: Retry = _TEN_TIMES,
        timeout: timedelta = _A_MINUTE,
        refused: tuple[type[Exception], ...] = (DomainError,),
    ) -> Any:
        """Do a step, unless it is done already; see `step` for what its words mean.

        Args:
            name: unique in this instance; put what a loop runs over into it.
            do: an external call; `Attempt.key` is the same at every try.
            returns: the type of what it returns, to read it again; None when left out.
            undo: undoes it; None when there is nothing to undo.

        Returns:
            What *do* returned, at whichever try.

        Raises:
            StepRefused: it was refused.
            DefinitionError: *retry*, *timeout* or *refused* is not of its type, or no time; it has the saga undone, as
                a step does that is not awaited.
        """

        async def done(_saga: Saga, attempt: Attempt) -> Any:  # noqa: ANN401 - whatever it returns
            return await do(attempt)

        made: Step[Any] = Step(
            done, retry=retry, timeout=timeout, refused=refused, pivot=False, undoable=undo is not None
        )
        made.name = name
        if undo is not None:

            async def undone(_saga: Saga, was: Outcome[Any], attempt: Attempt) -> None:
                await undo(was, attempt)

            made.undo(retry=undo_retry)(undone)
        if flaws := [f"step {name!r}: {flaw}" for flaw in made.flaws()]:
            raise DefinitionError(*flaws)
        return self._to_be_awaited(name, self._guiding.answered(name, made, returns))

    def child(self, name: str, saga: S) -> Awaitable[S]:
        """Have another saga done, and wait for it; nothing is held meanwhile.

        It is undone with this one, and may take as long for that as it needs. When it is stuck, the step here is
        parked: put the child right, then retry the step. When its pivot is done, nothing undoes it: skip the step, or
        resolve it once what the child did is taken back otherwise.

        Args:
            name: unique in this instance, like that of a step.
            saga: of the same context; with its fields as at its beginning.

        Returns:
            The saga as it was when it was completed.

        Raises:
            StepRefused: it was undone.
        """
        return self._to_be_awaited(name, self._guiding.child(name, saga))

    def check_awaited(self) -> None:
        """Raise `DefinitionError` when a step was asked for and not awaited: nothing of it was done."""
        forgotten = [(name, call) for name, call in self._asked if getcoroutinestate(call) == CORO_CREATED]
        for _, call in forgotten:
            call.close()
        if forgotten:
            raise DefinitionError(
                *(f"step {name!r:.80} is not awaited, so it is not done; write await" for name, _ in forgotten)
            )

    def _to_be_awaited(self, name: str, call: Coroutine[Any, Any, R]) -> Coroutine[Any, Any, R]:
        self._asked.append((name, call))
        return call
