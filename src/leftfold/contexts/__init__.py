"""Where words hold: bounded contexts, and how they relate.

In: what a team's program can do, as functions and classes; relations. Out: objects that an app runs, a map.
May import: errors, clock, ids, messages, domain, store, handling, subscriptions, projections, processes, integration.
"""

from leftfold.contexts.context import Context
from leftfold.contexts.context_map import ContextMap, MapBroken
from leftfold.contexts.describing import Subdomain
from leftfold.contexts.edges import DownstreamRole, Edge, EdgeKind, UpstreamRole, contradictions, merged
from leftfold.contexts.findings import Finding, Severity, in_order
from leftfold.contexts.places import place_under
from leftfold.contexts.reactions import Reaction
from leftfold.contexts.relations import (
    AntiCorruptionLayer,
    Conformist,
    CustomerSupplier,
    OpenHostService,
    Partnership,
    Relation,
    SeparateWays,
    SharedKernel,
    UpstreamDownstream,
)

__all__ = [
    "AntiCorruptionLayer",
    "Conformist",
    "Context",
    "ContextMap",
    "CustomerSupplier",
    "DownstreamRole",
    "Edge",
    "EdgeKind",
    "Finding",
    "MapBroken",
    "OpenHostService",
    "Partnership",
    "Reaction",
    "Relation",
    "SeparateWays",
    "Severity",
    "SharedKernel",
    "Subdomain",
    "UpstreamDownstream",
    "UpstreamRole",
    "contradictions",
    "in_order",
    "merged",
    "place_under",
]
