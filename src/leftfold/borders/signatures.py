"""The words of other contexts in what a context says of itself: in the signatures of handlers, aggregates, messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, cast, get_args, get_origin, get_type_hints

from leftfold.borders.handlers import code_place, handlers_of, senders_of
from leftfold.borders.territory import Territory
from leftfold.borders.uses import KERNEL, Use
from leftfold.contexts.context import Context
from leftfold.domain.lifecycle import core_of

__all__ = ["spoken"]


def spoken(context: Context, territory: Territory) -> Iterator[Use]:
    """Classes of other contexts in the signatures of what *context* registers, and in the fields of its messages.

    The event that a handler takes is not told: that it is taken is. What an annotation names for type checkers only
    is told where it is imported.
    """
    for thing, taken in _things(context):
        module = str(getattr(thing, "__module__", ""))
        if territory.owner(module) != context.name:
            continue
        for cls in dict.fromkeys(_classes(thing)):
            owner = territory.owner(cls.__module__)
            if owner in ("", context.name) or owner.startswith(KERNEL) or cls in taken:
                continue
            yield Use(
                user=context.name,
                used=owner,
                kind="signature",
                subject=f"{cls.__module__}.{cls.__qualname__}",
                by=f"{module}.{getattr(thing, '__qualname__', '')}",
                of=cls.__module__,
                module=module,
                found_at=code_place(thing),
            )


def _things(context: Context) -> Iterator[tuple[object, frozenset[type]]]:
    """Functions and classes of *context*, each with the events that it takes."""
    nothing = frozenset[type]()
    for handler in handlers_of(context):
        yield handler.function, handler.events
    taking = {id(handler.function) for handler in handlers_of(context)}
    yield from ((function, nothing) for _, function in senders_of(context) if id(function) not in taking)
    yield from ((one.function, nothing) for one in context.commands)
    yield from ((one.function, nothing) for one in context.queries)
    yield from ((one.publish, nothing) for one in context.publications)
    yield from ((one.decide, nothing) for one in context.decisions)
    commands = [*(one.command for one in context.decisions), *(one.command for one in context.commands)]
    queries = [one.query for one in context.queries]
    yield from ((cls, nothing) for cls in (*commands, *queries, *context.sagas))
    for part in context.parts:
        yield from ((cls, nothing) for cls in core_of(part).vocabulary)
        if isinstance(part, type):
            yield part, nothing
            methods = (one for one in vars(part).values() if inspect.isfunction(one))
            yield from ((method, nothing) for method in methods)
        else:
            yield from ((function, nothing) for function in (part.decide, part.evolve))


def _classes(thing: object) -> Iterator[type]:
    try:
        hints = get_type_hints(cast("Callable[..., object]", thing))
    except Exception:  # noqa: BLE001 - an annotation is any expression, and may name what only type checkers import
        return
    for hint in hints.values():
        yield from _in(hint)


def _in(hint: Any) -> Iterator[type]:  # noqa: ANN401 - an annotation is any expression
    while (aliased := getattr(hint, "__value__", None)) is not None:
        hint = aliased
    if isinstance(hint, type) and get_origin(hint) is None:
        yield hint
    if isinstance(origin := get_origin(hint), type):
        yield origin
    for part in get_args(hint):
        yield from _in(part)
