"""What contexts say they take from each other: events that their handlers take, commands that they send."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from leftfold.borders.handlers import Handler, code_place, handlers_of, senders_of
from leftfold.borders.signatures import spoken
from leftfold.borders.territory import Territory
from leftfold.borders.uses import Evidence, Route, Use
from leftfold.contexts.context import Context
from leftfold.contexts.context_map import ContextMap, check_context_map
from leftfold.flow.declared import declared_flow
from leftfold.flow.graph import Flow, path_text
from leftfold.integration.published_events import declared as published_as
from leftfold.messages.consumer_view import ViewType, viewed_by
from leftfold.messages.integration_event import IntegrationEvent

__all__ = ["declared", "declared_uses"]


def declared(context_map: ContextMap) -> Evidence:
    """What is registered on the contexts of a map, whether an app here runs them or not.

    A function that may send any command without saying which, see `sends`, is taken at its word: what it sends is not
    seen here.

    Raises:
        DefinitionError: a saga is declared wrongly; an `App` would say so, too. Or *context_map* is none.
    """
    check_context_map(context_map)
    contexts, territory = context_map.contexts, Territory(context_map.contexts, context_map.kernels)
    flow = declared_flow(contexts)
    uses = [*_uses(contexts, territory, flow), *(use for one in contexts for use in spoken(one, territory))]
    return Evidence(
        origins=frozenset({"declared"}),
        uses=tuple(dict.fromkeys(uses)),
        routes=tuple(_routes(context_map, flow)),
        translations=tuple(use for use in uses if use.by.startswith("translation ")),
    )


def declared_uses(contexts: Sequence[Context]) -> Iterator[Use]:
    """The events and commands alone.

    Raises:
        DefinitionError: see `declared`.
    """
    return _uses(contexts, Territory(contexts), declared_flow(contexts))


def _uses(contexts: Sequence[Context], territory: Territory, flow: Flow) -> Iterator[Use]:
    published = _published(contexts)
    for context in contexts:
        for handler in handlers_of(context):
            for cls in sorted(handler.events, key=lambda one: one.__qualname__):
                owner = published.get(_name_of(cls), "") or territory.owner(cls.__module__)
                if owner not in ("", context.name):
                    yield _taken(context, handler, cls, owner)
    yield from _commands(contexts, flow)


def _published(contexts: Sequence[Context]) -> Mapping[str, str]:
    """Who publishes events of which name."""
    return {_name_of(cls): one.name for one in contexts for given in one.publications for cls in given.gives}


def _name_of(cls: type) -> str:
    """What an event is called where it is published; a domain event, which is not, by its module and name."""
    if isinstance(cls, ViewType):
        return viewed_by(cls).type
    if issubclass(cls, IntegrationEvent):
        return published_as(cls).name
    return f"{cls.__module__}.{cls.__qualname__}"


def _taken(context: Context, handler: Handler, cls: type, owner: str) -> Use:
    return Use(
        user=context.name,
        used=owner,
        kind="event",
        subject=_name_of(cls),
        by=f"{handler.kind} {context.name}.{handler.name}",
        of="" if isinstance(cls, ViewType) else cls.__module__,
        module=handler.module,
        found_at=handler.place,
    )


def _commands(contexts: Sequence[Context], flow: Flow) -> Iterator[Use]:
    nodes = flow.by_id
    senders = {id: function for context in contexts for id, function in senders_of(context)}
    modules = {(one.name, cls.__name__): cls.__module__ for one in contexts for cls in _handled(one)}
    for edge in flow.edges:
        source, target = nodes[edge.source], nodes[edge.target]
        function = senders.get(source.id)
        if function is None or target.kind != "command" or target.context in ("", source.context):
            continue
        yield Use(
            user=source.context,
            used=target.context,
            kind="command",
            subject=target.name,
            by=f"{source.kind} {source.context}.{source.name}",
            of=modules.get((target.context, target.name), ""),
            module=str(getattr(function, "__module__", "")),
            found_at=code_place(function),
        )


def _handled(context: Context) -> Iterator[type]:
    yield from (one.command for one in context.decisions)
    yield from (one.command for one in context.commands)


def _routes(context_map: ContextMap, flow: Flow) -> Iterator[Route]:
    """How messages get from one to the other of two contexts that go separate ways, through at least one other."""
    following, nodes = flow.following, flow.by_id
    for edge in context_map.edges:
        if edge.kind != "separate-ways":
            continue
        for used, user in ((edge.upstream, edge.downstream), (edge.downstream, edge.upstream)):
            path = _path(used, user, flow, following)
            if path is not None and len({nodes[id].context for id in path} - {used, user}) > 0:
                text = path_text(path, nodes, several=True).split(" -> ")
                yield Route(user=user, used=used, kind="messages", path=tuple(text))


def _path(source: str, target: str, flow: Flow, following: dict[str, list[str]]) -> tuple[str, ...] | None:
    nodes = flow.by_id
    before: dict[str, str | None] = {
        node.id: None for node in flow.nodes if node.context == source and node.kind in ("integration", "event")
    }
    waiting = deque(before)
    while waiting:
        at = waiting.popleft()
        if nodes[at].context == target:
            path = [at]
            while (previous := before[path[-1]]) is not None:
                path.append(previous)
            return tuple(reversed(path))
        for then in following[at]:
            if then not in before and not (nodes[at].context == source and nodes[then].context == target):
                before[then] = at
                waiting.append(then)
    return None
