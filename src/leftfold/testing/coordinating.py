"""Given, when, then, for processes: these events were handed in, now this one is, this is what comes next."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar, cast

from msgspec.structs import replace

from leftfold.errors import InvalidInput
from leftfold.messages.recorded import RecordedEvent
from leftfold.messages.requests import RequestForm
from leftfold.messages.values import ValueCodec
from leftfold.processes.next import IGNORE, NO_TIME, Ignored, Next, TimerDue
from leftfold.processes.process import ABANDONED
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

    Each event is recorded a second after the one before it. A `TimerDue` without a `due` is handed in when the timer of
    that name is due as the function has set it, and time goes on from there; `abandoned`, which the function does not
    set, a second later.

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
        self._passed = timedelta(0)
        self._timers: dict[str, datetime] = {}
        for event in events:
            self._taken(event)

    def when(self, *events: object) -> ThenNext[_S]:
        """Hand in *events*, one after another: events, `TimerDue`, `CommandRefused`.

        What the function raises is the test's. Once it has ended, every event is ignored, and the function is not
        asked.

        Raises:
            InvalidPayload: a state cannot be stored.
            InvalidInput: a command cannot be sent, the function's annotation names no such event, or a timer without a
                `due` is not set.
        """
        answers = tuple(self._taken(event) for event in events)
        return ThenNext(answers, self._state)

    def _taken(self, event: object) -> Next[_S] | Ignored:
        if self._ended:
            return IGNORE
        self._position += 1
        recorded = as_recorded(event, self._position, self._passed)
        check_taken(recorded.event, self._taken_classes, self._function)
        if isinstance(recorded.event, TimerDue):
            recorded = self._fired(recorded, recorded.event)
        if self._takes_recorded:
            answer = self._function(self._state, recorded.event, recorded)
        else:
            answer = self._function(self._state, recorded.event)
        if isinstance(answer, Ignored):
            return answer
        codec = ValueCodec(type(answer.state), f"process {getattr(self._function, '__name__', '')!r}", "state")
        self._state = cast("_S", codec.load(codec.dump(answer.state)))
        self._ended = answer.ended
        for name, when in answer.timers:
            self._timers.pop(name, None)
            if when is not None:
                self._timers[name] = when if isinstance(when, datetime) else recorded.recorded_at + when
        for command in answer.commands:
            RequestForm(type(command)).checked(command)
        return answer

    def _fired(self, recorded: RecordedEvent[object], timer: TimerDue) -> RecordedEvent[object]:
        """A timer, with the time that it was set to unless the test says one; it is not set any more."""
        due = self._timers.pop(timer.name, None)
        if timer.due != NO_TIME:
            return recorded
        if due is None and timer.name != ABANDONED:
            raise InvalidInput(
                f"{getattr(self._function, '__name__', self._function)!s:.80} has not set timer {timer.name!r:.80}, so "
                f"an app does not hand it in; set are: {', '.join(sorted(self._timers)) or 'none'}. Name one of these, "
                "or give it a due="
            )
        due = recorded.recorded_at if due is None else due
        late = max(due - recorded.recorded_at, timedelta(0))
        self._passed += late
        return replace(
            recorded,
            event=TimerDue(name=timer.name, due=due),
            occurred_at=due,
            recorded_at=recorded.recorded_at + late,
        )


def _lines(answers: tuple[object, ...]) -> str:
    return "\n    ".join(map(repr, answers)) or "nothing"


def _contrast(expected: str, happened: str) -> str:
    return f"another answer\n  expected:\n    {expected}\n  happened:\n    {happened}"
