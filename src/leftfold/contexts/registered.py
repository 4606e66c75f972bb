"""What is registered on a context: kept in the order of registration, and given as tuples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from leftfold.contexts.reactions import Reaction
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.errors import DefinitionError
from leftfold.handling.handlers import CommandHandler, Decision, QueryHandler
from leftfold.integration.publishing import Publication
from leftfold.messages.consumer_view import ConsumerView, ViewType
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.upcasting import Upcast
from leftfold.processes.saga import Saga
from leftfold.projections.projection import Projection

if TYPE_CHECKING:
    from leftfold.processes.migrating import SagaMigration
    from leftfold.processes.process import Process
    from leftfold.processes.reacting import CommandReaction
    from leftfold.processes.starting import SagaStart

__all__ = ["Follower", "Part", "Registered", "check_parts"]

Part = type[Aggregate[Any]] | Decider[Any, Any, Any]
"""What events are recorded by."""


def check_parts(where: str, given: Iterable[object], instead: str = "") -> None:
    """Raise `DefinitionError` unless all of *given* are aggregate classes or deciders.

    Args:
        where: who was given them, for the error.
        instead: what might have been given there, too.
    """
    for one in given:
        if not isinstance(one, Decider) and not (isinstance(one, type) and issubclass(one, Aggregate)):
            raise DefinitionError(f"{where} got {one!r:.80}; give it {instead}aggregate classes and deciders")


Follower: TypeAlias = "Projection[Any] | Reaction | CommandReaction | SagaStart | Process[Any]"
"""What follows a log."""


class Registered:
    """What a context has been told so far; the decorators of `Context` add to it."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._decisions: list[Decision] = []
        self._commands: list[CommandHandler] = []
        self._queries: list[QueryHandler] = []
        self._projections: list[Projection[Any]] = []
        self._reactions: list[Reaction] = []
        self._publications: list[Publication] = []
        self._upcasts: list[Upcast] = []
        self._sagas: list[type[Saga]] = []
        self._saga_migrations: list[SagaMigration] = []
        self._processes: list[Process[Any]] = []
        self._command_reactions: list[CommandReaction] = []
        self._translations: list[CommandReaction] = []
        self._saga_starts: list[SagaStart] = []

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its aggregates and deciders."""
        return tuple(self._parts)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Its pure decisions."""
        return tuple(self._decisions)

    @property
    def commands(self) -> tuple[CommandHandler, ...]:
        """Its other command handlers."""
        return tuple(self._commands)

    @property
    def queries(self) -> tuple[QueryHandler, ...]:
        """Its query handlers."""
        return tuple(self._queries)

    @property
    def projections(self) -> tuple[Projection[Any], ...]:
        """Its projections."""
        return tuple(self._projections)

    @property
    def reactions(self) -> tuple[Reaction, ...]:
        """Its reactions."""
        return tuple(self._reactions)

    @property
    def sagas(self) -> tuple[type[Saga], ...]:
        """Its sagas, in every version."""
        return tuple(self._sagas)

    @property
    def processes(self) -> tuple[Process[Any], ...]:
        """Its processes, in every version."""
        return tuple(self._processes)

    @property
    def saga_starts(self) -> tuple[SagaStart, ...]:
        """What begins its sagas."""
        return tuple(self._saga_starts)

    @property
    def command_reactions(self) -> tuple[CommandReaction, ...]:
        """Its reactions that send commands."""
        return tuple(self._command_reactions)

    @property
    def translations(self) -> tuple[CommandReaction, ...]:
        """Those of its command reactions that translate what other contexts publish; see `CommandReaction.where`."""
        return tuple(self._translations)

    @property
    def followers(self) -> tuple[Follower, ...]:
        """All that follows a log."""
        return (*self.projections, *self.reactions, *self.command_reactions, *self.saga_starts, *self.processes)

    @property
    def views(self) -> tuple[type[ConsumerView], ...]:
        """The views that anything here follows, by name of their class."""
        events = (cls for one in self.followers for cls in one.events)
        found = {cls for cls in events if isinstance(cls, ViewType) and issubclass(cls, ConsumerView)}
        return tuple(sorted(found, key=lambda cls: (cls.__qualname__, cls.__module__)))

    @property
    def saga_migrations(self) -> tuple[SagaMigration, ...]:
        """What brings instances of its sagas to newer versions."""
        return tuple(self._saga_migrations)

    @property
    def publications(self) -> tuple[Publication, ...]:
        """What it publishes."""
        return tuple(self._publications)

    @property
    def published_events(self) -> tuple[type[IntegrationEvent], ...]:
        """The classes of what it publishes, each once: a class for each version."""
        return tuple(dict.fromkeys(cls for one in self._publications for cls in one.gives))

    @property
    def upcast_functions(self) -> tuple[Upcast, ...]:
        """Its upcasts."""
        return tuple(self._upcasts)
