"""Chains of upcasts: from any stored class to the classes of today, checked as a whole, composed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TypeAlias

from leftfold.errors import InvalidPayload
from leftfold.messages.event import event_name, event_version
from leftfold.messages.upcasting import Upcast, Upcaster, UpcastFault

__all__ = ["Chains", "Rise", "chain_flaws", "gap_flaws"]

Rise: TypeAlias = Callable[[object], tuple[object, ...]]
"""Brings an event of one class to what it is today; raises `UpcastFault`."""

_NAMED_GAPS = 5


class Chains:
    """How events of old classes become those of today.

    Args:
        upcasters: what upcasts each class that is upcast; without a cycle.
    """

    def __init__(self, upcasters: Mapping[type, Upcaster]) -> None:
        self._upcasters = upcasters

    def upcast_of(self, cls: type) -> str | None:
        """The qualified name of what upcasts events of *cls*, or None when nothing does."""
        upcaster = self._upcasters.get(cls)
        return upcaster.name if upcaster else None

    def current(self, cls: type) -> tuple[type, ...]:
        """The classes that may become of events of *cls*: itself when nothing upcasts it, none when it is dropped."""
        finals: dict[type, None] = {}
        waiting, seen = [cls], {cls}
        while waiting:
            each = waiting.pop()
            upcaster = self._upcasters.get(each)
            if upcaster is None:
                finals[each] = None
                continue
            new = [result for result in reversed(upcaster.returns.classes) if result not in seen]
            seen.update(new)
            waiting.extend(new)
        return tuple(finals)

    def rise(self, cls: type) -> Rise | None:
        """What brings events of *cls* to today, or None when they are of today; compose it once and keep it."""
        steps: list[tuple[Upcast, type]] = []
        upcaster = self._upcasters.get(cls)
        while upcaster is not None and (only := upcaster.only) is not None:
            steps.append((upcaster.function, only))
            upcaster = self._upcasters.get(only)
        straight = _straight(tuple(steps)) if steps else None
        return straight if upcaster is None else self._branching(straight, upcaster)

    def blame(self, event: object, hold: Callable[[object], object]) -> None:
        """Name the first upcast on the way from *event* to today that returned an event for which *hold* raises.

        Raises:
            UpcastFault: there is one; or an upcast raised, or returned what it does not declare.
        """
        waiting = [event]
        while waiting:
            each = waiting.pop(0)
            upcaster = self._upcasters.get(type(each))
            if upcaster is None:
                continue
            for result in upcaster.results(each):
                try:
                    hold(result)
                except InvalidPayload as error:
                    raise UpcastFault.unsound(upcaster.function, result, error) from error
                waiting.append(result)

    def _branching(self, straight: Rise | None, upcaster: Upcaster) -> Rise:
        rises = {cls: rise for cls in upcaster.returns.classes if (rise := self.rise(cls)) is not None}

        def branch(event: object) -> tuple[object, ...]:
            if straight is not None:
                (event,) = straight(event)
            events = upcaster.results(event)
            return tuple(final for each in events for final in rises.get(type(each), _alone)(each))

        return branch


def chain_flaws(upcasters: Mapping[type, Upcaster], known: Iterable[type]) -> Iterator[str]:
    """What is wrong with upcasts taken together, one sentence each.

    Args:
        upcasters: what upcasts each class.
        known: every class that is registered.
    """
    known = set(known)
    for source, upcaster in upcasters.items():
        for result in upcaster.returns.classes:
            if result is source:
                yield f"upcast {upcaster.name} takes {source.__qualname__} and returns it again; return a newer class"
            elif event_name(result) == event_name(source) and event_version(result) <= event_version(source):
                yield (
                    f"upcast {upcaster.name} goes from {_described(source)} down to v{event_version(result)}; "
                    "upcasts lead to newer versions"
                )
            if result not in known:
                yield (
                    f"upcast {upcaster.name} returns {result.__qualname__}, which is neither registered nor upcast "
                    "itself; add the class to the events, or an upcast that takes it; of several contexts, give the "
                    "upcast to the one whose events these are, with @context.upcasts"
                )
    if circle := _circle(upcasters):
        yield f"upcasts go in a circle: {' -> '.join(cls.__qualname__ for cls in circle)}; nothing would come out"


def gap_flaws(versions: Mapping[str, Iterable[int]]) -> Iterator[str]:
    """Which stored names have versions between others that nothing reads, one sentence each.

    Args:
        versions: the registered versions of each stored name, ascending.
    """
    for name, registered in versions.items():
        missing = [gap for low, high in pairwise(registered) for gap in range(low + 1, high)]
        if missing:
            known = ", ".join(f"v{version}" for version in registered)
            gaps = ", ".join(f"v{version}" for version in missing[:_NAMED_GAPS])
            more = f" and {len(missing) - _NAMED_GAPS} more" if len(missing) > _NAMED_GAPS else ""
            yield (
                f"event {name!r} is registered as {known}, and {gaps}{more} is missing: what is stored in between "
                "could not be read. Register the class of each version, or an upcast that takes it"
            )


def _straight(steps: tuple[tuple[Upcast, type], ...]) -> Rise:
    def rise(event: object) -> tuple[object, ...]:
        for function, only in steps:
            try:
                event = function(event)
            except Exception as error:
                raise UpcastFault.raised(function, error) from error
            if type(event) is not only:
                raise UpcastFault.returned(function, event)
        return (event,)

    return rise


def _alone(event: object) -> tuple[object, ...]:
    return (event,)


def _circle(upcasters: Mapping[type, Upcaster]) -> list[type]:
    """Classes of which each is upcast to the next and the last is the first again; empty when there are none."""
    graph = {cls: [each for each in upcaster.returns.classes if each is not cls] for cls, upcaster in upcasters.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[type] = error.args[1]
        return circle[::-1]
    return []


def _described(cls: type) -> str:
    return f"{cls.__qualname__} ({event_name(cls)!r} v{event_version(cls)})"
