"""What a context publishes: functions from its domain events to integration events."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FrameType, UnionType
from typing import Any, Union, cast, get_args, get_origin

from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.messages.annotations import annotation_flaw, parameter_types, resolved
from leftfold.messages.event import event_flaw
from leftfold.messages.integration_event import IntegrationEvent

__all__ = ["Publication", "publication_of"]


class Publication(Struct, frozen=True):
    """What becomes of some domain events. Several of one event publish it several times: a version each.

    Args:
        takes: classes of domain events.
        gives: classes of integration events.
        publish: gives what is published of an event; None for nothing.
    """

    takes: tuple[type, ...]
    gives: tuple[type[IntegrationEvent], ...]
    publish: Callable[[Any], IntegrationEvent | None]


def publication_of(function: Callable[..., object], caller: FrameType | None = None) -> Publication:
    """Read from its annotations what *function* publishes.

    Raises:
        DefinitionError: it does not take domain events, or does not return integration events or None.
    """
    where = f"publication {getattr(function, '__name__', repr(function))}"
    takes = parameter_types(function, 0, caller)
    gives = _given(function, caller, where)
    findings = [f"{where}: {flaw}" for cls in takes if (flaw := event_flaw(cls))]
    if [each for each in inspect.signature(function).parameters.values() if each.default is each.empty][1:]:
        findings.append(f"{where} takes the event, and nothing else; what is published has to be in the event")
    findings += [
        f"{where} returns {cls!r:.80}, which is no IntegrationEvent; domain events never leave their context"
        for cls in gives
        if not (isinstance(cls, type) and issubclass(cls, IntegrationEvent))
    ]
    if not gives:
        findings.append(f"{where} publishes nothing; annotate what it returns with an IntegrationEvent")
    if findings:
        raise DefinitionError(*findings)
    return Publication(takes, gives, cast("Callable[[Any], IntegrationEvent | None]", function))


def _given(function: Callable[..., object], caller: FrameType | None, where: str) -> tuple[Any, ...]:
    annotation = inspect.signature(function).return_annotation
    try:
        hint = resolved(annotation, getattr(function, "__globals__", {}), caller)
    except NameError as error:
        raise DefinitionError(f"{where}: {annotation_flaw(error)}") from error
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return tuple(part for part in parts if part not in (None, type(None), inspect.Signature.empty))
