"""Which stored name and version stands for which event class, in one context."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import cast

from leftfold.errors import DefinitionError, UnknownEventType, UnknownSchemaVersion, UnreadableEvent
from leftfold.messages.chains import Chains, chain_flaws, gap_flaws
from leftfold.messages.event import event_flaw, event_name, event_version
from leftfold.messages.message import name_flaw
from leftfold.messages.shape import Shape, shape_of
from leftfold.messages.unions import EventTypes, members_of
from leftfold.messages.upcasting import Upcast, Upcaster, upcaster_of

__all__ = ["Registry"]

_NO_ALIASES: Mapping[str, type] = {}


class Registry:
    """The event classes of one context; two contexts may use the same names.

    Args:
        name: of the context.
        events: event classes, or unions of them; every version of an event is a class of its own.
        aliases: names that events were stored under before, each with the class that now stands for them.
        upcasts: functions from old event classes to newer ones; the classes they take are registered by that.

    Raises:
        DefinitionError: a class is no event or cannot be stored as JSON, two classes have the same name and version,
            an alias is wrong, an upcast says too little or leads nowhere, or a version between others is missing. It
            lists every finding.
    """

    def __init__(
        self,
        name: str,
        *events: EventTypes,
        aliases: Mapping[str, type] = _NO_ALIASES,
        upcasts: Sequence[Upcast] = (),
    ) -> None:
        self.name = name
        self.aliases: Mapping[str, str] = {}
        self._classes: dict[tuple[str, int], type] = {}
        self._shapes: dict[type, Shape] = {}
        self._versions: dict[str, list[int]] = {}
        self._upcasters: dict[type, Upcaster] = {}
        self.chains: Chains = Chains(self._upcasters)
        """What becomes of events of old classes."""
        frame = inspect.currentframe()
        findings = [
            *self._add_classes(events),
            *self._add_upcasts(upcasts, frame and frame.f_back),
            *self._add_aliases(aliases),
            *gap_flaws(self._versions),
        ]
        if findings:
            raise DefinitionError(*(f"registry {name!r}: {finding}" for finding in findings))

    @property
    def types(self) -> tuple[type, ...]:
        """Every event class, by name and version."""
        return tuple(self._classes[key] for key in sorted(self._classes))

    def key_of(self, cls: type) -> tuple[str, int]:
        """The stored name and the schema version of an event class.

        Raises:
            DefinitionError: the class is not registered.
        """
        if cls not in self._shapes:
            if not isinstance(cast("object", cls), type):
                raise DefinitionError(f"{cls!r:.80} is no class; give the class of an event")
            near = _near(cls.__name__, [known.__name__ for known in self._shapes])
            raise DefinitionError(
                f"registry {self.name!r} has no event class {cls.__qualname__}{near}; add it, or, when it is of an old "
                "version, the function that upcasts it, given as upcasts="
            )
        return event_name(cls), event_version(cls)

    def type_of(self, name: str, version: int) -> type | None:
        """The class that stands for a stored name (or an alias) and a schema version, or None."""
        return self._classes.get((self.aliases.get(name, name), version))

    def current(self, name: str) -> type:
        """The class with the highest version of a stored name or alias.

        Raises:
            KeyError: the name is not registered.
        """
        name = self.aliases.get(name, name)
        return self._classes[name, self._versions[name][-1]]

    def shape_of(self, cls: type) -> Shape:
        """What the fields of a registered class can hold."""
        return self._shapes[cls]

    def unknown(self, stream: str, version: int, type: str, schema_version: int) -> UnreadableEvent:
        """The error for a stored event that no registered class stands for; raise it.

        Args:
            stream: where the event is.
            version: its place in the stream, counted from 1.
            type: its stored name.
            schema_version: the version it was stored with, counted from 1.
        """
        known = self._versions.get(self.aliases.get(type, type))
        if known is None:
            reason = (
                f"registry {self.name!r} has no event of this name{_near(type, self._versions)}. Register its class; "
                f"if the class was renamed, give it name={type!r}, or the registry aliases={{{type!r}: TheClass}}"
            )
            return UnknownEventType(stream, version, type, schema_version, reason)
        versions = ", ".join(f"v{number}" for number in known)
        advice = (
            "Deploy the code that wrote it"
            if schema_version > max(known)
            else "Register the class of this version, or an upcast that takes it"
        )
        reason = f"registry {self.name!r} has it as {versions} only. {advice}"
        return UnknownSchemaVersion(stream, version, type, schema_version, reason)

    def _add_classes(self, events: tuple[EventTypes, ...]) -> Iterator[str]:
        for union in events:
            try:
                members = members_of(union)
            except DefinitionError as error:
                yield from error.findings
                continue
            for cls in members:
                if cls not in self._shapes:
                    yield from self._add(cls)

    def _add_upcasts(self, upcasts: Sequence[Upcast], caller: FrameType | None) -> Iterator[str]:
        given = cast("object", upcasts)
        if isinstance(given, str) or not isinstance(given, Iterable):
            yield f"upcasts={upcasts!r:.80}; give a list of functions"
            return
        for function in upcasts:
            try:
                upcaster = upcaster_of(function, caller)
            except DefinitionError as error:
                yield from (f"upcast {finding}" for finding in error.findings)
                continue
            for source in upcaster.sources:
                other = self._upcasters.setdefault(source, upcaster)
                if other is not upcaster:
                    yield f"{other.name} and {upcaster.name} both upcast {source.__qualname__}; keep one"
                elif source not in self._shapes:
                    yield from self._add(source)
        yield from chain_flaws(self._upcasters, self._shapes)

    def _add(self, cls: type) -> Iterator[str]:
        if flaw := event_flaw(cls):
            yield flaw
            return
        name, version = event_name(cls), event_version(cls)
        other = self._classes.setdefault((name, version), cls)
        if other is not cls:
            yield (
                f"{other.__qualname__} and {cls.__qualname__} both are event {name!r} v{version}; "
                "give one of them another name= or version="
            )
            return
        self._versions[name] = sorted([*self._versions.get(name, ()), version])
        self._shapes[cls] = shape_of(cls)
        yield from self._shapes[cls].findings

    def _add_aliases(self, aliases: Mapping[str, type]) -> Iterator[str]:
        accepted: dict[str, str] = {}
        if not isinstance(cast("object", aliases), Mapping):
            yield f'aliases={aliases!r:.80}; give a mapping, as in aliases={{"OldName": TheClass}}'
            return
        for alias, cls in aliases.items():
            if flaw := name_flaw(alias):
                yield f"alias {alias!r:.80} {flaw}"
            elif alias in self._versions:
                yield f"alias {alias!r} is the name of a registered event; leave the alias out, or rename the event"
            elif not isinstance(cast("object", cls), type):
                yield f"alias {alias!r} stands for {cls!r:.80}, which is no class; give the class of an event"
            elif cls not in self._shapes:
                yield f"alias {alias!r} stands for {cls.__qualname__}, which is not registered; add the class"
            else:
                accepted[alias] = event_name(cls)
        self.aliases = accepted


def _near(name: str, known: Mapping[str, object] | list[str]) -> str:
    from difflib import get_close_matches  # only an error needs it

    near = get_close_matches(name, list(known), n=3)
    return f" (near: {', '.join(map(repr, near))})" if near else ""
