"""A map held to what is known of its contexts."""

from __future__ import annotations

from collections.abc import Iterable

from leftfold.borders.case import Case
from leftfold.borders.declared import declared
from leftfold.borders.imports import imported
from leftfold.borders.observed import Observed, observed_uses
from leftfold.borders.rules import RULES
from leftfold.borders.uses import Evidence, joined
from leftfold.contexts.context_map import ContextMap, check_context_map
from leftfold.contexts.findings import Finding, in_order

__all__ = ["check_map", "judged"]


def check_map(context_map: ContextMap, observed: Iterable[Observed] = ()) -> tuple[Finding, ...]:
    """Everything that is not as *context_map* says: of what is declared, of imports, and of what was observed.

    Args:
        observed: what logs show; see `leftfold context observe`.

    Returns:
        Errors first, then warnings, then notes; empty when all is as it says.

    Raises:
        ExtraMissing: grimp, which looks at imports, is not installed.
        DefinitionError: a saga is declared wrongly, or *context_map* is none.
    """
    return judged(context_map, joined((declared(context_map), imported(context_map), observed_uses(observed))))


def judged(context_map: ContextMap, evidence: Evidence) -> tuple[Finding, ...]:
    """The same of evidence that is there already; and what the map says that cannot all be."""
    check_context_map(context_map)
    case = Case(context_map, evidence)
    found = [finding for rule in RULES for finding in rule(case)]
    return in_order((*context_map.findings(), *evidence.findings, *found))
