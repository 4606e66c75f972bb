"""Separate ways: no path leads from one to the other, neither at once nor through others."""

from __future__ import annotations

from collections.abc import Iterator

from leftfold.borders.case import Case
from leftfold.borders.rules.relating import forbidden
from leftfold.contexts.findings import Finding

__all__ = ["separate"]


def separate(case: Case) -> Iterator[Finding]:
    """*separate-ways*: one takes something of the other. *separate-ways-through-others*: a chain of imports leads from
    one to the other; as a warning, messages may, as declarations say only what an aggregate may record.
    """
    for use in case.between_contexts:
        edge = None if use.kind == "signature" else case.apart(use.pair)
        if edge is not None:
            rule, reason, _ = forbidden((edge,), use.user, use.used)
            yield Finding(
                rule=rule,
                contexts=use.pair,
                message=f"{use.deed}, which belongs to {use.used}: {reason}",
                declared_at=edge.place,
                found_at=use.found_at,
                subject=use.key,
            )
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
