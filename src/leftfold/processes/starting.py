"""Sagas that events start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from msgspec import Struct

from leftfold.errors import DefinitionError, InvalidInput
from leftfold.handling.signatures import described, signature_of
from leftfold.messages.annotations import plain_flaw
from leftfold.messages.consumer_view import followed_flaw
from leftfold.messages.metadata import Metadata
from leftfold.messages.recorded import RecordedEvent
from leftfold.messages.unions import members_of
from leftfold.processes.beginning import Begun
from leftfold.processes.definition import SagaDefinition
from leftfold.processes.saga import Saga
from leftfold.store.work import Begin
from leftfold.subscriptions.policy import Policy

__all__ = ["SagaStart", "saga_start_of", "starting"]


class SagaStart(Struct, frozen=True, eq=False):
    """A saga that follows from events.

    Args:
        name: of the follower and its checkpoint.
        events: classes of events that start it.
        sagas: classes of the sagas.
        start: gives the saga of an event; None for none.
        policy: what becomes of an event that the function raises at.
    """

    name: str
    events: frozenset[type]
    sagas: tuple[type[Saga], ...]
    start: Callable[[RecordedEvent[object]], Saga | None]
    policy: Policy


def saga_start_of(function: Callable[..., object], policy: Policy) -> SagaStart:
    """Read from its function `(event)` what starts which saga.

    Raises:
        DefinitionError: it lists every finding, each with the name of the function.
    """
    signature = signature_of(function)
    name = str(getattr(function, "__name__", ""))
    where = f"start {name!r} ({signature.where})"
    findings = list(signature.findings)
    if flaw := plain_flaw(function):
        findings.append(f"{where} {flaw}")
    hints = list(signature.parameters.values())
    if len(hints) != 1:
        raise DefinitionError(*findings, f"{where} takes the event, and nothing else")
    try:
        events = members_of(hints[0])
        returned = [cls for cls in members_of(signature.returned) if cls is not type(None)]
    except DefinitionError as error:
        raise DefinitionError(*findings, *(f"{where}: {one}" for one in error.findings)) from error
    findings += [f"{where}: {flaw}" for cls in events if (flaw := followed_flaw(cls))]
    if signature.told and not (returned and all(issubclass(cls, Saga) for cls in returned)):
        findings.append(f"{where} returns {described(signature.returned)}; annotate it with a saga, or a saga or None")
    if findings:
        raise DefinitionError(*findings)

    def start(recorded: RecordedEvent[object]) -> Saga | None:
        answer = function(recorded.event)
        if answer is not None and not isinstance(answer, Saga):
            raise InvalidInput(f"{where} returned {answer!r:.80}, which is no saga")
        return answer

    return SagaStart(name, frozenset(events), cast("tuple[type[Saga], ...]", tuple(returned)), start, policy)


def starting(one: SagaStart, definitions: Mapping[type[Saga], SagaDefinition]) -> Begun:
    """What an event begins; the id of the instance is that of the event, with its part if the event was split.

    Args:
        definitions: of the context's sagas, by class.
    """

    def begun(recorded: RecordedEvent[object], _number: int) -> list[Begin]:
        saga = one.start(recorded)
        if saga is None:
            return []
        metadata = Metadata(
            correlation_id=recorded.metadata.correlation_id or str(recorded.id),
            causation_id=str(recorded.id),
            actor=recorded.metadata.actor,
            tenant=recorded.metadata.tenant,
            subject=recorded.metadata.subject,
        )
        id = f"{recorded.id}.{recorded.part}" if recorded.part else str(recorded.id)
        return [definitions[type(saga)].begin(saga, id, metadata)]

    return begun
