"""Two contexts that no relation names have nothing to do with each other, and no upstream follows its downstream.

Where two go separate ways, no path leads from one to the other, neither at once nor through others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leftfold.borders.case import Case
from leftfold.borders.uses import Use
from leftfold.contexts.edges import Edge
from leftfold.contexts.findings import Finding

__all__ = ["forbidden", "separate", "unrelated"]

_WRITTEN: Final = frozenset({"signature"})


def unrelated(case: Case) -> Iterator[Finding]:
    """*no-relation*: one takes something of the other, and the map says nothing of the two, or only that they share a
    kernel. *wrong-way*: the map says that it is the other which follows.

    A class in a signature is told where it is imported.

    Source: Evans 2003, "Domain-Driven Design", chapter 14.
    """
    for use in case.between_contexts:
        if use.kind in _WRITTEN or case.allowing(use) or case.apart(use.pair) is not None:
            continue
        yield _finding(use, case.edges(use.pair))


def separate(case: Case) -> Iterator[Finding]:
    """*separate-ways*: one takes something of the other. *separate-ways-through-others*: a chain of imports leads from
    one to the other; as a warning, messages may, as declarations say only what an aggregate may record.
    """
    for use in case.between_contexts:
        edge = None if use.kind in _WRITTEN else case.apart(use.pair)
        if edge is not None:
            yield _finding(use, (edge,))
    for route in case.evidence.routes:
        pair = (min(route.user, route.used), max(route.user, route.used))
        edge = case.apart(pair)
        if edge is not None:
            path = " -> ".join(route.path)
            how = "gets to" if route.kind == "imports" else "may hear of"
            yield Finding(
                rule="separate-ways-through-others",
                contexts=pair,
                message=f"{route.user} {how} {route.used} by {path}, and they go separate ways; cut the path",
                declared_at=edge.place,
                found_at=route.found_at,
                subject=f"{route.kind} {path}",
                severity="error" if route.kind == "imports" else "warning",
            )


def forbidden(edges: tuple[Edge, ...], user: str, used: str) -> tuple[str, str, Edge | None]:
    """Why the map does not let *user* follow *used*: the rule, the reason with the next step, and what says so.

    Args:
        edges: all that it says of the two; nothing that allows it.
    """
    apart = next((edge for edge in edges if edge.kind == "separate-ways"), None)
    if apart is not None:
        because = f" ({apart.reason})" if apart.reason else ""
        return "separate-ways", f"{user} and {used} go separate ways{because}; take it out", apart
    directed = next((edge for edge in edges if edge.kind == "directed"), None)
    if directed is not None:
        text = f"{user} is upstream of {used}, and knows nothing of it; turn it round, or declare a Partnership"
        return "wrong-way", text, directed
    shared = next(iter(edges), None)
    if shared is not None:
        return "no-relation", f"{user} and {used} share kernel {shared.kernel!r} and nothing else; relate them", shared
    return "no-relation", f"no relation lets {user} follow {used}; declare one, or take it out", None


def _finding(use: Use, edges: tuple[Edge, ...]) -> Finding:
    """Of a use that *edges*, all that the map says of the two, do not allow."""
    rule, reason, edge = forbidden(edges, use.user, use.used)
    return Finding(
        rule=rule,
        contexts=use.pair,
        message=f"{use.deed}, which belongs to {use.used}: {reason}",
        declared_at="" if edge is None else edge.place,
        found_at=use.found_at,
        subject=use.key,
    )
