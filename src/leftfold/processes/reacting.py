"""Choreography: commands that follow from events, without anybody who conducts; and what is expected of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from types import NoneType, UnionType
from typing import Any, Final, Union, cast, get_args, get_origin

from msgspec import Struct

from leftfold.errors import DefinitionError, InvalidInput
from leftfold.handling.signatures import described, signature_of
from leftfold.messages.annotations import plain_flaw, waiting_flaw
from leftfold.messages.command import Command
from leftfold.messages.consumer_view import followed_flaw, is_foreign
from leftfold.messages.message import name_flaw
from leftfold.messages.metadata import Metadata
from leftfold.messages.recorded import RecordedEvent
from leftfold.messages.unions import members_of
from leftfold.processes.beginning import Begun
from leftfold.processes.expecting import expectation
from leftfold.processes.limits import time_flaw
from leftfold.processes.outgoing import Origin, Post, command_id, outgoing
from leftfold.store.work import Begin
from leftfold.subscriptions.policy import Policy

__all__ = ["REACTION", "CommandReaction", "command_reaction_of", "responding", "translation_of"]

REACTION: Final = "reaction/"
"""What sends commands is named by it."""


class CommandReaction(Struct, frozen=True, eq=False):
    """Commands that follow from events.

    Args:
        name: of the reaction and its checkpoint.
        events: classes that it reacts to.
        sends: classes of commands that it sends.
        react: gives the commands of an event.
        within: how soon each is expected to be carried out, from when the event was recorded; None for no expectation.
        policy: what becomes of an event that the function raises at.
        where: the function's module and name.
        function: what was declared.
    """

    name: str
    events: frozenset[type]
    sends: tuple[type, ...]
    react: Callable[[RecordedEvent[object]], Sequence[Command[object]]]
    within: timedelta | None
    policy: Policy
    where: str
    function: Callable[..., object]


def responding(reaction: CommandReaction, context: str, post: Post) -> Begun:
    """What an event begins: its commands on their way, and what is expected of them.

    Args:
        context: name of the context that the reaction belongs to.
        post: where the commands go.
    """
    name = f"{context}.{reaction.name}"
    origin = Origin(name=f"{REACTION}{name}", id=f"{REACTION}{name}")

    def begun(recorded: RecordedEvent[object], first: int) -> list[Begin]:
        metadata = Metadata(
            correlation_id=recorded.metadata.correlation_id or str(recorded.id),
            causation_id=str(recorded.id),
            via=origin.name,
            actor=origin.name,
            tenant=recorded.metadata.tenant,
            subject=recorded.metadata.subject,
            extra={"reaction": name},
        )
        begins: list[Begin] = []
        for number, command in enumerate(reaction.react(recorded), start=first):
            sent = outgoing(post, command, command_id(origin, str(recorded.id), number), origin, metadata)
            begins.append(sent)
            if reaction.within is not None:
                due = recorded.recorded_at + reaction.within
                begins.append(expectation(name, sent, recorded.id, metadata, due))
        return begins

    return begun


def command_reaction_of(
    function: Callable[..., object], name: str | None, within: timedelta | None, policy: Policy
) -> CommandReaction:
    """Read a reaction from its function `(event)` or `(event, recorded)`, which returns commands.

    Raises:
        DefinitionError: it lists every finding, each with the name of the function.
    """
    signature = signature_of(function)
    where = f"reaction {name or getattr(function, '__name__', '')!r} ({signature.where})"
    findings = list(signature.findings)
    if flaw := plain_flaw(function):
        advice = "; what acts on the world is @context.on" if waiting_flaw(function) else ""
        findings.append(f"{where} {flaw}{advice}")
    hints = list(signature.parameters.values())
    if not 1 <= len(hints) <= 2:
        raise DefinitionError(*findings, f"{where} takes (event), or (event, recorded) to see times and actor")
    try:
        events = members_of(hints[0])
    except DefinitionError as error:
        raise DefinitionError(*findings, *(f"{where}: {one}" for one in error.findings)) from error
    findings += [f"{where}: {flaw}" for cls in events if (flaw := followed_flaw(cls))]
    if len(hints) == 2 and RecordedEvent not in (hints[1], get_origin(hints[1])):
        findings.append(f"{where}: its second parameter is a RecordedEvent, not {described(hints[1])}")
    sends = tuple(_sent(signature.returned))
    if signature.told and not (sends and all(isinstance(cls, type) and issubclass(cls, Command) for cls in sends)):
        findings.append(
            f"{where} returns {described(signature.returned)}; annotate what it sends: a command, a list of commands, "
            "or None"
        )
    if name is not None and (flaw := name_flaw(name)):
        findings.append(f"{where}: name={name!r:.80} {flaw}")
    if within is not None and (flaw := time_flaw("within", within)):
        findings.append(f"{where}: {flaw}, or None")
    if findings:
        raise DefinitionError(*findings)
    return CommandReaction(
        name=name or str(getattr(function, "__name__", "")),
        events=frozenset(events),
        sends=sends,
        react=_react_of(function, len(hints), sends, where, silent=_may_be_none(signature.returned)),
        within=within,
        policy=policy,
        where=signature.where,
        function=function,
    )


def translation_of(
    function: Callable[..., object], name: str | None, within: timedelta | None, policy: Policy
) -> CommandReaction:
    """Read a translation: a reaction to what other contexts publish, and to nothing else.

    Raises:
        DefinitionError: see `command_reaction_of`; or it takes an event of its own context.
    """
    made = command_reaction_of(function, name, within, policy)
    own = sorted(cls.__qualname__ for cls in made.events if not is_foreign(cls))
    if own:
        raise DefinitionError(
            f"translation {made.name!r} ({made.where}) takes {', '.join(own)}; it translates views and integration "
            "events of other contexts. What follows from own events is @context.reacts"
        )
    return made


def _sent(hint: object) -> Iterator[Any]:
    hint = _meant(hint)
    if get_origin(hint) in (Union, UnionType, list, tuple, Sequence):
        for part in get_args(hint):
            yield from _sent(part)
    elif hint not in (None, NoneType, Ellipsis):
        yield get_origin(hint) or hint


def _may_be_none(hint: object) -> bool:
    hint = _meant(hint)
    return hint in (None, NoneType) or (
        get_origin(hint) in (Union, UnionType) and any(map(_may_be_none, get_args(hint)))
    )


def _meant(hint: object) -> object:
    """What *hint* is, or is another name for."""
    while (aliased := getattr(hint, "__value__", None)) is not None:
        hint = aliased
    return hint


def _react_of(
    function: Callable[..., object], count: int, sends: tuple[type, ...], where: str, *, silent: bool
) -> Callable[[RecordedEvent[object]], Sequence[Command[object]]]:
    def react(recorded: RecordedEvent[object]) -> Sequence[Command[object]]:
        answer = function(recorded.event) if count == 1 else function(recorded.event, recorded)
        if answer is None and silent:
            return ()
        commands = cast("Sequence[object]", answer if isinstance(answer, list | tuple) else (answer,))
        for command in commands:
            if not isinstance(command, sends):
                raise InvalidInput(f"{where} returned {command!r:.80}, which it does not declare; mend one of the two")
        return cast("Sequence[Command[object]]", commands)

    return react
