"""Anti-corruption layers: the upstream's words are known in one module, and nowhere else; and who has to have one."""

from __future__ import annotations

from collections.abc import Iterator

from leftfold.borders.case import Case
from leftfold.borders.territory import is_inside
from leftfold.contexts.findings import Finding

__all__ = ["inside_layers", "mud_kept_out"]


def inside_layers(case: Case) -> Iterator[Finding]:
    """*outside-layer*: a module outside of the layer imports the upstream, has its classes in signatures, takes its
    events or sends it commands.

    Source: Evans 2003, "Domain-Driven Design", chapter 14, "Anticorruption Layer".
    """
    for use in case.between_contexts:
        if not use.module:
            continue
        edges = [edge for edge in case.allowing(use) if edge.layer]
        if edges and not any(is_inside(use.module, edge.layer) for edge in edges):
            layers = ", ".join(sorted({edge.layer for edge in edges}))
            where = f" in {use.module}" if use.by else ""
            yield Finding(
                rule="outside-layer",
                contexts=use.pair,
                message=f"{use.deed}{where}, outside of {layers}; translate what belongs to {use.used} there",
                declared_at=edges[0].place,
                found_at=use.found_at,
                subject=use.key,
            )


def mud_kept_out(case: Case) -> Iterator[Finding]:
    """*mud-without-layer*: a context follows a big ball of mud, and has no anti-corruption layer.

    Source: Foote and Yoder 1997, "Big Ball of Mud"; Evans 2003, "Domain-Driven Design", chapter 14.
    """
    defended = {
        (edge.upstream, edge.downstream)
        for edge in case.map.edges
        if edge.kind == "directed" and "anti-corruption-layer" in edge.downstream_roles
    }
    for edge in case.map.edges:
        if edge.kind not in ("directed", "partnership"):
            continue
        ways = ((edge.upstream, edge.downstream), (edge.downstream, edge.upstream))
        for mud, other in ways if edge.kind == "partnership" else ways[:1]:
            if case.contexts[mud].mud and (mud, other) not in defended:
                yield Finding(
                    rule="mud-without-layer",
                    contexts=edge.pair,
                    message=f"{other} follows {mud}, which is mud, without a layer; declare an AntiCorruptionLayer",
                    declared_at=edge.place,
                    subject=f"{other} -> {mud}",
                )
