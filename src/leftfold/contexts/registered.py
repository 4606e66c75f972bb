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
        self.parts: tuple[Part, ...] = ()
        """Its aggregates and deciders."""
        self.decisions: tuple[Decision, ...] = ()
        """Its pure decisions."""
        self.commands: tuple[CommandHandler, ...] = ()
        """Its other command handlers."""
        self.queries: tuple[QueryHandler, ...] = ()
        """Its query handlers."""
        self.projections: tuple[Projection[Any], ...] = ()
        """Its projections."""
        self.reactions: tuple[Reaction, ...] = ()
        """Its reactions."""
        self.publications: tuple[Publication, ...] = ()
        """What it publishes."""
        self.upcast_functions: tuple[Upcast, ...] = ()
        """Its upcasts."""
        self.sagas: tuple[type[Saga], ...] = ()
        """Its sagas, in every version."""
        self.saga_migrations: tuple[SagaMigration, ...] = ()
        """What brings instances of its sagas to newer versions."""
        self.processes: tuple[Process[Any], ...] = ()
        """Its processes, in every version."""
        self.command_reactions: tuple[CommandReaction, ...] = ()
        """Its reactions that send commands."""
        self.translations: tuple[CommandReaction, ...] = ()
        """Those of its command reactions that translate what other contexts publish; see `CommandReaction.where`."""
        self.saga_starts: tuple[SagaStart, ...] = ()
        """What begins its sagas."""

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
    def published_events(self) -> tuple[type[IntegrationEvent], ...]:
        """The classes of what it publishes, each once: a class for each version."""
        return tuple(dict.fromkeys(cls for one in self.publications for cls in one.gives))
