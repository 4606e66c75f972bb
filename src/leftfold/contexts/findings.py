"""What is wrong at a border, said so that a person finds it: the rule, who declared what, and the line that offends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from msgspec import Struct

__all__ = ["Finding", "Severity", "in_order"]

Severity: TypeAlias = Literal["error", "warning", "note"]
"""An error fails a check; a warning does too, unless it is asked not to; a note never does."""


class Finding(Struct, frozen=True, kw_only=True, order=True):
    """One thing that is wrong.

    Args:
        rule: which rule it breaks, a stable id of words and hyphens.
        contexts: whom it is about, by name, sorted.
        message: what is wrong, and the next step.
        declared_at: the declaration that it breaks, as `path:line`; empty when it breaks the lack of one.
        found_at: the line that offends, as `path:line`; empty when it is the declaration itself.
        subject: what offends, in words that stay when lines move: a module, an event, a field. A baseline goes by
            rule, contexts and subject.
        severity: how bad it is.
    """

    rule: str
    contexts: tuple[str, ...]
    message: str
    declared_at: str = ""
    found_at: str = ""
    subject: str = ""
    severity: Severity = "error"


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, errors first, then by rule, contexts and place: the same from run to run."""
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(set(findings), key=lambda one: (rank[one.severity], one)))
