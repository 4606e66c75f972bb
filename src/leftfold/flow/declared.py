"""The flow that declarations imply: what handlers, reactions, processes and sagas say about themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

from msgspec.structs import replace

from leftfold.contexts.context import Context
from leftfold.contexts.reactions import Reaction
from leftfold.contexts.registered import Part
from leftfold.domain.lifecycle import core_of
from leftfold.flow.graph import Edge, Flow, Node, NodeKind, node_id
from leftfold.handling.repository import Repository
from leftfold.handling.signatures import place_of
from leftfold.integration.published_events import declared
from leftfold.messages.consumer_view import ViewType, viewed_by
from leftfold.messages.event import event_name
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.requests import request_name
from leftfold.processes.defining import saga_definition
from leftfold.processes.definition import GuidedDefinition, SagaDefinition, StepPlan
from leftfold.processes.expecting import CATEGORY, Overdue
from leftfold.processes.process import Process
from leftfold.processes.reacting import CommandReaction
from leftfold.processes.sending import Sender, commands_of
from leftfold.processes.starting import SagaStart
from leftfold.projections.projection import Projection

__all__ = ["declared_flow"]


def declared_flow(contexts: Sequence[Context]) -> Flow:
    """The flow that *contexts* imply.

    What an aggregate may record is its whole vocabulary; which command leads to which of its events, only a log can
    tell. Queries and projections change nothing, and are left out; an event says who reads it.

    Raises:
        DefinitionError: a saga is declared wrongly; an `App` would say so, too.
    """
    drawing = _Drawing(contexts)
    for context in contexts:
        drawing.draw(context)
    return Flow(nodes=tuple(drawing.nodes.values()), edges=tuple(drawing.edges.values()))


class _Drawing:
    def __init__(self, contexts: Sequence[Context]) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str], Edge] = {}
        self._publishers = {
            cls: context.name for context in contexts for one in context.publications for cls in one.gives
        }
        self._types = {declared(cls).name: cls for cls in self._publishers}
        self._handlers: dict[type, str] = {}
        for context in contexts:
            self._handlers |= {one.command: context.name for one in context.decisions}
            self._handlers |= {one.command: context.name for one in context.commands}

    def draw(self, context: Context) -> None:
        name = context.name
        for part in context.parts:
            self._aggregate(name, part)
        self._handling(name, context)
        for publication in context.publications:
            for taken in publication.takes:
                for given in publication.gives:
                    self._leads(self._event(name, taken), self._event(name, given))
        self._coordinating(name, context)
        for projection in context.projections:
            self._read(name, projection)

    def _coordinating(self, name: str, context: Context) -> None:
        for reaction in context.reactions:
            self._reaction(name, reaction)
        for command_reaction in context.command_reactions:
            self._choreography(name, command_reaction)
        for process in context.processes:
            self._process(name, process)
        for cls in context.sagas:
            self._saga(name, saga_definition(cls, name))
        for start in context.saga_starts:
            self._start(name, start)

    def _handling(self, name: str, context: Context) -> None:
        for decision in context.decisions:
            command = self._command(decision.command, decision.where)
            self._leads(command, self._aggregate(name, decision.subject))
        for handler in context.commands:
            command = self._command(handler.command, handler.where)
            self._records(command, name, handler.needs)

    def _reaction(self, context: str, reaction: Reaction) -> None:
        node = self._node("reaction", context, reaction.name, place_of(reaction.function))
        for event in sorted(self._event(context, cls) for cls in reaction.events):
            self._leads(event, node)
        self._sends(node, reaction.function, reaction.needs)

    def _choreography(self, context: str, reaction: CommandReaction) -> None:
        node = self._node("reaction", context, reaction.name, "")
        for event in sorted(self._event(context, cls) for cls in reaction.events):
            self._leads(event, node)
        self._sent(node, reaction.sends)
        if reaction.within is not None:
            expected = self._node("aggregate", context, CATEGORY, "")
            self._leads(node, expected)
            self._leads(expected, self._event(context, Overdue))

    def _start(self, context: str, start: SagaStart) -> None:
        for event in sorted(self._event(context, cls) for cls in start.events):
            for cls in start.sagas:
                name = saga_definition(cls, context).name.partition(".")[2]
                self._leads(event, self._node("saga", context, name, place_of(cls)))

    def _process(self, context: str, process: Process[Any]) -> None:
        node = self._node("process", context, process.name, process.where)
        for event in sorted(self._event(context, cls) for cls in process.events):
            self._leads(event, node)
        self._sent(node, commands_of(process.function))

    def _saga(self, context: str, definition: SagaDefinition) -> None:
        name = definition.name.partition(".")[2]
        before: Sequence[str] = [self._node("saga", context, name, place_of(definition.cls))]
        if isinstance(definition, GuidedDefinition):
            node = self._step(definition, "run")
            self._leads(before[0], node)
            self._sends(node, definition.function.call, definition.function.needs)
        for group in definition.groups:
            steps = [self._step(definition, plan.name) for plan in group]
            for first in before:
                for then in steps:
                    self._leads(first, then)
            for plan, node in zip(group, steps, strict=True):
                self._plan(definition, plan, node)
            before = steps

    def _plan(self, definition: SagaDefinition, plan: StepPlan, node: str) -> None:
        context = definition.name.partition(".")[0]
        self._sends(node, plan.step.do, plan.needs)
        self._records(node, context, plan.needs)
        if plan.step.undoing is not None:
            undo = self._step(definition, plan.name, undo=True)
            self._leads(node, undo)
            self._sends(undo, plan.step.undoing, plan.undo_needs)
            self._records(undo, context, plan.undo_needs)

    def _step(self, definition: SagaDefinition, step: str, *, undo: bool = False) -> str:
        context, _, name = definition.name.partition(".")
        id = definition.via(step, undo=undo)
        self.nodes.setdefault(
            id, Node(id=id, kind="step", name=id.removeprefix(f"saga/{context}."), context=context, place=name)
        )
        return id

    def _sends(self, node: str, function: object, needs: Mapping[str, object]) -> None:
        """What a function sends that acts on the world: nothing, unless it is given a `Sender`."""
        said = commands_of(function)
        self._sent(node, said if said is not None or Sender in needs.values() else frozenset())

    def _sent(self, node: str, commands: Iterable[type] | None) -> None:
        if commands is None:
            self.nodes[node] = replace(self.nodes[node], open=True)
            return
        for cls in sorted(commands, key=request_name):
            self._leads(node, self._command(cls))

    def _records(self, node: str, context: str, needs: Mapping[str, object]) -> None:
        for hint in needs.values():
            if get_origin(hint) is Repository:
                self._leads(node, self._aggregate(context, get_args(hint)[0]))

    def _read(self, context: str, projection: Projection[Any]) -> None:
        for event in sorted(self._event(context, cls) for cls in projection.events):
            known = self.nodes[event]
            self.nodes[event] = replace(known, read_by=(*known.read_by, projection.name))

    def _command(self, cls: type, place: str = "") -> str:
        id = self._node("command", self._handlers.get(cls, ""), request_name(cls), place)
        if place and not self.nodes[id].place:  # somebody sends it who was drawn before its handler
            self.nodes[id] = replace(self.nodes[id], place=place)
        return id

    def _aggregate(self, context: str, part: Part) -> str:
        core = core_of(part)
        node = self._node(
            "aggregate", context, core.category, place_of(part if isinstance(part, type) else part.decide)
        )
        for cls in core.vocabulary:
            self._leads(node, self._event(context, cls))
        return node

    def _event(self, context: str, cls: type[object]) -> str:
        if isinstance(cls, ViewType):
            name = viewed_by(cls).type
            if name not in self._types:
                return self._node("integration", context, name, place_of(cls))
            cls = self._types[name]
        if issubclass(cls, IntegrationEvent):
            return self._node("integration", self._publishers.get(cls, context), declared(cls).name, place_of(cls))
        return self._node("event", context, event_name(cls), place_of(cls))

    def _node(self, kind: NodeKind, context: str, name: str, place: str) -> str:
        id = node_id(kind, context, name)
        self.nodes.setdefault(id, Node(id=id, kind=kind, name=name, context=context, place=place))
        return id

    def _leads(self, source: str, target: str) -> None:
        self.edges.setdefault((source, target), Edge(source=source, target=target))
