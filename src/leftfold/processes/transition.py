"""One transition of one instance: what its function answers, and what that comes to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar, cast
from uuid import UUID, uuid5

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from leftfold.errors import InvalidInput
from leftfold.messages.consumer_view import ViewType, viewed_by
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.message import declaration_in
from leftfold.messages.metadata import Metadata
from leftfold.messages.recorded import RecordedEvent
from leftfold.processes.instance import Entry, Instance, Timer
from leftfold.processes.next import CommandRefused, Ignored, Next, TimerDue
from leftfold.processes.outgoing import Origin, Outgoing, Post, command_id, outgoing
from leftfold.processes.process import ABANDONED, Process
from leftfold.store.row_columns import time_fits
from leftfold.store.work import Begin

__all__ = ["Cause", "Taken", "event_causes", "name_of", "refusal_cause", "taken", "timer_cause"]

S = TypeVar("S")

_fields_in: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_NAMESPACE: Final = UUID("5a3ea1c6-30d4-5d5b-8a58-0c1e7f6d2b90")


class Cause(Struct, frozen=True, kw_only=True):
    """Why there is a transition.

    Args:
        recorded: what is handed in; the `event` of it is a `TimerDue` or `CommandRefused` when no event caused it.
        kind: what the journal calls it when it is applied.
        id: the same however often it is decided.
        metadata: of the commands that it leads to.
    """

    recorded: RecordedEvent[object]
    kind: Literal["applied", "timer", "refused"]
    id: str
    metadata: Metadata

    @property
    def what(self) -> str:
        """What the journal calls it."""
        match self.recorded.event:
            case TimerDue(name=name):
                return name
            case CommandRefused(command=command):
                return command
            case _:
                return name_of(self.recorded)

    @property
    def position(self) -> int:
        """Of the event in the log; 0 when there is none."""
        return self.recorded.position if self.kind == "applied" else 0


class Taken(Struct, frozen=True):
    """What a transition came to.

    Args:
        instance: as it is now.
        commands: to be put on their way.
        applied: False when the event was ignored.
    """

    instance: Instance
    commands: Sequence[Begin]
    applied: bool


def taken(process: Process[S], state: S | None, instance: Instance, cause: Cause, origin: Origin, post: Post) -> Taken:
    """Hand *cause* to the function of *process*.

    Args:
        state: None before the instance has begun.
        instance: as it was; one that has not begun when nothing is kept of it.
        origin: the instance, as what sends commands.

    Raises:
        InvalidInput, InvalidPayload, UnknownCommand: what the function returned cannot be done.
        Exception: what the function raised.
    """
    at = cause.recorded.recorded_at
    answer = process.decide(state, cause.recorded)
    if isinstance(answer, Ignored):
        note = "" if cause.kind == "applied" else "ignored"
        kind = "ignored" if cause.kind == "applied" else cause.kind
        entry = Entry(kind=kind, what=cause.what, at=at, position=cause.position, note=note)
        return Taken(instance.noted(entry), (), applied=False)
    if not isinstance(answer, Next):
        raise InvalidInput(
            f"process {process.name!r} returned {answer!r:.80} for {cause.what}; return Next(...) or IGNORE"
        )
    following = cast("Next[object]", answer)
    commands = [
        outgoing(post, command, command_id(origin, cause.id, number), origin, cause.metadata)
        for number, command in enumerate(following.commands)
    ]
    begun = instance if instance.begun else replace(instance, metadata=cause.metadata)
    moved = replace(
        begun,
        state=_beside_unknown(process, process.dump(following.state), instance.state),
        version=instance.version + 1,
        timers={} if following.ended else _timers(process, instance.timers, following, cause),
        ended=following.ended,
        parked=(),
    )
    entry = Entry(kind=cause.kind, what=cause.what, at=at, position=cause.position)
    return Taken(moved.noted(entry), commands, applied=True)


def name_of(recorded: RecordedEvent[object]) -> str:
    """The name by which a context knows an event: of what another context publishes, the published one."""
    cls = type(recorded.event)
    if isinstance(cls, ViewType):
        return viewed_by(cls).type
    if issubclass(cls, IntegrationEvent):
        declared = declaration_in(cls)
        return declared.name if declared else cls.__name__
    return recorded.type


def event_causes(parts: Sequence[RecordedEvent[object]], origin: Origin) -> list[Cause]:
    """The causes that one stored event comes to: one for each part that it reads as."""
    return [
        Cause(
            recorded=recorded,
            kind="applied",
            id=f"{recorded.id}.{number}" if number else str(recorded.id),
            metadata=_metadata(recorded.metadata, str(recorded.id), origin),
        )
        for number, recorded in enumerate(parts)
    ]


def timer_cause(name: str, timer: Timer, instance: Instance, origin: Origin, now: datetime) -> Cause:
    """The cause that a timer is whose time has come."""
    # the same moment may be set again: by a later transition, or by an instance that begins where one was forgotten
    id = f"{name}@{timer.due.isoformat()}/{timer.cause}/{instance.version}"
    due = TimerDue(name=name, due=timer.due)
    return _own_cause(due, id, "timer", _metadata(instance.metadata, timer.cause, origin), (instance, origin, now))


def refusal_cause(
    refused: CommandRefused, outgoing: Outgoing, command: str, instance: Instance, now: datetime
) -> Cause:
    """The cause that the refusal of a command is.

    Args:
        command: the id that it was sent with.
    """
    metadata = _metadata(outgoing.metadata, command, outgoing.origin)
    return _own_cause(refused, command, "refused", metadata, (instance, outgoing.origin, now))


def _own_cause(
    event: TimerDue | CommandRefused,
    id: str,
    kind: Literal["timer", "refused"],
    metadata: Metadata,
    place: tuple[Instance, Origin, datetime],
) -> Cause:
    instance, origin, now = place
    recorded: RecordedEvent[object] = RecordedEvent(
        event=event,
        stream=origin.id,
        version=instance.version + 1,
        position=0,
        id=uuid5(_NAMESPACE, f"{origin.id}\n{id}"),
        type=type(event).__name__,
        schema_version=1,
        occurred_at=event.due if isinstance(event, TimerDue) else now,
        recorded_at=now,
        metadata=metadata,
    )
    return Cause(recorded=recorded, kind=kind, id=id, metadata=metadata)


def _metadata(kept: Metadata, causation: str, origin: Origin) -> Metadata:
    return Metadata(
        correlation_id=kept.correlation_id or causation,
        causation_id=causation,
        via=origin.name,
        actor=origin.name,
        tenant=kept.tenant,
        subject=kept.subject,
        extra={"process": origin.id, "key": origin.key},
    )


def _beside_unknown(process: Process[Any], state: bytes, before: Raw) -> Raw:
    """*state* with what the one *before* holds and this code does not know: newer code, which runs beside, added it."""
    try:
        kept = _fields_in(before)
        unknown = {name: value for name, value in kept.items() if name not in process.fields}
        return Raw(msgspec.json.encode({**unknown, **_fields_in(state)}) if unknown else state)
    except msgspec.ValidationError:  # one of them is no object
        return Raw(state)


def _timers(
    process: Process[Any], known: Mapping[str, Timer], following: Next[object], cause: Cause
) -> dict[str, Timer]:
    at, timers = cause.recorded.recorded_at, dict(known)
    for name, when in following.timers:
        if when is None:
            timers.pop(name, None)
            continue
        if TimerDue not in process.own:
            raise InvalidInput(f"process {process.name!r} sets timer {name!r}, and does not take TimerDue; add it")
        if name == ABANDONED and process.abandoned is not None:
            raise InvalidInput(f"process {process.name!r} sets timer {name!r}, which abandoned= sets; use another name")
        due = when if isinstance(when, datetime) else at + when
        if not time_fits(due):  # an instance that is held for another timer is stored, and could not be let go
            raise InvalidInput(
                f"process {process.name!r} sets timer {name!r} for {due}, which is not in the years 1 to 9999 in UTC"
            )
        # In UTC: times of one zone are compared by its wall clock, which shows an hour twice, and seconds of an offset
        # are not kept.
        timers[name] = Timer(due=due.astimezone(UTC), cause=cause.metadata.causation_id or "")
    if process.abandoned is not None:
        timers[ABANDONED] = Timer(due=at + process.abandoned, cause=cause.metadata.causation_id or "")
    return timers
