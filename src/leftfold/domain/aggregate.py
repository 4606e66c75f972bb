"""Aggregates: objects that decide, and whose state is a left fold of their events."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Generic, Never, Self, TypeVar

from leftfold.domain.definition import Keywords, define, definition_of, mark_applies
from leftfold.domain.recording import Recording, recording_of
from leftfold.errors import InvalidStreamName
from leftfold.messages.given import id_flaw

__all__ = ["Aggregate", "applies"]

_E = TypeVar("_E")
_F = TypeVar("_F", bound=Callable[[Never, Never], None])


class Aggregate(Generic[_E]):
    """A consistency boundary: methods decide and record events, `@applies` methods fold them into its state.

    Its argument is its vocabulary: an event class or a union of them. Its state is its attributes; annotate them, with
    a default for what is there before the first event. Empty lists, dicts and sets are copied for each instance.
    Construct it with an id alone.

    Class keywords:
        category: first part of its streams' names; its own name in snake case when left out.
        snapshot_every: take a snapshot of the state when so many events came since the last one; never when left out.
        state_version: 1 when left out; raise it when an `@applies` method changes and the attributes do not.

    Raises:
        DefinitionError: at the class statement, listing everything that is wrong with it: events without `@applies`,
            with two, or outside the vocabulary, an own `__init__`, a shared mutable default, a bad category.
        InvalidStreamName: at construction, when the id is empty, or no text.

    Source: Evans, Domain-Driven Design, 2003, chapter 6.
    """

    id: str
    """Which one it is."""

    version: int
    """How many events it is made of, those recorded and not yet stored included; 0 before the first."""

    def __init_subclass__(
        cls, *, category: str | None = None, snapshot_every: int | None = None, state_version: int = 1
    ) -> None:
        super().__init_subclass__()
        frame = inspect.currentframe()
        define(cls, Aggregate, Keywords(category, snapshot_every, state_version), frame and frame.f_back)

    def __init__(self, id: str, /) -> None:
        definition = definition_of(type(self))
        if flaw := id_flaw(id):
            raise InvalidStreamName(f"{definition.core.category}-", f"the id of a {type(self).__name__} {flaw}")
        self.id = id
        self.version = 0
        Recording(definition.core.category, definition.applies).attach(self)
        for name, make in definition.fresh:
            setattr(self, name, make())

    def record(self, event: _E, *, valid_at: datetime | None = None, tags: tuple[str, ...] = ()) -> None:
        """Note that *event* happened and apply it at once; it is stored when the work it belongs to commits.

        Args:
            event: one of the aggregate's vocabulary.
            valid_at: when it happened, with a zone; None means: when it is stored.
            tags: names to find it by across streams.

        Raises:
            DefinitionError: the event is not of the vocabulary, or an `@applies` method records.
            InvalidAppend: *valid_at* has no zone.
            ReadOnly: the aggregate was only loaded.
        """
        recording_of(self).record(self, event, valid_at, tags)

    def __copy__(self) -> Self:
        """One to try something out on: it records for itself, and nobody stores it."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        recording_of(self).copied().attach(twin)
        return twin

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id!r} at version {self.version}>"


def applies(method: _F) -> _F:
    """Mark the method that folds one event, named by its annotation, into the aggregate's state.

    It runs when the event is recorded and whenever it is read again, so it refuses nothing and only sets attributes.
    A union in the annotation makes it the method of several events.
    """
    mark_applies(method)
    return method


applies.__defaults__ = (None,)  # so that brackets without a method are told of, and checkers refuse them
