"""Given, when, then: tests of aggregates, decisions, deciders and processes in the words of their events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import isasyncgen, isawaitable, iscoroutine, isfunction, isgenerator
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar, cast, overload

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.core import Core
from leftfold.domain.decider import Decider
from leftfold.domain.errors import DomainError
from leftfold.domain.folding import Fact, Folding
from leftfold.domain.lifecycle import core_of, load, pending
from leftfold.errors import AlreadyExists, InvalidInput, NotFound
from leftfold.handling.handlers import decided_as
from leftfold.handling.refusals import RefusalError, refused_as_it_is
from leftfold.messages.annotations import waiting_flaw
from leftfold.messages.codec import Codec
from leftfold.messages.command import Command
from leftfold.messages.given import call_flaw
from leftfold.messages.registry import Registry
from leftfold.messages.requests import RequestForm
from leftfold.messages.upcasting import Upcast
from leftfold.processes.next import Ignored, Next
from leftfold.testing.coordinating import GivenProcess
from leftfold.testing.folding import commands_of, decided_by

__all__ = ["GivenAggregate", "GivenCommand", "GivenDecider", "Then", "given"]

_A = TypeVar("_A", bound=Aggregate[Any])
_C = TypeVar("_C")
_M = TypeVar("_M", bound=Command[object])
_S = TypeVar("_S")
_E = TypeVar("_E")
_R = TypeVar("_R")
_P = ParamSpec("_P")

_ANY_ID: Final = "test"
"""The id of an aggregate when nobody says one."""


class Then(Generic[_R]):
    """What came of it; its methods say what should have. Each returns itself, for more than one of them.

    Raises:
        AssertionError: it came differently; the message shows what was expected and what happened.
    """

    def __init__(self, events: tuple[object, ...], result: _R | None, refusal: RefusalError | None) -> None:
        self._events = events
        self._result = result
        self._refusal = refusal

    def then(self, *events: object) -> Then[_R]:
        """Exactly these events were recorded, in this order."""
        self._not_refused()
        assert self._events == events, _contrast("events", _lines(events), _lines(self._events))
        return self

    def then_nothing(self) -> Then[_R]:
        """It was not refused, and nothing was recorded."""
        return self.then()

    def raises(self, error: type[RefusalError], **fields: object) -> Then[_R]:
        """It was refused with an error of this class, whose *fields* have these values; the others may be any.

        Args:
            error: a `DomainError`; `NotFound` or `AlreadyExists`, where `Context.decides` says `exists=`.

        Raises:
            InvalidInput: it is given an error, and no class.
        """
        if not isinstance(cast("object", error), type):
            name = type(error).__name__
            raise InvalidInput(f"raises() is given {error!r:.80}; give the class and its fields: raises({name}, ...)")
        refusal = self._refusal
        happened = _lines(self._events) if refusal is None else f"{type(refusal).__name__}: {refusal}"
        wanted = f"{error.__name__}" + "".join(f"\n    {name}={value!r}" for name, value in fields.items())
        known = refusal.fields if isinstance(refusal, DomainError) else vars(refusal or object)
        matches = isinstance(refusal, error) and all(
            name in known and known[name] == value for name, value in fields.items()
        )
        assert matches, _contrast("refusal", wanted, happened)
        return self

    def result(self, expected: _R) -> Then[_R]:
        """The method returned this."""
        self._not_refused()
        assert self._result == expected, _contrast("result", repr(expected), repr(self._result))
        return self

    def _not_refused(self) -> None:
        if self._refusal is not None:
            raise AssertionError(f"it was refused: {self._refusal}") from self._refusal


class GivenAggregate(Generic[_A]):
    """An aggregate with a history."""

    def __init__(self, aggregate: _A, codec: Codec) -> None:
        self._aggregate = aggregate
        self._codec = codec

    def when(self, method: Callable[Concatenate[_A, _P], _R], *args: _P.args, **kwargs: _P.kwargs) -> Then[_R]:
        """Call a method of the aggregate's class, `BankAccount.withdraw` for instance, with these arguments.

        A `DomainError` is kept for `Then.raises`; any other error is the test's.

        Raises:
            InvalidPayload: it recorded an event that cannot be stored.
            InvalidInput: *method* is no function, or what it returns is still to be awaited, or a generator.
        """
        if flaw := call_flaw(method, f"a method of {type(self._aggregate).__name__}, as it is named in its class"):
            raise InvalidInput(f"when: {flaw}")
        try:
            result = method(self._aggregate, *args, **kwargs)
        except DomainError as refusal:
            return Then((), None, refusal)
        if isawaitable(result):
            if iscoroutine(result):
                result.close()
            raise _waits(method)
        if isgenerator(result) or isasyncgen(result):
            raise InvalidInput(f"{method.__name__} yields, and nothing of it was run; write it without yield")
        events = tuple(each.event for each in pending(self._aggregate))
        _stored(self._codec, events)
        return Then(events, result, None)


class GivenCommand(Generic[_M, _A, _R]):
    """A function that lets an aggregate decide a command, and that aggregate with a history.

    Args:
        function: takes the command and the aggregate.
        history: gives the aggregate with its history, by its id, and what refuses every command about it.
        id: of the aggregate; that which the command says, when left out.
    """

    def __init__(
        self,
        function: Callable[[_M, _A], _R],
        history: Callable[[str], tuple[GivenAggregate[_A], NotFound | AlreadyExists | None]],
        id: str | None,
    ) -> None:
        self._function = function
        self._history = history
        self._id = id
        history(_ANY_ID if id is None else id)  # what is wrong with it is told here

    def when(self, command: _M) -> Then[_R]:
        """Let the aggregate decide *command*; see `GivenAggregate.when`.

        Where `Context.decides` says `exists=`, a history that is not so refuses it, as in an app.

        Raises:
            InvalidInput: it is no command that the function takes, or a field of it is not of its declared type, so an
                app would not hand it in.
        """
        function, taken = self._function, commands_of(self._function)
        if taken is not None and type(command) is not taken:
            raise InvalidInput(f"{function.__name__} decides {taken.__qualname__}, and {command!r:.80} is none")
        command = _sent(command)
        field, _ = decided_as(function)
        said = _ANY_ID if field is None else cast("str", getattr(command, field))
        aggregate, refusal = self._history(said if self._id is None else self._id)
        if refusal is not None:
            return Then((), None, refusal)
        return aggregate.when(lambda aggregate: function(command, aggregate))


class GivenDecider(Generic[_C, _S, _E]):
    """A decider with a history."""

    def __init__(self, decider: Decider[_C, _S, _E], state: _S, codec: Codec) -> None:
        self._decider = decider
        self._state = state
        self._codec = codec

    def when(self, command: _C) -> Then[None]:
        """Let it decide on *command*.

        A `DomainError` is kept for `Then.raises`; any other error is the test's.

        Raises:
            InvalidPayload: it decided on an event that cannot be stored.
            InvalidInput: a field of a `Command` is not of its declared type.
        """
        command = _sent(command)
        try:
            events = self._decider.decided(command, self._state)
        except DomainError as refusal:
            return Then((), None, refusal)
        _stored(self._codec, events)
        return Then(events, None, None)


@overload
def given(
    subject: Callable[[_M, _A], _R], *events: object, id: str | None = None, upcasts: Sequence[Upcast] = ()
) -> GivenCommand[_M, _A, _R]: ...
@overload
def given(
    subject: type[_A], *events: object, id: str | None = None, upcasts: Sequence[Upcast] = ()
) -> GivenAggregate[_A]: ...
@overload
def given(subject: Decider[_C, _S, _E], *events: _E) -> GivenDecider[_C, _S, _E]: ...
@overload
def given(subject: Decider[_C, _S, _E], *events: object, upcasts: Sequence[Upcast]) -> GivenDecider[_C, _S, _E]: ...
@overload
def given(subject: Callable[..., Next[_S] | Ignored], *events: object) -> GivenProcess[_S]: ...
def given(
    subject: type[Any] | Decider[Any, Any, Any] | Callable[..., Any],
    *events: object,
    id: str | None = None,
    upcasts: Sequence[Upcast] = (),
) -> GivenAggregate[Any] | GivenCommand[Any, Any, Any] | GivenDecider[Any, Any, Any] | GivenProcess[Any]:
    """Start from a history: these events, as they come back from a store.

    Args:
        subject: an aggregate class, a function that `Context.decides` takes, a decider, or the function of a process.
        events: its history, oldest first; none for one that is new. A process is handed `TimerDue` and
            `CommandRefused` like events.
        id: of the aggregate; when left out, that which the command says, for a function that `Context.decides` was
            given, and `test` otherwise.
        upcasts: what brings events of old versions to those of its vocabulary; the history may then hold such events.

    Raises:
        InvalidPayload: an event cannot be stored.
        DefinitionError: an event is not of its vocabulary, and no upcast takes it; or an upcast is wrong.
        InvalidInput: it is none of these; a function that has to be awaited has its command sent to an `App`.
    """
    if isfunction(subject):
        if waiting_flaw(subject) is not None:
            raise _waits(subject)
        if (aggregate := decided_by(subject)) is not None:
            decides_for, category, (_, exists) = aggregate, core_of(aggregate).category, decided_as(subject)

            def history(named: str) -> tuple[GivenAggregate[Any], NotFound | AlreadyExists | None]:
                about = f"{category}-{named}"
                refusal = None if exists is None else refused_as_it_is(about, len(events), exists=exists)
                return given(decides_for, *events, id=named, upcasts=upcasts), refusal

            return GivenCommand(subject, history, id)
        return GivenProcess(subject, events)
    if not isinstance(subject, type | Decider):
        raise InvalidInput(
            f"given({subject!r:.80}) is about nothing; give an aggregate class, a decider, or a function that "
            "`Context.decides` or `Context.process` takes"
        )
    decides, id = cast("type[Any] | Decider[Any, Any, Any]", subject), _ANY_ID if id is None else id
    core: Core[Any] = core_of(decides)
    codec = Codec(Registry(core.category, *core.vocabulary, upcasts=upcasts))
    folding, facts, stream = Folding(core, codec), _stored(codec, events), f"{core.category}-{id}"
    if isinstance(decides, Decider):
        state, _ = folding.fold(core.initial(id), facts, stream=stream)
        return GivenDecider(decides, state, codec)
    aggregate = core.initial(id)
    load(folding, aggregate, facts, stream)
    return GivenAggregate(aggregate, codec)


def _sent(command: _C) -> _C:
    """*command* as an app hands it on; a decider may have commands that no app is sent."""
    if not isinstance(command, Command):
        return command
    form: RequestForm[Any] = RequestForm(type(cast("Command[object]", command)))
    return cast("_C", form.checked(command))


def _waits(function: Callable[..., object]) -> InvalidInput:
    return InvalidInput(
        f"{getattr(function, '__name__', function)!s:.80} has to be awaited, and given() waits for nothing; open "
        'App(context, store="memory:"), send the command there, and look at what was recorded'
    )


def _stored(codec: Codec, events: tuple[object, ...]) -> list[Fact]:
    """*events* as a store would give them back."""
    written = enumerate(map(codec.encode, events), start=1)
    return [(version, each.type, each.schema_version, each.data) for version, each in written]


def _lines(events: tuple[object, ...]) -> str:
    return "\n    ".join(map(repr, events)) or "nothing was recorded"


def _contrast(what: str, expected: str, happened: str) -> str:
    return f"another {what}\n  expected:\n    {expected}\n  happened:\n    {happened}"
