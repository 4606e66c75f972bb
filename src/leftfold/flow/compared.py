"""What is declared against what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leftfold.flow.circles import Leap, circles
from leftfold.flow.graph import Edge, Flow, Mark, Node, NodeKind, node_of
from leftfold.flow.observed import Chain
from leftfold.processes.expecting import CATEGORY

__all__ = ["FindingKind", "FlowFinding", "Seen", "hints", "seen", "suspected"]

FindingKind: TypeAlias = Literal["undeclared", "never seen", "cycle", "possible cycle", "orphan"]

_STEADY: Final[frozenset[NodeKind]] = frozenset({"process", "saga", "step"})
_SENDERS: Final[frozenset[NodeKind]] = frozenset({"reaction", "process", "step"})


class FlowFinding(Struct, frozen=True, kw_only=True):
    """Something about a flow that somebody should look at.

    Args:
        path: ids of the nodes that it is about, in the order in which they lead to each other.
        count: events that show it; 0 when none does.
    """

    kind: FindingKind
    path: tuple[str, ...]
    count: int = 0


class Seen(Struct, frozen=True, kw_only=True):
    """What came of looking into logs.

    Args:
        flow: what is declared and what was seen, in one.
        chains: what was seen, most often first.
        findings: what is not so in both.
    """

    flow: Flow
    chains: tuple[tuple[Chain, int], ...]
    findings: tuple[FlowFinding, ...]


def suspected(declared: Flow, chains: Mapping[Chain, int]) -> frozenset[str]:
    """The ids of events that may have led to themselves, going by what led to which at any time; for `Returns`."""
    flow = _merged(declared, _counts(declared, chains))
    return frozenset(
        id for path in circles(_reactions(flow, chains)[0]) for id in path if flow.by_id[id].kind == "event"
    )


def seen(declared: Flow, chains: Mapping[Chain, int], returned: Mapping[str, int]) -> Seen:
    """Hold what is declared against what was seen.

    - *undeclared*: an edge that was seen and is not declared; what a node that is open sends is not held against it.
    - *never seen*: an event that was never recorded, a command that never recorded any, a command that is declared to
      be sent and never was, a step that never recorded. That nothing was overdue is no finding.
    - *cycle*: events that led to themselves through reactions alone. What keeps a state, a process or a saga, can see
      that it has been here before, and is no finding.

    Args:
        chains: from an `Observation`.
        returned: from `Returns`, of those that are `suspected`.
    """
    counts = _counts(declared, chains)
    flow = _merged(declared, counts)
    found = [*_undeclared(flow), *_never_seen(flow), *_cycles(flow, chains, returned)]
    ordered = sorted(chains.items(), key=lambda item: (-item[1], item[0].path))
    return Seen(flow=flow, chains=tuple(ordered), findings=tuple(found))


def hints(declared: Flow) -> Iterator[FlowFinding]:
    """What declarations alone make likely.

    - *possible cycle*: what an aggregate may record leads to a command for it again, through reactions alone.
    - *orphan*: an event that nobody handles or reads, a command that nobody here sends.
    """
    nodes, following = declared.by_id, declared.following
    leaps = {node.id: _leaps(node.id, nodes, following) for node in declared.nodes if node.kind == "event"}
    yield from (FlowFinding(kind="possible cycle", path=path) for path in circles(leaps))
    sent = {edge.target for edge in declared.edges}
    for node in declared.nodes:
        unread = node.kind == "event" and not following[node.id] and not node.read_by
        unsent = node.kind == "command" and node.id not in sent
        if unread or unsent:
            yield FlowFinding(kind="orphan", path=(node.id,))


def _counts(declared: Flow, chains: Mapping[Chain, int]) -> Counter[tuple[str, str]]:
    """Events by edge; an event that another context reacts to leads there through what is published of it."""
    found: Counter[tuple[str, str]] = Counter()
    nodes, following = declared.by_id, declared.following
    for chain, count in chains.items():
        for source, target in pairwise(chain.path):
            between = [
                other
                for other in following.get(source, ())
                if nodes[other].kind == "integration" and target in following[other]
            ]
            if between and target not in following[source]:
                found[source, between[0]] += count
                found[between[0], target] += count
            else:
                found[source, target] += count
    return found


def _merged(declared: Flow, counts: Counter[tuple[str, str]]) -> Flow:
    nodes = declared.by_id
    edges: list[Edge] = []
    left = Counter(counts)
    for edge in declared.edges:
        count = left.pop((edge.source, edge.target), 0)
        mark: Mark = "seen" if count else "unseen"
        edges.append(replace(edge, count=count, mark=mark))
    for (source, target), count in left.items():
        for id in (source, target):
            nodes.setdefault(id, node_of(id))
        told = nodes[source].open and nodes[target].kind == "command"
        edges.append(Edge(source=source, target=target, count=count, mark="seen" if told else "undeclared"))
    return Flow(nodes=tuple(nodes.values()), edges=tuple(edges))


def _undeclared(flow: Flow) -> Iterator[FlowFinding]:
    for edge in flow.edges:
        if edge.mark == "undeclared":
            yield FlowFinding(kind="undeclared", path=(edge.source, edge.target), count=edge.count)


def _never_seen(flow: Flow) -> Iterator[FlowFinding]:
    nodes, following = flow.by_id, flow.following
    recorded = {edge.target for edge in flow.edges if edge.count}
    acting = {edge.source for edge in flow.edges if edge.count}
    parts = {id: [one for one in targets if nodes[one].kind == "aggregate"] for id, targets in following.items()}
    rare = {node.id for node in flow.nodes if node.kind == "aggregate" and node.name == CATEGORY}
    recordable = {
        edge.target for edge in flow.edges if nodes[edge.source].kind == "aggregate" and edge.source not in rare
    }
    for node in flow.nodes:
        event = node.kind == "event" and node.id in recordable and node.id not in recorded
        command = node.kind == "command" and parts[node.id] and node.id not in acting
        if event or command:
            yield FlowFinding(kind="never seen", path=(node.id,))
    for edge in flow.edges:
        source, target = nodes[edge.source], nodes[edge.target]
        if edge.count or source.kind not in _SENDERS:
            continue
        sent = target.kind == "command" and parts[edge.target] and edge.target in acting
        stored = target.kind == "aggregate" and len(parts[edge.source]) == 1 and edge.target not in rare
        if sent or stored:
            yield FlowFinding(kind="never seen", path=(edge.source, edge.target))


def _cycles(flow: Flow, chains: Mapping[Chain, int], returned: Mapping[str, int]) -> Iterator[FlowFinding]:
    leaps, counts = _reactions(flow, chains)
    for path in circles(leaps):
        events = [id for id in path if flow.by_id[id].kind == "event"]
        if any(returned.get(id, 0) for id in events):
            yield FlowFinding(kind="cycle", path=path, count=min(counts[pair] for pair in pairwise(events)))


def _reactions(
    flow: Flow, chains: Mapping[Chain, int]
) -> tuple[Mapping[str, Sequence[Leap]], Mapping[tuple[str, str], int]]:
    """From event to event through reactions alone, and how often."""
    leaps: dict[str, list[Leap]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for chain, count in chains.items():
        if chain.cause is None or (chain.via is not None and flow.by_id[chain.via].kind in _STEADY):
            continue
        leaps.setdefault(chain.cause, []).append(Leap(chain.path[1:-2], chain.event))
        counts[chain.cause, chain.event] += count
    return leaps, counts


def _leaps(event: str, nodes: Mapping[str, Node], following: Mapping[str, Sequence[str]]) -> list[Leap]:
    """From an event through reactions and commands to the events that they may lead to."""
    found: list[Leap] = []
    waiting: list[tuple[str, ...]] = [(other,) for other in following[event]]
    while waiting:
        path = waiting.pop()
        if nodes[path[-1]].kind in _STEADY:
            continue
        if nodes[path[-1]].kind == "event":
            found.append(Leap(path[:-1], path[-1]))
        else:
            waiting += [(*path, other) for other in following[path[-1]]]
    return found
