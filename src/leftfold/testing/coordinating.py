"""Given, when, then, for processes: these events were handed in, now this one is, this is what comes next."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from leftfold.messages.requests import RequestForm
from leftfold.messages.values import ValueCodec
from leftfold.processes.next import IGNORE, Ignored, Next
from leftfold.testing.folding import as_recorded, check_taken, taken_by

__all__ = ["GivenProcess", "ThenNext"]

_S = TypeVar("_S")


class ThenNext(Generic[_S]):
    """What came of it; its methods say what should have. Each returns itself, for more than one of them.

    Raises:
        AssertionError: it came differently; the message shows what was expected and what happened.
    """

    def __init__(self, answers: tuple[Next[_S] | Ignored, ...], state: _S | None) -> None:
        self._answers = answers
        self._state = state

    def then(self, *answers: Next[_S] | Ignored) -> ThenNext[_S]:
        """The function answered exactly this, once for each event of `when`."""
        assert self._answers == answers, _contrast(_lines(answers), _lines(self._answers))
        return self

    def ignores(self) -> ThenNext[_S]:
        """The last event of `when` was ignored."""
        assert self._answers, _contrast("an event that is ignored", "no event was handed in")
        assert self._answers[-1] == IGNORE, _contrast("it is ignored", repr(self._answers[-1]))
        return self

    def state(self, expected: _S | None) -> ThenNext[_S]:
        """The instance has this state now; None when it has not begun."""
        assert self._state == expected, _contrast(repr(expected), repr(self._state))
        return self


class GivenProcess(Generic[_S]):
    """An instance of a process, after a history; what is due and what is refused is handed in like events.

    Args:
        function: the process, as `Context.process` gives it back.
        events: what was handed in before, oldest first.
    """

    def __init__(self, function: Callable[..., Next[_S] | Ignored], events: tuple[object, ...]) -> None:
        self._function = function
        self._takes_recorded = len(inspect.signature(function).parameters) > 2
        self._taken_classes = taken_by(function)
        self._state: _S | None = None
        self._ended = False
        self._position = 0
        for event in events:
            self._taken(event)

    def when(self, *events: object) -> ThenNext[_S]:
        """Hand in *events*, one after another: events, `TimerDue`, `CommandRefused`.

        What the function raises is the test's. Once it has ended, every event is ignored, and the function is not
        asked.

        Raises:
            InvalidPayload: a state cannot be stored.
            InvalidInput: a command cannot be sent, or the function's annotation names no such event.
        """
        answers = tuple(self._taken(event) for event in events)
        return ThenNext(answers, self._state)

    def _taken(self, event: object) -> Next[_S] | Ignored:
        if self._ended:
            return IGNORE
        self._position += 1
        recorded = as_recorded(event, self._position)
        check_taken(recorded.event, self._taken_classes, self._function)
        if self._takes_recorded:
            answer = self._function(self._state, recorded.event, recorded)
        else:
            answer = self._function(self._state, recorded.event)
        if isinstance(answer, Ignored):
            return answer
        codec = ValueCodec(type(answer.state), f"process {getattr(self._function, '__name__', '')!r}", "state")
        self._state = cast("_S", codec.load(codec.dump(answer.state)))
        self._ended = answer.ended
        for command in answer.commands:
            RequestForm(type(command)).checked(command)
        return answer


def _lines(answers: tuple[object, ...]) -> str:
    return "\n    ".join(map(repr, answers)) or "nothing"


def _contrast(expected: str, happened: str) -> str:
    return f"another answer\n  expected:\n    {expected}\n  happened:\n    {happened}"
