"""Reactions as their authors declare them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.handling.signatures import signature_of
from leftfold.messages.annotations import awaited_flaw
from leftfold.messages.message import name_flaw
from leftfold.messages.unions import members_of
from leftfold.subscriptions.policy import Policy, policy_flaw

__all__ = ["Reaction", "reaction_of"]


class Reaction(Struct, frozen=True):
    """A side effect of events.

    Args:
        name: of the reaction and its checkpoint.
        events: classes that it reacts to.
        function: does it.
        message: the parameter that takes the event.
        needs: what every other parameter is to be given, by annotation.
        policy: what becomes of an event that it cannot react to.
    """

    name: str
    events: frozenset[type]
    function: Callable[..., Awaitable[object]]
    message: str
    needs: Mapping[str, object]
    policy: Policy


def reaction_of(
    function: Callable[..., Awaitable[object]], events: Sequence[type], name: str | None, policy: Policy
) -> Reaction:
    """Read a reaction from its function, whose first parameter takes the event.

    Args:
        events: those that it reacts to; what the first parameter is annotated with, when there are none.

    Raises:
        DefinitionError: it is no coroutine function, or its annotation names no events or others.
    """
    signature = signature_of(function)
    where, findings = signature.where, list(signature.findings)
    if flaw := awaited_flaw(function):
        findings.append(f"{where} acts on the world; {flaw}")
    if flaw := policy_flaw(policy):
        findings.append(f"{where}: {flaw}")
    if name is not None and (flaw := name_flaw(name)):
        findings.append(f"{where}: name={name!r:.80} {flaw}")
    parameters = dict(signature.parameters)
    if not parameters:
        raise DefinitionError(*findings, f"{where} takes the event as its first parameter")
    message = next(iter(parameters))
    annotated = members_of(parameters.pop(message))
    findings += [
        f"{where} reacts to {cls.__qualname__}, and its parameter {message!r} does not say so"
        for cls in events
        if cls not in annotated
    ]
    if findings:
        raise DefinitionError(*findings)
    return Reaction(
        name=str(getattr(function, "__name__", "")) if name is None else name,
        events=frozenset(events or annotated),
        function=function,
        message=message,
        needs=parameters,
        policy=policy,
    )
