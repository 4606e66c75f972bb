"""Projections in the words of their events: these have happened, this is the row, or these are the rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeGuard, TypeVar, cast
from uuid import UUID

from leftfold.contexts.context import Context
from leftfold.domain.aggregate import Aggregate
from leftfold.errors import InvalidInput, InvalidQuery
from leftfold.handling.signatures import signature_of
from leftfold.messages.command import Command
from leftfold.messages.recorded import RecordedEvent
from leftfold.messages.unions import members_of

__all__ = ["as_recorded", "check_taken", "commands_of", "decided_by", "fold", "rows", "taken_by"]

_Row = TypeVar("_Row")

_BEGIN: Final = datetime(2024, 1, 1, tzinfo=UTC)


def fold(projection: Callable[..., _Row]) -> Callable[..., _Row]:
    """Fold events into one row: `fold(balances)(deposited, withdrawn) == Balance(...)`.

    Each event is one of the row, whatever its key. A projection that takes the `RecordedEvent` too is given events one
    second apart from 1 January 2024 on, at positions from 1, of stream `test-1`; an argument that is a `RecordedEvent`
    is given as it is.

    Args:
        projection: the function, as `Context.projection` gives it back.

    Returns:
        What takes the events and gives the row after the last; None for no row.

    Raises:
        InvalidInput: from what is returned, for an event that the projection's annotation does not name.
    """
    taken = taken_by(projection)
    takes_recorded = len(inspect.signature(projection).parameters) > 2

    def folded(*events: object) -> _Row:
        row: _Row | None = None
        for position, event in enumerate(events, start=1):
            recorded = as_recorded(event, position)
            check_taken(recorded.event, taken, projection)
            row = projection(row, recorded.event, recorded) if takes_recorded else projection(row, recorded.event)
        return cast("_Row", row)

    return folded


def rows(context: Context, projection: str) -> Callable[..., Mapping[str, Any]]:
    """Fold events into every row they change, by key: `rows(bank, "balances")(...) == {"A": Balance(...)}`.

    Args:
        context: where the projection is declared.
        projection: its name.

    Returns:
        What takes the events, as `fold` does, and gives the rows that are there after the last, by the text of their
        keys. Events that the projection does not fold change none.

    Raises:
        InvalidQuery: the context has no such projection.
    """
    if not isinstance(cast("object", context), Context):
        raise InvalidInput(f"rows({context!r:.80}, ...) is given no context; give the one that declares the projection")
    known = {one.name: one for one in context.projections}
    if projection not in known:
        raise InvalidQuery(f"{context!r} has no projection {projection!r}; it has {', '.join(known) or 'none'}")
    found = known[projection]

    def folded(*events: object) -> Mapping[str, Any]:
        table: dict[str, Any] = {}
        for position, event in enumerate(events, start=1):
            recorded = as_recorded(event, position)
            if type(recorded.event) not in found.events:
                continue
            for key in found.keys(recorded.event, recorded):
                row = found.fold(table.pop(key, None), recorded)
                if row is not None:
                    table[key] = found.load(found.dump(row))
        return table

    return folded


def taken_by(function: Callable[..., object]) -> tuple[type, ...]:
    """The classes that the second parameter of a projection or process names: it is handed nothing else."""
    signature = signature_of(function)
    hints = list(signature.parameters.values())
    if len(hints) < 2:
        raise InvalidInput(
            f"{signature.where} is no projection or process; give a function of what there is and of an event, each "
            "with its annotation"
        )
    return members_of(hints[1])


def decided_by(function: Callable[..., object]) -> type[Aggregate[Any]] | None:
    """The aggregate class that *function* lets decide a command; None when its second parameter is none."""
    hints = list(signature_of(function).parameters.values())
    return hints[1] if len(hints) > 1 and _is_aggregate(hints[1]) else None


def commands_of(function: Callable[..., object]) -> type[Command[Any]] | None:
    """The class of commands that *function* takes; None when its first parameter is none."""
    hint = next(iter(signature_of(function).parameters.values()), None)
    return hint if _is_command(hint) else None


def check_taken(event: object, taken: tuple[type, ...], function: Callable[..., object]) -> None:
    """Raise `InvalidInput` unless *event* is of one of the classes that *function* is handed."""
    if deciding := [cls.__qualname__ for cls in taken if issubclass(cls, Aggregate)]:
        name, subject = f"{getattr(function, '__name__', function)!s:.80}", deciding[0]
        raise InvalidInput(f"{name} decides for {subject}; write given({name}, *events).when(command)")
    if isinstance(event, type):
        name = event.__qualname__
        raise InvalidInput(f"{name} is the class of what is handed in; give one of it, as in {name}(...)")
    if type(event) not in taken:
        names = ", ".join(cls.__qualname__ for cls in taken)
        raise InvalidInput(
            f"{getattr(function, '__name__', function)!s:.80} takes {names}, so an app never hands it {event!r:.80}; "
            "name the class in its annotation, or leave the event out"
        )


def _is_command(hint: object) -> TypeGuard[type[Command[Any]]]:
    return isinstance(hint, type) and issubclass(hint, Command)


def _is_aggregate(hint: object) -> TypeGuard[type[Aggregate[Any]]]:
    return isinstance(hint, type) and issubclass(hint, Aggregate)


def as_recorded(event: object, position: int, passed: timedelta = timedelta(0)) -> RecordedEvent[object]:
    """*event* as the one at *position* of a log, so much time later; one that is a `RecordedEvent` as it is."""
    if isinstance(event, RecordedEvent):
        return cast("RecordedEvent[object]", event)
    at = _BEGIN + timedelta(seconds=position - 1) + passed
    return RecordedEvent(
        event=event,
        stream="test-1",
        version=position,
        position=position,
        id=UUID(int=position),
        type=type(event).__name__,
        schema_version=1,
        occurred_at=at,
        recorded_at=at,
    )
