"""What a handler is given for its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Concatenate, Final, Never, NewType, ParamSpec, TypeAlias, TypeVar, get_args, get_origin

from msgspec import Struct

from leftfold.domain.aggregate import Aggregate
from leftfold.errors import InvalidAppend
from leftfold.handling.loading import Loader
from leftfold.handling.receipt import Receipt
from leftfold.handling.repository import Repository
from leftfold.handling.signatures import described
from leftfold.handling.tracking import Tracking
from leftfold.handling.unit_of_work import UnitOfWork
from leftfold.messages.metadata import Metadata
from leftfold.store.event_store import EventStore
from leftfold.store.events import AppendCondition, Appended, ToStream
from leftfold.store.transaction import Write

__all__ = ["Handling", "Resolver", "Scope", "Supply"]

_PLACES: Final = re.compile(r"[\w<>]+\.")
"""What stands before a class's own name."""

A = TypeVar("A", bound=Aggregate[Any])
P = ParamSpec("P")
R = TypeVar("R")


class Handling(Struct, frozen=True):
    """One run of a handler.

    Args:
        loader: of the store it works on.
        metadata: of its command or query.
        tracking: what its repositories load and record; None for a query, which records nothing.
    """

    loader: Loader
    metadata: Metadata
    tracking: Tracking | None = None


Supply: TypeAlias = Callable[[Handling], object]
"""Makes what one parameter is given, for one run of a handler."""

Resolver: TypeAlias = Callable[[object], Supply | None]
"""Says how parameters of an annotation are given what they need; None when it has nothing for it."""


class Scope:
    """What the handlers of an app can be given, by annotation: repositories of its aggregates, the events of its store
    for reading, the metadata, what its resolvers know, and what was provided.

    Args:
        aggregates: the app's aggregate classes.
        provide: anything else, by the type or protocol that handlers name.
        resolvers: asked before *provide*, in their order.
        absent: says why an annotation that a resolver is for cannot be had; None when it is for none.
    """

    def __init__(
        self,
        aggregates: Collection[type[Aggregate[Any]]],
        provide: Mapping[type[Any], object],
        resolvers: Sequence[Resolver] = (),
        absent: Callable[[object], str | None] = lambda _: None,
    ) -> None:
        self._aggregates = aggregates
        self._absent = absent
        self._provided = dict[object, object](provide.items())
        self._resolvers: tuple[Resolver, ...] = (self._of_the_store, *resolvers, self._of_the_provided)

    def resolve(self, annotation: object) -> Supply | None:
        """How a parameter of *annotation* is given what it needs; None when nothing here fits."""
        return next((supply for resolver in self._resolvers if (supply := resolver(annotation))), None)

    def missing(self, annotation: object) -> str:
        """Why *annotation* is not to be had, and what to do."""
        name = described(annotation)
        if get_origin(annotation) is Repository:
            return f"{name} is of an aggregate that is not here; add the class"
        if annotation is UnitOfWork:
            return (
                f"no handler is given a {name}, for each run of a handler is one unit of work; take a Repository[X] "
                "for each aggregate: all that they record is stored in one commit"
            )
        if reason := self._absent(annotation):
            return reason
        if getattr(annotation, "__parameters__", ()) and getattr(annotation, "__module__", "").startswith("leftfold."):
            return f"{name} does not say of what; write {name}[X], with the class"
        return f"nothing provides {name}; give it as provide={{{_PLACES.sub('', name)}: ...}}"

    def flaws(self) -> list[str]:
        """What is provided under no type, or under one that it is not of, a sentence each."""
        nameless = [key for key in self._provided if not _is_annotation(key)]
        return [f"provide: {key!r:.80} is no type; give what handlers annotate with" for key in nameless] + [
            f"provide: {_kind(value)} is no {described(key)}; {flaw}"
            for key, value in self._provided.items()
            if (flaw := _misfit(key, value))
        ]

    def _of_the_store(self, annotation: object) -> Supply | None:
        if annotation is Metadata:
            return lambda handling: handling.metadata
        if annotation is EventStore:
            return lambda handling: _EventsToRead(handling.loader.events)
        if get_origin(annotation) is Repository:
            kind: type[Aggregate[Any]] = get_args(annotation)[0]
            return _repository(kind) if kind in self._aggregates else None
        return None

    def _of_the_provided(self, annotation: object) -> Supply | None:
        try:
            value = self._provided[annotation]
        except (KeyError, TypeError):  # an annotation may have no hash
            return None
        return lambda _: value


class _RepositoryToRead(Repository[A]):
    async def edit(
        self, id: str, change: Callable[Concatenate[A, P], R], *_args: P.args, **_kwargs: P.kwargs
    ) -> Receipt[R]:
        raise InvalidAppend(f"a query changes nothing, so it may not edit {id!r} with {change!r}; send a command")


class _EventsToRead(EventStore):
    def __init__(self, events: EventStore) -> None:
        vars(self).update(vars(events))

    async def append_together(self, *parts: ToStream, condition: AppendCondition | None = None) -> Appended:
        return _refuse(parts, condition)

    async def commit(
        self, *parts: ToStream, condition: AppendCondition | None = None, writes: Sequence[Write] = ()
    ) -> Appended | None:
        return _refuse(parts, condition, writes)


def _refuse(parts: Sequence[ToStream], *_: object) -> Never:
    streams = ", ".join(repr(part.stream) for part in parts) or "the store"
    raise InvalidAppend(
        f"a handler writes to {streams} by itself, which would be a commit of its own; record through a Repository, so "
        "that it is stored when the handler returns"
    )


def _repository(kind: type[Aggregate[Any]]) -> Supply:
    def supply(handling: Handling) -> object:
        if handling.tracking is None:
            return _RepositoryToRead(kind, handling.loader)
        return Repository(kind, handling.loader, tracking=handling.tracking)

    return supply


def _kind(value: object) -> str:
    return f"the class {value.__qualname__} itself" if isinstance(value, type) else type(value).__qualname__


def _is_annotation(key: object) -> bool:
    return isinstance(key, type | NewType) or get_origin(key) is not None or hasattr(key, "__value__")


def _misfit(key: object, value: object) -> str | None:
    """Why *value* is not of the type *key*, as far as a look can tell; None when nothing speaks against it."""
    cls = get_origin(key) or key
    if not isinstance(cls, type):
        return None
    if getattr(cls, "_is_protocol", False):
        lacking = [name for name in _members(cls) if not hasattr(value, name)]
        return f"it has no {', '.join(lacking)}" if lacking else None
    return None if isinstance(value, cls) else f"give one, or a value of a class derived from {cls.__qualname__}"


def _members(protocol: type) -> Iterator[str]:
    for owner in protocol.__mro__:
        if getattr(owner, "_is_protocol", False) and owner.__module__ != "typing":
            hints: Mapping[str, object] = getattr(owner, "__annotations__", {})
            yield from (name for name in dict.fromkeys((*vars(owner), *hints)) if not name.startswith("_"))
