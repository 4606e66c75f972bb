"""Relations as data: what a map, a descriptor or an imported file says of two contexts, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leftfold.contexts.findings import Finding

__all__ = ["DownstreamRole", "Edge", "EdgeKind", "UpstreamRole", "contradictions", "merged"]

EdgeKind: TypeAlias = Literal["directed", "partnership", "shared-kernel", "separate-ways"]
UpstreamRole: TypeAlias = Literal["supplier", "open-host-service", "published-language"]
DownstreamRole: TypeAlias = Literal["customer", "conformist", "anti-corruption-layer"]

_ONE_WAY: Final = "a supplier listens to its customer"


class Edge(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, order=True):
    """How two contexts relate.

    Args:
        kind: one that has a direction, or one of the three that have none.
        upstream: name of the context that the other follows; of those without a direction, the one that sorts first.
        downstream: name of the other.
        upstream_roles: what the upstream is to the other, sorted.
        downstream_roles: what the downstream is to the other, sorted.
        veto: the customer has to agree to a break.
        layer: the module of the downstream that translates, dotted.
        kernel: name of what is shared.
        package: of a kernel, dotted.
        reason: why they go separate ways.
        place: where it is declared, as `path:line`.
    """

    kind: EdgeKind
    upstream: str
    downstream: str
    upstream_roles: tuple[UpstreamRole, ...] = ()
    downstream_roles: tuple[DownstreamRole, ...] = ()
    veto: bool = False
    layer: str = ""
    kernel: str = ""
    package: str = ""
    reason: str = ""
    place: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """Both names, sorted."""
        return (
            (self.upstream, self.downstream) if self.upstream <= self.downstream else (self.downstream, self.upstream)
        )


def merged(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """One edge for all that is said of a kind, a direction and a kernel, with the roles of all; sorted.

    It is the same in whatever order it is said: of several layers, packages, reasons or places, one is kept.
    """
    found: dict[tuple[str, str, str, str], Edge] = {}
    for edge in sorted(edges):
        key = edge.kind, edge.upstream, edge.downstream, edge.kernel
        known = found.get(key)
        found[key] = edge if known is None else _both(known, edge)
    return tuple(sorted(found.values()))


def _both(one: Edge, other: Edge) -> Edge:
    return replace(
        one,
        upstream_roles=tuple(sorted({*one.upstream_roles, *other.upstream_roles})),
        downstream_roles=tuple(sorted({*one.downstream_roles, *other.downstream_roles})),
        veto=one.veto or other.veto,
        layer=one.layer or other.layer,
        package=one.package or other.package,
        reason=one.reason or other.reason,
    )


def contradictions(edges: Iterable[Edge]) -> tuple[Finding, ...]:
    """What the edges say that cannot all be: of one relation, and of all that are said of two contexts.

    Source: the validators of Context Mapper; Evans 2003, "Domain-Driven Design", chapter 14.
    """
    said_of = tuple(edges)
    of_pair: dict[tuple[str, str], list[Edge]] = {}
    for edge in merged(said_of):
        of_pair.setdefault(edge.pair, []).append(edge)
    found = [finding for pair, said in of_pair.items() for finding in (*_alone(said), *_together(pair, said))]
    return (*found, *_two_layers(said_of))


def _alone(said: list[Edge]) -> Iterator[Finding]:
    for edge in said:
        if edge.upstream == edge.downstream:
            yield _finding("self-relation", edge, f"{edge.upstream} relates to itself; take the relation out")
        customer = "supplier" in edge.upstream_roles or "customer" in edge.downstream_roles
        if customer and "conformist" in edge.downstream_roles:
            yield _finding(
                "customer-conforms",
                edge,
                f"{edge.downstream} is a customer and a conformist: {_ONE_WAY}; say one of both",
            )
        if customer and "open-host-service" in edge.upstream_roles:
            yield _finding(
                "supplier-hosts",
                edge,
                f"{edge.upstream} hosts everybody and supplies {edge.downstream}; say one of both",
            )
        if customer and "anti-corruption-layer" in edge.downstream_roles:
            text = f"{edge.downstream} defends itself against a supplier that it can talk to; is it a customer?"
            yield _finding("customer-defends", edge, text, severity="warning")
        if {"conformist", "anti-corruption-layer"} <= set(edge.downstream_roles):
            yield _finding(
                "conformist-translates",
                edge,
                f"{edge.downstream} takes the model as it is and translates it; say one of both",
            )


def _two_layers(edges: Iterable[Edge]) -> Iterator[Finding]:
    """Layers of one context against one other, of which only one could be kept."""
    layers: dict[tuple[str, str], dict[str, Edge]] = {}
    for edge in sorted(edges):
        if edge.layer:
            layers.setdefault((edge.upstream, edge.downstream), {}).setdefault(edge.layer, edge)
    for (upstream, downstream), found in layers.items():
        if len(found) > 1:
            layers_said = " and ".join(found)
            text = f"{downstream} has {layers_said} against {upstream}; translate in one, in a package if it is long"
            yield _finding("two-layers", list(found.values())[-1], text)


def _together(pair: tuple[str, str], said: list[Edge]) -> Iterator[Finding]:
    apart = [edge for edge in said if edge.kind == "separate-ways"]
    if apart and len(said) > len(apart):
        others = ", ".join(sorted({edge.kind for edge in said if edge.kind != "separate-ways"}))
        yield _finding(
            "separate-yet-related", apart[0], f"{pair[0]} and {pair[1]} go separate ways, and are related: {others}"
        )
    directions = [edge for edge in said if edge.kind == "directed" and edge.upstream != edge.downstream]
    partners = any(edge.kind == "partnership" for edge in said)
    if len(directions) > 1 and not partners:
        text = f"{pair[0]} and {pair[1]} each follow the other; two that do are partners: declare a Partnership"
        yield _finding("both-directions", directions[-1], text, severity="warning")


def _finding(rule: str, edge: Edge, message: str, *, severity: Literal["error", "warning"] = "error") -> Finding:
    return Finding(
        rule=rule, contexts=edge.pair, message=message, declared_at=edge.place, subject=edge.kind, severity=severity
    )
