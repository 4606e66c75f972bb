"""The steps of a saga, as their author declares them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar, cast, overload

from leftfold.domain.errors import DomainError
from leftfold.errors import DefinitionError
from leftfold.messages.given import is_bool, texts_flaw
from leftfold.processes.limits import refusals_flaw, retry_flaw, time_flaw
from leftfold.processes.outcome import Outcome
from leftfold.subscriptions.policy import Retry

__all__ = ["Parallel", "Step", "parallel", "step"]

P = ParamSpec("P")
R = TypeVar("R")

_RETRY: Final = Retry(attempts=3)
_UNDO: Final = Retry(attempts=10)
_A_MINUTE: Final = timedelta(minutes=1)


class Step(Generic[R]):
    """A step of a saga; made by `step`.

    Args:
        do: the method.
        retry: how often it is tried; None for the rule of its place: three times before the pivot, for ever after it.
        timeout: of one try.
        refused: errors which say for certain that nothing was done; any other leaves the step in doubt.
        pivot: whether there is no way back once it is done.
        undoable: False when there is nothing to undo.
        was: names that it had in versions before.
    """

    def __init__(  # noqa: PLR0913 - see `step`
        self,
        do: Callable[..., Awaitable[R]],
        *,
        retry: Retry | None,
        timeout: timedelta,
        refused: tuple[type[Exception], ...],
        pivot: bool,
        undoable: bool,
        was: tuple[str, ...] = (),
    ) -> None:
        self.do = do
        self.name: str = getattr(do, "__name__", "")
        self.timeout = timeout
        self.refused = refused
        self.pivot = pivot
        self.undoable = undoable
        self.was = was
        self.undoing: Callable[..., Awaitable[None]] | None = None
        self.undo_timeout = timeout
        self._retry = retry
        self._undo_retry = _UNDO

    def __repr__(self) -> str:
        return f"<step {self.name!r}>"

    def retry(self, *, after_pivot: bool) -> Retry:
        """How often it is tried."""
        if self._retry is not None:
            return self._retry
        return Retry(attempts=None) if after_pivot else _RETRY

    def flaws(self) -> Iterator[str]:
        """What is wrong with the words that it was declared with."""
        endless = "its undo would be tried for ever, and steps before it never undone; say Retry(attempts=...)"
        found = [
            retry_flaw(self.retry(after_pivot=False)),
            time_flaw("timeout", self.timeout),
            time_flaw("timeout", self.undo_timeout),
            refusals_flaw(self.refused),
            retry_flaw(self._undo_retry) or (endless if self._undo_retry.attempts is None else None),
        ]
        yield from dict.fromkeys(flaw for flaw in found if flaw)
        for word, given in (("pivot", self.pivot), ("undoable", self.undoable)):
            if not is_bool(given):
                yield f"{word}={given!r:.80}; give True or False"
        if flaw := texts_flaw("was", self.was, "names"):
            yield flaw

    @property
    def undo_retry(self) -> Retry:
        """How often its undo is tried before it is parked."""
        return self._undo_retry

    @overload
    def undo(
        self, function: Callable[Concatenate[Any, Outcome[R], P], Awaitable[None]], /
    ) -> Callable[Concatenate[Any, Outcome[R], P], Awaitable[None]]: ...
    @overload
    def undo(
        self, /, *, retry: Retry = ..., timeout: timedelta | None = ...
    ) -> Callable[
        [Callable[Concatenate[Any, Outcome[R], P], Awaitable[None]]],
        Callable[Concatenate[Any, Outcome[R], P], Awaitable[None]],
    ]: ...
    def undo(
        self, function: Callable[..., Any] | None = None, /, *, retry: Retry = _UNDO, timeout: timedelta | None = None
    ) -> Any:
        """Undo the step with a coroutine method of the saga, when a later one fails, or this one is in doubt.

        Its first parameter takes an `Outcome` of what the step returns; others are those of a step. `Attempt.undoes`
        is the key that the step was done with. It has to bear a step that never happened. With a `Repository[X]` it is
        transactional as a step is. What it changes in the saga's fields is forgotten.

        Args:
            retry: how often it is tried before it is parked, so that others are undone; ten times when left out.
            timeout: of one try; the step's when left out.
        """

        def register(undoing: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
            if self.undoing is not None:
                raise DefinitionError(f"step {self.name!r} has two undos: {self.undoing!r:.80} and {undoing!r:.80}")
            if not callable(undoing):
                raise DefinitionError(
                    f"step {self.name!r}: its undo is {undoing!r:.80}; write an async method under @{self.name}.undo"
                )
            if getattr(undoing, "__name__", "") == self.name:
                raise DefinitionError(
                    f"step {self.name!r}: its undo has its name, and would take its place in the class"
                )
            self.undoing = undoing
            self._undo_retry = retry
            self.undo_timeout = self.timeout if timeout is None else timeout
            return undoing

        return register if function is None else register(function)


class Parallel:
    """Steps that are begun at the same moment; made by `parallel`."""

    def __init__(self, steps: tuple[Step[Any], ...]) -> None:
        self.steps = steps

    def __repr__(self) -> str:
        return f"parallel({', '.join(repr(step.name) for step in self.steps)})"


@overload
def step(do: Callable[Concatenate[Any, P], Awaitable[R]], /) -> Step[R]: ...
@overload
def step(
    *,
    retry: Retry | None = ...,
    timeout: timedelta = ...,
    refused: tuple[type[Exception], ...] = ...,
    pivot: bool = ...,
    undoable: bool = ...,
    was: tuple[str, ...] = ...,
) -> Callable[[Callable[Concatenate[Any, P], Awaitable[R]]], Step[R]]: ...
def step(  # noqa: PLR0913 - each is a word about the step
    do: Callable[..., Awaitable[Any]] | None = None,
    /,
    *,
    retry: Retry | None = None,
    timeout: timedelta = _A_MINUTE,
    refused: tuple[type[Exception], ...] = (DomainError,),
    pivot: bool = False,
    undoable: bool = True,
    was: tuple[str, ...] = (),
) -> Any:
    """Make a coroutine method of a saga a step of it; steps are done in the order they are written.

    Its parameters are, by annotation, `Attempt`, whose key is the same at every try, and what `App(provide=...)` gives.
    With a `Repository[X]` the step is *transactional*: what its aggregates record is stored in one commit with the fact
    that it is done, so it happens once; such a step takes no `Attempt`. Any other step is *external*: that it has begun
    is stored before it is called, so that a try whose end nobody heard of is known to be in doubt.
    What it changes in the saga's fields is kept when it is done, and forgotten when it fails.

    Args:
        retry: how often it is tried; when left out, three times before the pivot, and for ever after it.
        timeout: of one try; the step is in doubt then.
        refused: errors which say for certain that nothing was done under the attempt's key, and it is not tried again;
            `DomainError` when left out. After any other error the step is in doubt and tried again, unless
            `Retry.unless` names it.
        pivot: there is no way back once it is done; what follows is tried until it succeeds.
        undoable: False when there is nothing to undo; otherwise give it an `undo`.
        was: names that it had in versions before, for instances that are migrated.
    """

    def register(function: Callable[..., Awaitable[Any]]) -> Step[Any]:
        return Step(function, retry=retry, timeout=timeout, refused=refused, pivot=pivot, undoable=undoable, was=was)

    return register if do is None else register(do)


def parallel(*steps: Step[Any]) -> Parallel:
    """Begin two or more external steps at the same moment, where the assignment of this stands in the class.

    ::

        sent = parallel(send_parcel, send_mail)

    The saga goes on when all of them are done. When one fails, those under way are waited for, and all are undone in
    the reverse of their order here. A field may be changed by one of them only.

    Raises:
        DefinitionError: one of them is no step.
    """
    for one in steps:
        if not isinstance(cast("object", one), Step):
            raise DefinitionError(f"parallel() begins steps, and {one!r:.80} is none; write @step above its method")
    return Parallel(steps)
