"""One context, checked: everything it names is there and fits together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, get_args, get_origin

from msgspec import Struct

from leftfold.app.assembly_flaws import (
    inline_flaws,
    migration_flaws,
    no_rows,
    process_flaws,
    reaction_flaws,
    saga_flaws,
    sends_flaws,
    start_flaws,
    translation_flaws,
    twice,
)
from leftfold.app.published import Published
from leftfold.contexts.context import Context
from leftfold.contexts.reactions import Reaction
from leftfold.contexts.registered import Part
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.folding import folding_flaws
from leftfold.domain.lifecycle import core_of
from leftfold.errors import DefinitionError
from leftfold.handling.handlers import QueryHandler
from leftfold.handling.injection import Scope, Supply
from leftfold.handling.repository import Repository
from leftfold.handling.routing import CommandRoute, QueryRoute, Routes, command_routes, query_routes
from leftfold.messages.codec import Codec
from leftfold.messages.consumer_view import is_foreign
from leftfold.messages.registry import Registry
from leftfold.messages.transform import Transform
from leftfold.messages.upcasting import Upcast
from leftfold.projections.caching import TOUCHED
from leftfold.projections.projection import Projection
from leftfold.projections.read_model import ReadModel

if TYPE_CHECKING:
    from leftfold.processes.definition import SagaDefinition
    from leftfold.processes.process import Family
    from leftfold.processes.reacting import CommandReaction
    from leftfold.processes.starting import SagaStart

__all__ = ["Assembly", "Plan"]

_Followed: TypeAlias = "Projection[Any] | Reaction | CommandReaction | SagaStart | Family"


class Plan(Struct, frozen=True, kw_only=True):
    """What an app says about all of its contexts.

    Args:
        provide: what handlers are given, by the type they name.
        inline: names of the projections that every append writes itself.
        published: which context publishes what.
    """

    provide: Mapping[type[Any], object]
    inline: Collection[str]
    published: Published
    transform: Transform | None = None
    upcasts: Sequence[Upcast] = ()


class Assembly:
    """A context and what its parts come to.

    Raises:
        DefinitionError: it lists every finding.
    """

    def __init__(self, context: Context, plan: Plan) -> None:
        findings = list[str]()
        self.context = context
        self.sagas: Mapping[str, SagaDefinition] = _sagas(context, findings)
        """Its sagas, by the queues of their instances."""
        named = _named_by_handlers(context, self.sagas.values())
        self.parts: tuple[Part, ...] = tuple(dict.fromkeys((*context.parts, *named)))
        self.sources: dict[str, Context] = {}
        self.processes: tuple[Family, ...] = _families(context, findings)
        """Its processes."""
        self._published = plan.published
        followed: tuple[_Followed, ...] = (
            *context.projections,
            *context.reactions,
            *context.command_reactions,
            *context.saga_starts,
        )
        self.followers: tuple[_Followed, ...] = (*followed, *self.processes)
        """What follows its log, or that of another."""
        findings += twice([one.name for one in self.followers])
        native = [one for one in followed if not self._foreign(one, plan, findings)]
        own: list[_Followed] = [*native, *self.processes]
        findings += sends_flaws(context)
        findings += process_flaws(context, self.processes, self._published)
        findings += start_flaws(context, self.sagas)
        events = dict.fromkeys(
            cls
            for classes in (
                *(core_of(part).vocabulary for part in self.parts),
                *(one.events for one in own),
                *(one.takes for one in context.publications),
                self._expected(),
            )
            for cls in classes
            if not is_foreign(cls)
        )
        self.registry: Registry = Registry(context.name, *events, upcasts=(*context.upcast_functions, *plan.upcasts))
        self.codec: Codec = Codec(self.registry, plan.transform)
        findings += [flaw for part in self.parts for flaw in folding_flaws(core_of(part), self.registry)]
        self.categories: frozenset[str] | None = self._categories(own)
        """Of the streams that its parts record in; None when it has other events as well."""
        self.inline: tuple[Projection[Any], ...] = tuple(one for one in context.projections if one.name in plan.inline)
        findings += inline_flaws(self.inline, self.sources)
        self.read_models: dict[object, Projection[Any]] = _by_row(context.projections, findings)
        aggregates = [part for part in self.parts if isinstance(part, type)]
        self.scope: Scope = Scope(aggregates, plan.provide, (self._read_model,), no_rows)
        findings += self.scope.flaws()
        findings += reaction_flaws(context, self.scope)
        findings += saga_flaws(self.sagas, self.scope)
        findings += migration_flaws(context, self.sagas)
        self.commands: Routes[CommandRoute]
        self.queries: Routes[QueryRoute]
        self.commands, self.queries = self._routes(findings)
        findings += translation_flaws(context, self.commands)
        if findings:
            raise DefinitionError(*dict.fromkeys(findings))

    def projections_of(self, handler: QueryHandler) -> tuple[Projection[Any], ...]:
        """The projections whose rows *handler* reads."""
        return tuple(
            self.read_models[row]
            for hint in handler.needs.values()
            if get_origin(hint) is ReadModel and (row := get_args(hint)[0]) in self.read_models
        )

    def publisher(self, cls: type) -> Context | None:
        """The context that publishes events of *cls*; None when they are this context's own."""
        return self._published.publisher(cls)

    def _categories(self, own: Sequence[_Followed]) -> frozenset[str] | None:
        recorded = {cls for part in self.parts for cls in core_of(part).vocabulary} | set(self._expected())
        followed = (cls for one in own for cls in one.events if not is_foreign(cls))
        wanted = {*followed, *(cls for one in self.context.publications for cls in one.takes)}
        categories = {core_of(part).category for part in self.parts}
        if self._expected():
            from leftfold.processes.expecting import CATEGORY

            categories.add(CATEGORY)
        return frozenset(categories) if wanted <= recorded else None

    def _expected(self) -> tuple[type, ...]:
        """What is recorded when a command that a reaction sends is not carried out in time."""
        if all(one.within is None for one in self.context.command_reactions):
            return ()
        from leftfold.processes.expecting import Overdue

        return (Overdue,)

    def _foreign(self, followed: _Followed, plan: Plan, findings: list[str]) -> bool:
        outer = sorted(filter(is_foreign, followed.events), key=lambda cls: cls.__qualname__)
        if not outer:
            return False
        where = f"context {self.context.name!r}, {followed.name!r}"
        if len(outer) < len(followed.events):
            findings.append(
                f"{where} follows events of its own and of another context; one log has one order, split it"
            )
        findings += [f"{where}: {flaw}" for cls in outer for flaw in plan.published.flaws(cls, self.context)]
        found = (plan.published.publisher(cls) for cls in outer)
        publishers = {context.name: context for context in found if context is not None}
        if len(publishers) > 1:
            findings.append(f"{where} follows what {' and '.join(sorted(publishers))} publish; split it, one for each")
        for context in publishers.values():
            self.sources[followed.name] = context
        return True

    def _read_model(self, annotation: object) -> Supply | None:
        if get_origin(annotation) is not ReadModel or get_args(annotation)[0] not in self.read_models:
            return None
        projection = self.read_models[get_args(annotation)[0]]

        def touch(key: str | None) -> None:
            if (touched := TOUCHED.get()) is not None:
                touched.add((projection.name, key))

        return lambda handling: ReadModel(projection, handling.loader.store, touch)

    def _routes(self, findings: list[str]) -> tuple[Routes[CommandRoute], Routes[QueryRoute]]:
        found: list[Any] = []
        makers: tuple[Callable[[], Any], ...] = (
            lambda: command_routes((*self.context.decisions, *self.context.commands), self.scope),
            lambda: query_routes(self.context.queries, self.scope),
        )
        for make in makers:
            try:
                found.append(make())
            except DefinitionError as error:
                findings += error.findings
        findings += [
            f"{one.where} keeps its answers (cache=) and reads no ReadModel, so no event would ever drop one"
            for one in self.context.queries
            if one.cache is not None and not self.projections_of(one)
        ]
        if len(found) < len(makers):
            raise DefinitionError(*dict.fromkeys(findings))
        return found[0], found[1]


def _families(context: Context, findings: list[str]) -> tuple[Family, ...]:
    if not context.processes:
        return ()
    from leftfold.processes.process import families_of

    return tuple(families_of(context.processes, findings))


def _sagas(context: Context, findings: list[str]) -> Mapping[str, SagaDefinition]:
    found: dict[str, SagaDefinition] = {}
    if not context.sagas:
        return found
    from leftfold.processes.defining import saga_definition

    for cls in context.sagas:
        try:
            made = saga_definition(cls, context.name)
        except DefinitionError as error:
            findings += error.findings
            continue
        if (other := found.setdefault(made.queue, made)) is not made:
            findings.append(
                f"sagas {other.cls.__qualname__} and {cls.__qualname__} are both {made.name} in version "
                f"{made.version}; give one another name= or version="
            )
    return found


def _named_by_handlers(context: Context, sagas: Iterable[SagaDefinition]) -> Iterator[type[Aggregate[Any]]]:
    needs: list[Mapping[str, object]] = [one.needs for one in context.commands]
    needs += [one.needs for one in context.queries]
    needs += [one.needs for one in context.reactions]
    needs += [each for one in sagas for plan in one.plans for each in (plan.needs, plan.undo_needs)]
    for hint in (hint for each in needs for hint in each.values()):
        if get_origin(hint) is Repository:
            yield get_args(hint)[0]


def _by_row(projections: Sequence[Projection[Any]], findings: list[str]) -> dict[object, Projection[Any]]:
    found: dict[object, Projection[Any]] = {}
    for one in projections:
        other = found.setdefault(one.row_type, one)
        if other is not one:
            findings.append(
                f"projections {other.name!r} and {one.name!r} both have rows of {one.row_type.__qualname__}; a "
                "ReadModel of it could be either, so give each a class of its own"
            )
    return found
