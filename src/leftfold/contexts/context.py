"""A bounded context: everything one team's program can do, declared once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from leftfold.contexts.reactions import Reaction, reaction_of
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.errors import DefinitionError
from leftfold.handling.handlers import (
    CommandHandler,
    Decision,
    QueryHandler,
    command_handler_of,
    decision_of,
    decisions_of,
    query_handler_of,
)
from leftfold.integration.publishing import Publication, publication_of
from leftfold.messages.command import Command
from leftfold.messages.upcasting import Upcast
from leftfold.processes.saga import Saga
from leftfold.projections.projection import Keys, Projection, ProjectionOptions, projection_of
from leftfold.subscriptions.policy import Policy, Retry

if TYPE_CHECKING:
    from leftfold.processes.migrating import SagaMigration
    from leftfold.processes.process import Process, ProcessKey
    from leftfold.processes.reacting import CommandReaction
    from leftfold.processes.starting import SagaStart

__all__ = ["Context", "Part"]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C", bound=Command[Any])
F = TypeVar("F", bound=Callable[..., object])
G = TypeVar("G", bound=Callable[..., Awaitable[object]])
S = TypeVar("S", bound=Saga)

Part = type[Aggregate[Any]] | Decider[Any, Any, Any]
"""What events are recorded by."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_THREE_TIMES: Final = Policy(retry=Retry(attempts=3))
_PATIENTLY: Final = Policy()
_TEN_TIMES: Final = Retry(attempts=10)
_TEN_MINUTES: Final = timedelta(minutes=10)


class Context:
    """A boundary within which words have one meaning: its commands, queries, read models and events.

    Decorators register and give the function back as it was; an `App` checks how everything fits together.

    Args:
        name: `[a-z][a-z0-9_]*`, at most 40 characters; it can stand for `{context}` in a store URL.
        team: who answers for it.
        purpose: what it is for, in a sentence.

    Raises:
        DefinitionError: the name is of another form. Decorators raise it for what they can see is wrong.

    Source: Evans 2003, "Domain-Driven Design", chapter 14.
    """

    def __init__(self, name: str, *, team: str = "", purpose: str = "") -> None:
        if not _NAME.fullmatch(name):
            raise DefinitionError(f"context {name!r}: a name is 1 to 40 of a-z, 0-9 and _, a letter first")
        self.name = name
        self.team = team
        self.purpose = purpose
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
        self._saga_starts: list[SagaStart] = []

    def __repr__(self) -> str:
        return f"Context({self.name!r})"

    def includes(self, *parts: Part) -> None:
        """Add aggregates and deciders that no handler here names."""
        self._parts += [part for part in parts if part not in self._parts]

    @overload
    def decides(
        self, subject: type[A], *, id: str, exists: bool | None = None
    ) -> Callable[[Callable[[C, A], Any]], Callable[[C, A], Any]]: ...
    @overload
    def decides(self, subject: Decider[Any, Any, Any], *, id: str) -> None: ...
    def decides(self, subject: type[Any] | Decider[Any, Any, Any], *, id: str, exists: bool | None = None) -> Any:
        """Let an aggregate, or a decider, decide a command: pure, one stream, run again after a conflict.

        Over an aggregate class it decorates a function of command and aggregate; over a decider it registers every
        command that the decider decides.

        Args:
            subject: the aggregate class or the decider.
            id: the field of the command that says which one.
            exists: True when it must have events already (`NotFound` otherwise), False when it must not (`Conflict`),
                None for either.
        """
        self.includes(subject)
        if isinstance(subject, Decider):
            self._decisions += decisions_of(subject, id=id)
            return None

        def register(function: F) -> F:
            self._decisions.append(decision_of(function, subject, id=id, exists=exists))
            return function

        return register

    def command(self, function: G) -> G:
        """Carry out a command with a coroutine function: several aggregates, one commit when it returns.

        Its parameters are the command and, by annotation, `Repository[X]`, `Metadata`, `EventStore`, and what
        `App(provide=...)` gives.
        """
        self._commands.append(command_handler_of(function))
        return function

    @overload
    def query(self, function: G, /) -> G: ...
    @overload
    def query(self, /, *, cache: timedelta) -> Callable[[G], G]: ...
    def query(self, function: G | None = None, /, *, cache: timedelta | None = None) -> G | Callable[[G], G]:
        """Answer a query with a coroutine function.

        Its parameters are the query and, by annotation, `ReadModel[Row]`, `Repository[X]`, `EventStore`, and what
        `App(provide=...)` gives.

        Args:
            cache: how long an answer may be given again to an equal query; events that change the rows it came from
                drop it at once.
        """

        def register(function: G) -> G:
            self._queries.append(query_handler_of(function, cache))
            return function

        return register if function is None else register(function)

    def projection(  # noqa: PLR0913 - each is a word about the table
        self,
        *,
        key: Keys,
        name: str | None = None,
        version: int = 1,
        index: Sequence[str | tuple[str, ...]] = (),
        search: Sequence[str] = (),
        shards: int = 1,
        policy: Policy = _THREE_TIMES,
    ) -> Callable[[F], F]:
        """Fold events into rows of a table with a pure function of row and event.

        The function takes `row: Row | None` and an event of a union, and may take a `RecordedEvent` of it as well, for
        times, position and actor; it returns the new row, or None for no row.

        Args:
            key: the field that holds the key of the row; a typed function of the event, or of the event and its
                `RecordedEvent`, that gives one key, several or None; or None for one row in all.
            name: of the projection, its table and its SQL view; the function's when left out.
            version: from 1; raise it when the row type or the meaning of its rows changes. The new version is built
                beside the old one.
            index: columns that `find` looks up, or tuples of columns.
            search: columns of text for `search`.
            shards: how many workers may follow at the same time, 1 to 64; each takes its share of the streams, so the
                events of one row have to come from streams of one share, as those of one stream do.
            policy: what becomes of a key whose event cannot be folded; three tries, then it is parked, when left out.
        """
        caller = _caller()

        def register(function: F) -> F:
            options = ProjectionOptions(key, name, version, index, search, shards, policy)
            self._projections.append(projection_of(function, options, caller))
            return function

        return register

    def on(
        self,
        *events: type,
        name: str | None = None,
        policy: Policy = _PATIENTLY,
    ) -> Callable[[G], G]:
        """React to events with a coroutine function: mail, calls, whatever has an effect outside.

        It runs at least once for each event, in the order of each stream, never during a rebuild. Its first parameter
        takes the event; others, by annotation, are `Attempt`, whose key is the same at every try, `RecordedEvent`, and
        what `App(provide=...)` gives.

        Args:
            events: classes to react to; those of the annotation when left out.
            name: of the reaction and its checkpoint; the function's when left out.
            policy: what becomes of a stream whose event it cannot react to; five tries with growing pauses, then it is
                parked, when left out.
        """

        def register(function: G) -> G:
            self._reactions.append(reaction_of(function, events, name, policy))
            return function

        return register

    def saga(self, cls: type[S]) -> type[S]:
        """Run instances of a saga; the class stays as it is. Register every version of which some may still run."""
        self._sagas.append(cls)
        return cls

    def process(  # noqa: PLR0913 - each is a word about the process
        self,
        *,
        key: ProcessKey,
        name: str | None = None,
        version: int = 1,
        missing: timedelta | None = _TEN_MINUTES,
        abandoned: timedelta | None = None,
        shards: int = 1,
        retry: Retry = _TEN_TIMES,
    ) -> Callable[[F], F]:
        """Coordinate over time with a pure function of state and event: a process manager.

        The function takes `state: State | None` and an event of a union, and may take a `RecordedEvent` of it as well;
        it returns `Next[State]` or `IGNORE`. The union may name integration events of other contexts, `TimerDue`, and
        `CommandRefused`. State, commands, timers and the fact that the event was handed in are stored in one commit.
        An event that is ignored is noted in the journal; without an instance, it waits for one.

        Args:
            key: the field of each event that says which instance it is for; or a typed function of the event, or of the
                event and its `RecordedEvent`, that gives the key, or None for an event that is for nobody.
            name: of the process; the function's when left out.
            version: from 1. Instances keep the one that they began with: register the functions of all that still have
                some under one name.
            missing: how long an event waits for its instance, from when it was recorded, before it is a dead letter;
                None drops it at once.
            abandoned: after how long without a transition `TimerDue(name="abandoned")` is handed in; None for never.
            shards: how many workers may follow each log at the same time, 1 to 64.
            retry: how often a command is sent that nothing refuses, and that is not carried out, and how often a timer
                is tried that the function raises at; ten times with growing pauses when left out.
        """

        def register(function: F) -> F:
            from leftfold.processes.process import ProcessOptions, process_of

            options = ProcessOptions(key, name, version, missing, abandoned, shards, retry)
            self._processes.append(process_of(function, options))
            return function

        return register

    def starts(self, function: F) -> F:
        """Begin a saga that follows from an event: a pure function of the event that returns a saga, or None.

        It is begun in the commit of the checkpoint; the id of the instance is that of the event, so it begins once.
        """
        from leftfold.processes.starting import saga_start_of

        self._saga_starts.append(saga_start_of(function, _PATIENTLY))
        return function

    @overload
    def reacts(self, function: F, /) -> F: ...
    @overload
    def reacts(self, /, *, within: timedelta | None = ..., name: str | None = ...) -> Callable[[F], F]: ...
    def reacts(
        self, function: F | None = None, /, *, within: timedelta | None = None, name: str | None = None
    ) -> F | Callable[[F], F]:
        """Send commands that follow from an event: choreography.

        A pure function of the event, or of event and `RecordedEvent`, which returns a command, a list of commands or
        None; its signature says what leads to what. Commands are put on their way in the commit of the checkpoint, and
        carried out at least once, each with an id that is always the same. What has an effect outside is `on`.

        Args:
            within: how soon each command is to be carried out, from when the event was recorded. When it is not,
                `Overdue` is recorded once in this context, and the command stays on its way.
            name: of the reaction and its checkpoint; the function's when left out.
        """

        def register(function: F) -> F:
            from leftfold.processes.reacting import command_reaction_of

            self._command_reactions.append(command_reaction_of(function, name, within, _PATIENTLY))
            return function

        return register if function is None else register(function)

    def migrates(self, function: F) -> F:
        """Bring instances of a saga to a newer version: a pure function of a saga of the old class to one of the new.

        `leftfold sagas migrate` does it; steps that have other names now say `was=`.
        """
        from leftfold.processes.migrating import saga_migration_of

        self._saga_migrations.append(saga_migration_of(function))
        return function

    def publishes(self, function: F) -> F:
        """Publish integration events: a pure function of a domain event that returns one, or None for nothing."""
        self._publications.append(publication_of(function, _caller()))
        return function

    def upcasts(self, function: F) -> F:
        """Bring an old event to a newer class: a pure function; a tuple splits, None drops."""
        self._upcasts.append(function)
        return function

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
    def saga_migrations(self) -> tuple[SagaMigration, ...]:
        """What brings instances of its sagas to newer versions."""
        return tuple(self._saga_migrations)

    @property
    def publications(self) -> tuple[Publication, ...]:
        """What it publishes."""
        return tuple(self._publications)

    @property
    def upcast_functions(self) -> tuple[Upcast, ...]:
        """Its upcasts."""
        return tuple(self._upcasts)


def _caller() -> FrameType | None:
    frame = inspect.currentframe()
    back = frame.f_back if frame else None
    return back.f_back if back else None
