"""What leads to what: the flow that declarations imply, the flow that logs show, and how the two differ.

In: contexts, and events as they were recorded. Out: a graph, findings about it, and drawings.
May import: errors, messages, domain, store, handling, projections, processes, integration, contexts.
"""

from __future__ import annotations

from leftfold.flow.circles import Leap, circles
from leftfold.flow.compared import FindingKind, FlowFinding, Seen, hints, seen
from leftfold.flow.declared import declared_flow
from leftfold.flow.graph import Edge, Flow, Mark, Node, NodeKind, node_id, node_of, path_text
from leftfold.flow.observed import Chain, Observation

__all__ = [
    "Chain",
    "Edge",
    "FindingKind",
    "Flow",
    "FlowFinding",
    "Leap",
    "Mark",
    "Node",
    "NodeKind",
    "Observation",
    "Seen",
    "circles",
    "declared_flow",
    "hints",
    "node_id",
    "node_of",
    "path_text",
    "seen",
]
