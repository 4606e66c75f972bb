"""What leads to what: the flow that declarations imply, the flow that logs show, and how the two differ.

In: contexts, and events as they were recorded. Out: a graph, findings about it, and drawings.
May import: errors, messages, domain, store, handling, projections, processes, integration, contexts.
"""

from __future__ import annotations

from leftfold.flow.circles import Leap, circles
from leftfold.flow.compared import FindingKind, FlowFinding, Seen, hints, seen, suspected
from leftfold.flow.declared import declared_flow
from leftfold.flow.graph import Edge, Flow, Mark, Node, NodeKind, node_id, node_of, path_text
from leftfold.flow.mermaid import mermaid_text
from leftfold.flow.observed import Chain, Observation
from leftfold.flow.returning import Returns
from leftfold.flow.svg import svg_text
from leftfold.flow.tracing import QUEUES, Trace, TraceEntry, TraceKind

__all__ = [
    "QUEUES",
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
    "Returns",
    "Seen",
    "Trace",
    "TraceEntry",
    "TraceKind",
    "circles",
    "declared_flow",
    "hints",
    "mermaid_text",
    "node_id",
    "node_of",
    "path_text",
    "seen",
    "suspected",
    "svg_text",
]
