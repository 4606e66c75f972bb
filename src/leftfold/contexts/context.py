"""A bounded context: everything one team's program can do, declared once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, overload

from leftfold.contexts.brackets import with_brackets
from leftfold.contexts.describing import Subdomain, check_described
from leftfold.contexts.places import caller, place_in
from leftfold.contexts.reactions import reaction_of
from leftfold.contexts.registered import Part, Registered, check_parts
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.errors import DefinitionError
from leftfold.handling.handlers import (
    CommandHandler,
    Decision,
    command_handler_of,
    decision_of,
    decisions_of,
    query_handler_of,
)
from leftfold.integration.publishing import Publication, publication_of
from leftfold.messages.command import Command
from leftfold.messages.upcasting import Upcast
from leftfold.processes.saga import Saga, check_saga_class
from leftfold.projections.projection import Keys, ProjectionOptions, projection_of
from leftfold.subscriptions.policy import Policy, Retry

if TYPE_CHECKING:
    from leftfold.integration.published_language import PublishedLanguage
    from leftfold.processes.migrating import SagaMigration
    from leftfold.processes.process import ProcessKey
    from leftfold.processes.starting import SagaStart

__all__ = ["Context"]

A = TypeVar("A", bound=Aggregate[Any])
C = TypeVar("C", bound=Command[Any])
F = TypeVar("F", bound=Callable[..., object])
G = TypeVar("G", bound=Callable[..., Awaitable[object]])
R = TypeVar("R")
S = TypeVar("S", bound=Saga)

_NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})
_THREE_TIMES: Final = Policy(retry=Retry(attempts=3))
_PATIENTLY: Final = Policy()
_TEN_TIMES: Final = Retry(attempts=10)
_TEN_MINUTES: Final = timedelta(minutes=10)


class Context(Registered):
    """A boundary within which words have one meaning: its commands, queries, read models and events.

    Decorators register and give the function back as it was; an `App` checks how everything fits together.

    Args:
        name: `[a-z][a-z0-9_]*`, at most 40 characters; it can stand for `{context}` in a store URL.
        team: who answers for it.
        purpose: what it is for, in a sentence.
        subdomain: what part the business gives it; None while nobody has said.
        glossary: its words, and what they mean here.
        package: the Python package its code is in, dotted; empty when it is in none, as that of an external context.
        published: modules inside *package* that others may import, dotted; those that follow a supplier's published
            language need no more.
        external: it is run by somebody else, and has no code here.
        language: how what it publishes is named, versioned and changed; None while nobody has said.
        mud: nobody can say what holds inside it, so whoever follows it does so through an anti-corruption layer.

    Raises:
        DefinitionError: the name is of another form; a module of *published* is outside the package. Decorators raise
            it for what they can see is wrong.

    Source: Evans 2003, "Domain-Driven Design", chapter 14.
    """

    def __init__(  # noqa: PLR0913 - each is a word about the context
        self,
        name: str,
        *,
        team: str = "",
        purpose: str = "",
        subdomain: Subdomain | None = None,
        glossary: Mapping[str, str] = _NO_WORDS,
        package: str = "",
        published: Sequence[str] = (),
        external: bool = False,
        mud: bool = False,
        language: PublishedLanguage | None = None,
    ) -> None:
        super().__init__()
        texts: Mapping[str, object] = {"team": team, "purpose": purpose, "package": package}
        flags: Mapping[str, object] = {"external": external, "mud": mud}
        others: Mapping[str, object] = {"subdomain": subdomain, "language": language, "published": published}
        check_described(name, texts, flags, {**others, "glossary": glossary})
        self.name = name
        self.team = team
        self.purpose = purpose
        self.subdomain = subdomain
        self.glossary: Mapping[str, str] = MappingProxyType(dict(glossary))
        self.package = package
        self.published: tuple[str, ...] = tuple(published)
        self.external = external
        self.mud = mud
        self.language = language
        self.place: str = place_in(caller(1))
        self._check_package()

    def __repr__(self) -> str:
        return f"Context({self.name!r})"

    def _check_package(self) -> None:
        if self.external and self.package:
            raise DefinitionError(f"context {self.name!r}: what is external has no package here; leave out one of them")
        for module in self.published:
            if not f"{module}.".startswith(f"{self.package or '?'}."):
                raise DefinitionError(
                    f"context {self.name!r}: published module {module!r} is not inside its package {self.package!r}"
                )

    def includes(self, *parts: Part) -> None:
        """Add aggregates and deciders that no handler here names."""
        check_parts(f"context {self.name!r}", parts)
        self.parts: tuple[Part, ...] = (*self.parts, *(part for part in parts if part not in self.parts))

    @overload
    def decides(
        self, subject: type[A], *, id: str, exists: bool | None = None
    ) -> Callable[[Callable[[C, A], R]], Callable[[C, A], R]]: ...
    @overload
    def decides(self, subject: Decider[Any, Any, Any], *, id: str) -> None: ...
    def decides(self, subject: type[Any] | Decider[Any, Any, Any], *, id: str, exists: bool | None = None) -> Any:
        """Let an aggregate, or a decider, decide a command: pure, one stream, run again after a conflict.

        Over an aggregate class it decorates a function of command and aggregate; over a decider it registers every
        command that the decider decides. A test is `given(function, *events).when(command)`, of `leftfold.testing`.

        Args:
            subject: the aggregate class or the decider.
            id: the field of the command that says which one.
            exists: True when it must have events already (`NotFound` otherwise), False when it must not
                (`AlreadyExists`), None for either.
        """
        self.includes(subject)
        if isinstance(subject, Decider):
            self.decisions: tuple[Decision, ...] = (*self.decisions, *decisions_of(subject, id=id))
            return None

        def register(function: F) -> F:
            self.decisions += (decision_of(function, subject, id=id, exists=exists),)
            return function

        return register

    def command(self, function: G) -> G:
        """Carry out a command with a coroutine function: several aggregates, one commit when it returns.

        Its parameters are the command and, by annotation, `Repository[X]`, `Metadata`, `EventStore`, and what
        `App(provide=...)` gives.
        """
        self.commands: tuple[CommandHandler, ...] = (*self.commands, command_handler_of(function))
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
            self.queries += (query_handler_of(function, cache),)
            return function

        return register if function is None else register(function)

    @with_brackets('key="account"')
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
            index: columns that `find` looks up, or tuples of columns. PostgreSQL refuses rows where one holds text of
                more than about 2,700 bytes, and their keys are parked.
            search: columns of text for `search`.
            shards: how many workers may follow at the same time, 1 to 64; each takes its share of the streams, so the
                events of one row have to come from streams of one share, as those of one stream do.
            policy: what becomes of a key whose event cannot be folded; three tries, then it is parked, when left out.
        """
        frame = caller(2)

        def register(function: F) -> F:
            options = ProjectionOptions(key, name, version, index, search, shards, policy)
            self.projections += (projection_of(function, options, frame),)
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
        takes the event; others, by annotation, are `Attempt`, whose key is the same at every try, `RecordedEvent`,
        `Metadata`, that of what is sent or appended because of the event, and what `App(provide=...)` gives.

        Args:
            events: classes to react to; those of the annotation when left out.
            name: of the reaction and its checkpoint; the function's when left out.
            policy: what becomes of a stream whose event it cannot react to; five tries with growing pauses, then it is
                parked, when left out.
        """
        if strangers := [one for one in cast("tuple[object, ...]", events) if not isinstance(one, type)]:
            called: object = getattr(strangers[0], "__name__", strangers[0])
            raise DefinitionError(
                f"context {self.name!r}: on() takes classes of events, and {called} is none; to react to those "
                "of the annotation, write @context.on() with its brackets"
            )

        def register(function: G) -> G:
            self.reactions += (reaction_of(function, events, name, policy),)
            return function

        return register

    def saga(self, cls: type[S]) -> type[S]:
        """Run instances of a saga; the class stays as it is. Register every version of which some may still run."""
        check_saga_class(cls)
        self.sagas: tuple[type[Saga], ...] = (*self.sagas, cls)
        return cls

    @with_brackets('key="order"')
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
            self.processes += (process_of(function, options),)
            return function

        return register

    def starts(self, function: F) -> F:
        """Begin a saga that follows from an event: a pure function of the event that returns a saga, or None.

        It is begun in the commit of the checkpoint; the id of the instance is that of the event, so it begins once.
        """
        from leftfold.processes.starting import saga_start_of

        self.saga_starts: tuple[SagaStart, ...] = (*self.saga_starts, saga_start_of(function, _PATIENTLY))
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

            self.command_reactions += (command_reaction_of(function, name, within, _PATIENTLY),)
            return function

        return register if function is None else register(function)

    @overload
    def translates(self, function: F, /) -> F: ...
    @overload
    def translates(self, /, *, within: timedelta | None = ..., name: str | None = ...) -> Callable[[F], F]: ...
    def translates(
        self, function: F | None = None, /, *, within: timedelta | None = None, name: str | None = None
    ) -> F | Callable[[F], F]:
        """Translate what another context publishes into commands of this one: the anti-corruption layer's verb.

        A pure function of a view or an integration event; otherwise all is as with `reacts`.

        Args:
            within: how soon each command is to be carried out; see `reacts`.
            name: of the translation and its checkpoint; the function's when left out.

        Source: Evans 2003, "Domain-Driven Design", chapter 14.
        """

        def register(function: F) -> F:
            from leftfold.processes.reacting import translation_of

            made = translation_of(function, name, within, _PATIENTLY)
            self.command_reactions += (made,)
            self.translations += (made,)
            return function

        return register if function is None else register(function)

    def migrates(self, function: F) -> F:
        """Bring instances of a saga to a newer version: a pure function of a saga of the old class to one of the new.

        `leftfold sagas migrate` does it; steps that have other names now say `was=`.
        """
        from leftfold.processes.migrating import saga_migration_of

        self.saga_migrations: tuple[SagaMigration, ...] = (*self.saga_migrations, saga_migration_of(function))
        return function

    def publishes(self, function: F) -> F:
        """Publish integration events: a pure function of a domain event that returns one, or None for nothing."""
        self.publications: tuple[Publication, ...] = (*self.publications, publication_of(function, caller(1)))
        return function

    def upcasts(self, function: F) -> F:
        """Bring an old event to a newer class: a pure function; a tuple splits, None drops."""
        self.upcast_functions: tuple[Upcast, ...] = (*self.upcast_functions, function)
        return function
