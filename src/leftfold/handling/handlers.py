"""What handles what: plain data, read from functions that stay as they are."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, NewType, TypeVar, cast, get_origin
from weakref import WeakKeyDictionary

from msgspec import Struct
from msgspec.structs import fields

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.domain.lifecycle import core_of
from leftfold.errors import DefinitionError
from leftfold.handling.signatures import Signature, agrees, described, place_of, signature_of
from leftfold.messages.annotations import awaited_flaw, plain_flaw
from leftfold.messages.command import Command
from leftfold.messages.given import is_bool
from leftfold.messages.metadata import Metadata
from leftfold.messages.query import Query
from leftfold.messages.requests import Request, answer_type

__all__ = [
    "CommandHandler",
    "Decision",
    "QueryHandler",
    "command_handler_of",
    "decided_as",
    "decision_of",
    "decisions_of",
    "query_handler_of",
]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C", bound=Command[object])
R = TypeVar("R")

_DECISIONS: Final = WeakKeyDictionary[Callable[..., object], "tuple[str, bool | None]"]()
"""The field of the id and `exists` that each function was registered with, for tests of it; the function itself stays
as it is.
"""


class Decision(Struct, frozen=True):
    """A command that one aggregate, or one state of a decider, decides; pure, and run again after a conflict.

    Args:
        command: the class it decides.
        subject: the aggregate class or the decider.
        id: the field of the command that says which one.
        exists: whether there have to be events before; None for either.
        decide: gets the command and the aggregate, or the state of a decider.
        where: the function's module and name.
    """

    command: type[Command[object]]
    subject: type[Aggregate[Any]] | Decider[Any, Any, Any]
    id: str
    exists: bool | None
    decide: Callable[..., object]
    where: str


class CommandHandler(Struct, frozen=True):
    """A coroutine function that carries out a command.

    Args:
        command: the class it carries out.
        function: itself.
        message: the parameter that takes the command.
        needs: what every other parameter is to be given, by annotation.
        where: the function's module and name.
    """

    command: type[Command[object]]
    function: Callable[..., Awaitable[object]]
    message: str
    needs: Mapping[str, object]
    where: str


class QueryHandler(Struct, frozen=True):
    """A coroutine function that answers a query.

    Args:
        query: the class it answers.
        function: itself.
        message: the parameter that takes the query.
        needs: what every other parameter is to be given, by annotation.
        cache: how long an answer may be given again to an equal query; None for never.
        where: the function's module and name.
    """

    query: type[Query[object]]
    function: Callable[..., Awaitable[object]]
    message: str
    needs: Mapping[str, object]
    cache: timedelta | None
    where: str


def decision_of(
    function: Callable[[C, A], object], subject: type[A], *, id: str, exists: bool | None = None
) -> Decision:
    """Read how *function* lets an aggregate decide a command.

    Args:
        function: takes the command and the aggregate, and returns the command's result; a plain function.
        subject: the aggregate class.
        id: the field of the command that holds the aggregate's id.
        exists: True when the aggregate has to be there, False when it must not, None for either.

    Raises:
        DefinitionError: it lists every finding.
    """
    signature = signature_of(function)
    where, findings = signature.where, list(signature.findings)
    if flaw := plain_flaw(function):
        findings.append(f"{where} {flaw}")
    if not (exists is None or is_bool(exists)):
        findings.append(f"{where}: exists={exists!r:.80}; give True, False or None")
    core_of(subject)
    hints = list(signature.parameters.values())
    if len(inspect.signature(function).parameters) != 2:
        findings.append(f"{where} takes two parameters: the command and the {subject.__name__}")
    elif len(hints) == 2 and hints[1] is not subject:
        findings.append(f"{where} decides for {described(hints[1])}, and is registered for {subject.__name__}")
    command = _message_class(hints[0], Command, where, findings) if len(hints) == 2 else None
    if command is not None:
        findings.extend((*_id_flaws(command, id, where), *_answer_flaws(signature, command)))
    if findings or command is None:
        raise DefinitionError(*findings)
    if inspect.isfunction(function):
        _DECISIONS[function] = id, exists
    return Decision(command, subject, id, exists, function, where)


def decided_as(function: Callable[..., object]) -> tuple[str | None, bool | None]:
    """What `decision_of` was told about a function last, None for what nobody has said.

    Returns:
        The field of the command that holds the aggregate's id, and whether the aggregate has to be there.
    """
    return _DECISIONS.get(function, (None, None))


def decisions_of(decider: Decider[Any, Any, Any], *, id: str) -> tuple[Decision, ...]:
    """One decision for every command that *decider* decides.

    Args:
        decider: each of whose commands is a `Command` without a result, for a decider answers with events alone.
        id: the field of the commands that says which state.

    Raises:
        DefinitionError: it lists every finding.
    """
    where, findings, commands = place_of(decider.decide), list[str](), list[type[Command[object]]]()
    for each in decider.commands:
        command = _message_class(each, Command, where, findings)
        if command is None:
            continue
        commands.append(command)
        findings.extend(_id_flaws(command, id, where))
        if (answer := _answer_of(command, findings)) is not None:
            findings.append(
                f"{where}: {command.__qualname__} has the result {described(answer)}, and a decider answers with "
                "events alone; make it a Command without a result"
            )
    if findings:
        raise DefinitionError(*findings)
    return tuple(Decision(command, decider, id, None, decider.decide, where) for command in commands)


def command_handler_of(function: Callable[..., Awaitable[object]]) -> CommandHandler:
    """Read how *function* carries out a command.

    Args:
        function: a coroutine function; one parameter is annotated with the command's class, the others with what they
            are to be given.

    Raises:
        DefinitionError: it lists every finding.
    """
    message, command, needs, where = _handler_parts(function, Command)
    return CommandHandler(cast("type[Command[object]]", command), function, message, needs, where)


def query_handler_of(function: Callable[..., Awaitable[object]], cache: timedelta | None = None) -> QueryHandler:
    """Read how *function* answers a query.

    Args:
        function: a coroutine function; one parameter is annotated with the query's class, the others with what they
            are to be given.
        cache: how long an answer may be given again to an equal query; None for never.

    Raises:
        DefinitionError: it lists every finding.
    """
    where, flaws = place_of(function), list[str]()
    kept_for = cast("object", cache)
    if kept_for is not None and not isinstance(kept_for, timedelta):
        raise DefinitionError(f"{where}: cache={kept_for!r:.80}; give a timedelta, as in timedelta(seconds=30)")
    if cache is not None and cache <= timedelta(0):
        flaws.append(f"{where}: cache={cache} keeps nothing; give a time above 0")
    if cache is not None and Metadata in signature_of(function).parameters.values():
        flaws.append(
            f"{where}: a cached answer is for everybody; leave Metadata out, make who asks a field of the query"
        )
    message, query, needs, where = _handler_parts(function, Query, *flaws)
    return QueryHandler(cast("type[Query[object]]", query), function, message, needs, cache, where)


def _handler_parts(
    function: Callable[..., object], root: type, *flaws: str
) -> tuple[str, type[Request], Mapping[str, object], str]:
    signature = signature_of(function)
    where, findings = signature.where, [*flaws, *signature.findings]
    if flaw := awaited_flaw(function):
        findings.append(f"{where} waits for what it is given; {flaw}")
    messages = {name: hint for name, hint in signature.parameters.items() if _is_message(hint)}
    kind = root.__name__.lower()
    if len(messages) != 1:
        findings.append(f"{where} has {len(messages) or 'no'} parameters annotated with a {root.__name__}; give it one")
        raise DefinitionError(*findings)
    [(message, hint)] = messages.items()
    cls = _message_class(hint, root, where, findings)
    if cls is not None:
        findings.extend(_answer_flaws(signature, cls))
    if findings or cls is None:
        raise DefinitionError(*findings or [f"{where} handles no {kind}"])
    return message, cls, {name: hint for name, hint in signature.parameters.items() if name != message}, where


def _is_message(hint: object) -> bool:
    return isinstance(cls := get_origin(hint) or hint, type) and issubclass(cls, Command | Query)


def _message_class(hint: object, root: type, where: str, findings: list[str]) -> type[Any] | None:
    if isinstance(hint, type) and issubclass(hint, root) and hint is not root:
        return hint
    findings.append(f"{where}: {described(hint)} is no {root.__name__.lower()}; derive one class from {root.__name__}")
    return None


def _id_flaws(command: type[Command[object]], id: object, where: str) -> list[str]:
    try:
        types = {field.name: field.type for field in fields(command)}
    except NameError:  # told with the other fields, when the command itself is looked at
        return []
    if not isinstance(id, str) or id not in types:
        return [
            f"{where}: {command.__qualname__} has no field {id!r:.80}; id= names one of {', '.join(types) or 'none'}"
        ]
    if _plain_type(types[id]) is not str:
        return [f"{where}: {command.__qualname__}.{id} is {described(types[id])}; an id is text, make it str"]
    return []


def _plain_type(hint: object) -> object:
    """What a `NewType` is a name of."""
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    return hint


def _answer_of(cls: type[Request], findings: list[str]) -> object:
    try:
        return answer_type(cls)
    except DefinitionError as error:
        findings.extend(error.findings)
        return None


def _answer_flaws(signature: Signature, cls: type[Request]) -> list[str]:
    findings: list[str] = []
    declared = _answer_of(cls, findings)
    returned = signature.returned
    if not findings and signature.told and not agrees(returned, declared):
        findings.append(
            f"{signature.where} returns {described(returned)}, and {cls.__qualname__} declares {described(declared)}; "
            "make them agree"
        )
    return findings
