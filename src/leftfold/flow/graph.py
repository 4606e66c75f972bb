"""A flow as data: who is in it, and what leads to what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

__all__ = ["Edge", "Flow", "Mark", "Node", "NodeKind", "node_id", "node_of", "path_text"]

NodeKind: TypeAlias = Literal["event", "integration", "command", "aggregate", "reaction", "process", "saga", "step"]
"""What a node is: *integration* is an integration event, *step* a step of a saga or its undo."""

Mark: TypeAlias = Literal["declared", "seen", "unseen", "undeclared"]
"""How an edge was found: *declared* when nobody has looked into a log; *unseen* when somebody has, in vain."""

_SENDERS: tuple[NodeKind, ...] = ("reaction", "process", "saga")


class Node(Struct, frozen=True, kw_only=True):
    """Something that takes part.

    Args:
        id: unique in the flow; for what sends commands, it is what `Metadata.via` says.
        name: without its context; of a step, with its saga.
        context: that it belongs to; empty when no context here has it.
        place: where its function or class is.
        open: whether it may send commands without saying which.
        read_by: names of the projections that read this event.
    """

    id: str
    kind: NodeKind
    name: str
    context: str
    place: str = ""
    open: bool = False
    read_by: tuple[str, ...] = ()


class Edge(Struct, frozen=True, kw_only=True):
    """One thing that leads to another.

    Args:
        source: id of the node that leads.
        target: id of the node that it leads to.
        count: events that were recorded because of it.
    """

    source: str
    target: str
    count: int = 0
    mark: Mark = "declared"


class Flow(Struct, frozen=True, kw_only=True):
    """Nodes and edges, each once, in the order in which they were found."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def by_id(self) -> dict[str, Node]:
        """Every node, by its id."""
        return {node.id: node for node in self.nodes}

    @property
    def following(self) -> dict[str, list[str]]:
        """Ids of the nodes that each node leads to, in order."""
        found: dict[str, list[str]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.source].append(edge.target)
        return found


def node_id(kind: NodeKind, context: str, name: str) -> str:
    """The id of a node."""
    return f"{kind}/{context}.{name}" if kind in _SENDERS else f"{kind}/{context}/{name}"


def node_of(id: str) -> Node:
    """A node of which nothing is known but its id."""
    kind, _, rest = id.partition("/")
    match kind:
        case "event" | "integration" | "command" | "aggregate":
            context, _, name = rest.partition("/")
            return Node(id=id, kind=kind, name=name, context=context)
        case "process":
            context, _, name = rest.partition(".")
            return Node(id=id, kind=kind, name=name, context=context)
        case "saga":
            context, _, name = rest.partition(".")
            return Node(id=id, kind="step" if "/" in name else "saga", name=name, context=context)
        case _:
            context, _, name = rest.partition(".")
            return Node(id=id, kind="reaction", name=name or id, context=context)


def path_text(path: Sequence[str], nodes: Mapping[str, Node], *, several: bool) -> str:
    """A path in words: `event Placed -> reaction bill -> command OpenInvoice`.

    Args:
        several: whether there are several contexts, so that each is named.
    """
    known = [nodes.get(id) or node_of(id) for id in path]
    return " -> ".join(f"{one.kind} {f'{one.context}/' if several and one.context else ''}{one.name}" for one in known)
