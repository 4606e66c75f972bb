"""From contexts in code to their descriptors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from msgspec.structs import replace

from leftfold.borders.handlers import Handler as Registered
from leftfold.borders.handlers import code_place, handlers_of
from leftfold.borders.namings import namings
from leftfold.catalog.canonical import with_digest
from leftfold.catalog.descriptor import Consumption, Descriptor, Emission, Handler, Published, range_read
from leftfold.catalog.shapes import fields_in
from leftfold.contexts.context import Context
from leftfold.contexts.context_map import ContextMap, check_context_map
from leftfold.contexts.edges import Edge
from leftfold.contexts.places import place_under
from leftfold.domain.lifecycle import core_of
from leftfold.errors import InvalidInput
from leftfold.flow.declared import declared_flow
from leftfold.flow.graph import node_id
from leftfold.integration.message_schemas import message_schema, type_schema
from leftfold.integration.published_events import declared
from leftfold.messages.consumer_view import ViewType, is_foreign, viewed_by
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.message import Declaration
from leftfold.messages.requests import request_name
from leftfold.processes.defining import saga_definition

__all__ = ["descriptors_of"]

_ABSOLUTE: Final = re.compile(r"^(?:/|[A-Za-z]:[/\\])")


def descriptors_of(
    contexts: Sequence[Context], context_map: ContextMap | None = None, *, root: str | Path | None = None
) -> tuple[Descriptor, ...]:
    """What *contexts* declare, and external contexts on the map, which have no repository of their own.

    A view reads its fields, in its versions; an integration event that is taken without one is read as a whole, in the
    version of its class. What a handler leads to is what `declared_flow` says: the published events that it reaches.
    With a map the text of packages is read, too: whoever names the class of an event that others publish takes it,
    though no handler is registered.

    Args:
        contexts: those of an app.
        context_map: how they relate to each other and to others; no relations when left out.
        root: paths are written from this folder on; from the working directory when left out. Of a file that is
            elsewhere only the name is written.

    Raises:
        DefinitionError: a saga is declared wrongly; an `App` would say so, too. Or *context_map* is none.
        InvalidInput: *contexts* are none.
    """
    if context_map is not None:
        check_context_map(context_map)
    edges = () if context_map is None else context_map.edges
    external = [] if context_map is None else [one for one in context_map.contexts if one.external]
    every = sorted({id(one): one for one in (*_contexts(contexts), *external)}.values(), key=lambda one: one.name)
    named: Mapping[tuple[str, type], str] = {}
    if context_map is not None:
        publishers = (*every, *context_map.contexts)
        named = namings(context_map, dict.fromkeys(cls for one in publishers for cls in one.published_events))
    writing = _Writing(every, edges, named, str(Path.cwd() if root is None else root))
    return tuple(writing.descriptor(one) for one in every)


def _contexts(given: object) -> list[Context]:
    """What is given as contexts; raises `InvalidInput` unless they are."""
    if not isinstance(given, Iterable):
        raise InvalidInput(f"{given!r:.80} are no contexts; give a list of them, as in descriptors_of([context])")
    found: list[Context] = []
    for one in cast("Iterable[object]", given):
        if not isinstance(one, Context):
            raise InvalidInput(f"{one!r:.80} is no context; give a list of contexts, as in descriptors_of([context])")
        found.append(one)
    return found


class _Writing:
    def __init__(
        self, contexts: Sequence[Context], edges: Iterable[Edge], named: Mapping[tuple[str, type], str], root: str
    ) -> None:
        self._edges = tuple(edges)
        self._named = named
        self._root = root
        self._flow = declared_flow(contexts)
        self._nodes = self._flow.by_id
        self._following = self._flow.following

    def descriptor(self, context: Context) -> Descriptor:
        handlers = {_id(context, one): one for one in handlers_of(context)}
        return with_digest(
            Descriptor(
                name=context.name,
                team=context.team,
                purpose=context.purpose,
                subdomain="" if context.subdomain is None else context.subdomain.value,
                external=context.external,
                mud=context.mud,
                package=context.package,
                modules=context.published,
                glossary=dict(context.glossary),
                relations=tuple(self._relations(context)),
                language="" if context.language is None else context.language.name,
                mode="" if context.language is None else context.language.mode.value,
                publishes=tuple(self._published(context)),
                consumes=tuple(self._consumed(context, handlers)),
                handlers=tuple(self._handler(context, id, one) for id, one in handlers.items()),
                commands=tuple(request_name(cls) for cls in _commands(context)),
                queries=tuple(request_name(one.query) for one in context.queries),
                aggregates={core_of(part).category: "" for part in context.parts},
                place=self._place(context.place),
            )
        )

    def _relations(self, context: Context) -> Iterator[Edge]:
        for edge in self._edges:
            if context.name in edge.pair:
                yield replace(edge, place=self._place(edge.place))

    def _published(self, context: Context) -> Iterator[Published]:
        for cls in context.published_events:
            said = declared(cls)
            sunset = None if context.language is None else context.language.sunset_of(said.name, said.version)
            schema = dict(message_schema(cls))
            yield Published(
                name=said.name,
                version=said.version,
                fields=fields_in(schema),
                schema=schema,
                sunset="" if sunset is None else sunset.isoformat(),
                place=self._place(code_place(cls)),
            )

    def _consumed(self, context: Context, handlers: dict[str, Registered]) -> Iterator[Consumption]:
        own = {declared(cls).name for cls in context.published_events}
        named = {
            declared(cls): self._place(place) for (user, cls), place in self._named.items() if user == context.name
        }
        unsaid = {one for one in named if one.name not in own}
        for id, handler in handlers.items():
            for cls in sorted(handler.events, key=lambda one: one.__qualname__):
                taken = _consumption(cls, id) if is_foreign(cls) else None
                if taken is not None and taken.event not in own:
                    there = {one for one in named if _covers(taken, one)}
                    place = min((named[one] for one in there), default="")
                    yield replace(taken, place=self._place(handler.place), named=place)
                    unsaid -= there
        for one in unsaid:
            yield Consumption(event=one.name, versions=str(one.version), evidence="static", place=named[one])

    def _handler(self, context: Context, id: str, handler: Registered) -> Handler:
        starts = [id]
        if handler.kind == "start":
            begun = next(one for one in context.saga_starts if one.name == handler.name)
            names = [saga_definition(cls, context.name).name.partition(".")[2] for cls in begun.sagas]
            starts = [node_id("saga", context.name, name) for name in names]
        reached = self._reached(context, starts)
        events = sorted(self._nodes[one].name for one in reached if self._nodes[one].kind == "integration")
        return Handler(
            name=id,
            emits=tuple(Emission(event=name) for name in dict.fromkeys(events)),
            open=any(self._nodes[one].open for one in reached),
            place=self._place(handler.place),
        )

    def _reached(self, context: Context, starts: Iterable[str]) -> set[str]:
        """Every node that *starts* lead to; beyond a published event only what its own context makes of it."""
        reached = {one for one in starts if one in self._nodes}
        waiting = sorted(reached)
        while waiting:
            at = waiting.pop()
            border = self._nodes[at].kind == "integration"
            for other in self._following[at]:
                if other not in reached and (not border or self._nodes[other].context == context.name):
                    reached.add(other)
                    waiting.append(other)
        return reached

    def _place(self, place: str) -> str:
        under = place_under(place, self._root)
        return under.replace("\\", "/").rpartition("/")[2] if _ABSOLUTE.match(under) else under


def _covers(taken: Consumption, said: Declaration) -> bool:
    return taken.event == said.name and said.version in range_read(taken.versions)


def _commands(context: Context) -> Iterator[type]:
    yield from (one.command for one in context.decisions)
    yield from (one.command for one in context.commands)


def _consumption(cls: type, by: str) -> Consumption | None:
    if isinstance(cls, ViewType):
        viewed = viewed_by(cls)
        fields = fields_in(type_schema(cls))
        leaves = tuple(one for one in fields if not any(other.startswith(f"{one}/") for other in fields))
        return Consumption(event=viewed.type, versions=str(viewed.versions), reads=leaves, view=cls.__qualname__, by=by)
    if issubclass(cls, IntegrationEvent):
        said = declared(cls)
        return Consumption(event=said.name, versions=str(said.version), view=cls.__qualname__, by=by)
    return None


def _id(context: Context, handler: Registered) -> str:
    """As the flow names it, where it has it."""
    return f"{'reaction' if handler.kind == 'translation' else handler.kind}/{context.name}.{handler.name}"
